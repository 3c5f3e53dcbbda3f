//! AWS Signature Version 4 (docs.aws.amazon.com: "Create a signed AWS API request"), for services that encode
//! the path twice, which is all but S3. Decision 31 says why no crate does this.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use percent_encoding::utf8_percent_encode;
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::credential::Credential;
use crate::transport::scrub::RESERVED;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Signs a request whose body is in memory. Does nothing with a credential of another kind.
pub(super) fn sign(
    request: &mut Request,
    credential: &Credential,
    region: &str,
    service: &str,
    now: SystemTime,
) {
    let Credential::Aws { access_key_id, secret_access_key, session_token } = credential else {
        return;
    };
    let time = timestamp(now);
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(mut value) = HeaderValue::from_str(text) {
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
    };
    set(DATE, &time);
    if let Some(token) = session_token {
        set(TOKEN, token.expose());
    }
    let signed = signed_headers(request);
    let day = &time[..8];
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let canonical = canonical_request(request, &signed);
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let initial_key = format!("AWS4{}", secret_access_key.expose());
    let key = [day, region, service, "aws4_request"]
        .iter()
        .fold(initial_key.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
    let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
    let header = format!(
        "{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={}, Signature={signature}",
        names.join(";")
    );
    if let Ok(mut value) = HeaderValue::from_str(&header) {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
}

/// Returns the headers to sign: host, content type, and AWS's own.
fn signed_headers(request: &Request) -> Vec<(String, String)> {
    let url = request.url();
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
    let mut headers = vec![("host".to_string(), host)];
    for (name, value) in request.headers() {
        if name == "content-type" || name.as_str().starts_with("x-amz-") {
            let value = String::from_utf8_lossy(value.as_bytes());
            let words: Vec<&str> = value.split_whitespace().collect();
            headers.push((name.as_str().to_string(), words.join(" ")));
        }
    }
    headers.sort();
    headers
}

fn canonical_request(request: &Request, headers: &[(String, String)]) -> String {
    let url = request.url();
    let mut query: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    query.sort();
    let query: Vec<String> =
        query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    // The URL's path is encoded already; AWS wants it encoded once more.
    let path: Vec<String> = url.path().split('/').map(encoded).collect();
    format!(
        "{}\n{}\n{}\n{lines}\n{}\n{}",
        request.method(),
        path.join("/"),
        query.join("&"),
        names.join(";"),
        sha256(body)
    )
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Formats a time as `20150830T123600Z`. These fifteen lines spare the crate a calendar library: it needs dates
/// nowhere else.
fn timestamp(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Converts days to a date, counted in eras of 400 years that begin in March.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    fn signature(mut request: Request, token: Option<&str>, service: &str) -> String {
        // The example key of AWS's published test suite.
        let credential = Credential::Aws {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: token.map(Secret::new),
        };
        let at = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        sign(&mut request, &credential, "us-east-1", service, at);
        request.headers()[AUTHORIZATION].to_str().unwrap().to_string()
    }

    fn request(method: &str, url: &str) -> Request {
        Request::new(method.parse().unwrap(), url.parse().unwrap())
    }

    #[test]
    fn published_examples() {
        let vanilla = signature(request("GET", "https://example.amazonaws.com/"), None, "service");
        assert_eq!(
            vanilla,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        let query = request("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1");
        assert!(
            signature(query, None, "service")
                .ends_with("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
        );
    }

    #[test]
    fn matches_a_signature_of_botocore() {
        let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-x%3A0/converse";
        let mut post = request("POST", url);
        post.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        *post.body_mut() = Some("{\"messages\":[]}".into());
        let header = signature(post, Some("session-token"), "bedrock");
        assert!(header.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
        assert!(
            header.ends_with("43d0a68885ec6142073e621a3ed22e2d629409e80116c24a0798bb3567da517c"),
            "{header}"
        );
    }

    #[test]
    fn timestamps() {
        for (seconds, expect) in [
            (0, "19700101T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_709_164_800, "20240229T000000Z"),
            (1_798_761_599, "20261231T235959Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), expect);
        }
    }
}
