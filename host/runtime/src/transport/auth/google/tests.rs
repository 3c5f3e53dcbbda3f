//! The signed token, checked with the public half of a key made here.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

fn decoded(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        bits = bits << 6 | u32::from(value(c));
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn account(key: &str) -> Account {
    let text = json!({
        "type": "service_account", "client_email": "robot@example.iam.gserviceaccount.com",
        "private_key": key, "private_key_id": "k1", "universe_domain": "googleapis.com",
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn a_service_account_signs_what_google_checks() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let mut text = base64_url(der.as_ref()).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let now = UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let form = form(&account(&pem), "https://oauth2.googleapis.com/token", now).unwrap();
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
        .verify(signed.as_bytes(), &decoded(signature))
        .unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&decoded(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let why = |text: serde_json::Value| {
        let account: Account = serde_json::from_value(text).unwrap();
        form(&account, "https://x", UNIX_EPOCH).unwrap_err().message
    };
    assert!(why(json!({"type": "external_account"})).contains("external_account"));
    assert!(
        why(json!({"type": "service_account", "private_key": "nonsense"})).contains("private key")
    );
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"});
    let form = form(&serde_json::from_value(user).unwrap(), "https://x", UNIX_EPOCH).unwrap();
    assert_eq!(form[0].1, "refresh_token");
}
