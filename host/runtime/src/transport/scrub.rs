//! Keeps the credential out of what comes back: a service, a proxy or a misconfigured server may echo it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::secret::Secret;

const PLAIN_TABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_TABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const MARK: &str = "[redacted]";

/// Shorter texts are no secrets; taking them out would garble replies.
const SECRET_LEN_MIN: usize = 4;

/// Replaces credentials in all forms they may be echoed in.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    /// Grows when a token is fetched.
    forms: RwLock<Vec<Secret>>,
}

impl Scrubber {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let scrubber = Self::default();
        secrets.into_iter().for_each(|secret| scrubber.add(secret));
        scrubber
    }

    /// One more secret to keep out.
    pub(crate) fn add(&self, secret: &Secret) {
        let text = secret.expose();
        if text.len() < SECRET_LEN_MIN {
            return;
        }
        let mut forms = vec![
            text.to_string(),
            percent(text, true),
            percent(text, false),
            json_escaped(text),
            // Errors of one service within errors of another.
            json_escaped(&json_escaped(text)),
            text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ];
        for url in [false, true] {
            forms.extend((0..3).map(|before| base64_after(before, text, url)));
        }
        // `user:` before the key, as basic authentication encodes it.
        forms.push(base64(format!(":{text}").as_bytes(), false));
        forms.retain(|form| form.len() >= SECRET_LEN_MIN);
        let mut all = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        all.extend(forms.into_iter().map(Secret::new));
        all.sort_unstable_by(|a, b| {
            let (a, b) = (a.expose(), b.expose());
            b.len().cmp(&a.len()).then_with(|| a.cmp(b))
        });
        all.dedup();
    }

    fn forms(&self) -> RwLockReadGuard<'_, Vec<Secret>> {
        self.forms.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn text(&self, text: String) -> String {
        self.forms().iter().fold(text, |text, form| {
            if text.contains(form.expose()) { text.replace(form.expose(), MARK) } else { text }
        })
    }

    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.forms().iter().fold(bytes, |bytes, form| replace(bytes, form.expose().as_bytes()))
    }

    /// Bytes at the end of a chunk that may be the beginning of a credential.
    pub(crate) fn tail_len(&self) -> usize {
        self.forms().iter().map(|form| form.expose().len()).max().map_or(0, |len| len - 1)
    }
}

fn replace(bytes: Vec<u8>, needle: &[u8]) -> Vec<u8> {
    let Some(mut at) = find(&bytes, needle) else { return bytes };
    let mut clean = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    loop {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(MARK.as_bytes());
        rest = &rest[at + needle.len()..];
        match find(rest, needle) {
            Some(next) => at = next,
            None => break,
        }
    }
    clean.extend_from_slice(rest);
    clean
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Percent-encoded but for what every URL may hold.
pub(crate) fn percent(text: &str, upper: bool) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                char::from(b).to_string()
            } else if upper {
                format!("%{b:02X}")
            } else {
                format!("%{b:02x}")
            }
        })
        .collect()
}

/// What is certain of a key's base64 when something of `before` bytes (modulo three) stands before it, as in
/// basic authentication: the first characters hold bits of what is not known.
fn base64_after(before: usize, text: &str, url: bool) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(text.as_bytes());
    let unknown = [0, 2, 3][before];
    base64(&bytes, url).split_off(unknown)
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_string()
}

/// Base64 without padding, so that it is found within longer encodings of the same alignment too.
fn base64(bytes: &[u8], url: bool) -> String {
    let table = if url { URL_TABLE } else { PLAIN_TABLE };
    let mut text = String::new();
    // An incomplete last group depends on what follows it; only whole groups are certain.
    for group in bytes.chunks_exact(3) {
        text.extend(letters(group, table));
    }
    text
}

/// Base64 for URLs, whole and without padding, as tokens are written.
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut whole = [0; 3];
        whole[..group.len()].copy_from_slice(group);
        text.extend(letters(&whole, URL_TABLE).into_iter().take(group.len() + 1));
    }
    text
}

/// The four letters of three bytes.
fn letters(group: &[u8], table: &[u8; 64]) -> [char; 4] {
    let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
    [18, 12, 6, 0].map(|shift| char::from(table[(bits >> shift & 63) as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found() {
        let scrubber = Scrubber::new([&Secret::new("sentinel+key/42\"")]);
        for echoed in [
            "x sentinel+key/42\" y",
            "x sentinel%2Bkey%2F42%22 y",
            "x c2VudGluZWwra2V5LzQy y",
            "x sentinel%2bkey%2f42%22 y",
            // `a:` and `ab:` before it.
            "x YTpzZW50aW5lbCtrZXkvNDIi y",
            "x YWI6c2VudGluZWwra2V5LzQyIg y",
            "x 73656e74696e656c2b6b65792f343222 y",
            r#"{"k":"sentinel+key/42\""}"#,
        ] {
            let clean = scrubber.text(echoed.into());
            assert!(clean.contains(MARK), "{echoed} -> {clean}");
            assert_eq!(scrubber.bytes(echoed.as_bytes().to_vec()), clean.as_bytes());
        }
        assert_eq!(scrubber.text("nothing".into()), "nothing");
    }

    #[test]
    fn without_a_credential_nothing_changes() {
        assert_eq!(Scrubber::default().text("abcd".into()), "abcd");
        assert_eq!(Scrubber::default().tail_len(), 0);
    }
}
