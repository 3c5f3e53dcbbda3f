//! Checks the signed token with the public half of a generated key.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::engine::general_purpose::STANDARD;

use super::*;

fn account(key: &str) -> Account {
    let text = json!({
        "type": "service_account", "client_email": "robot@example.iam.gserviceaccount.com",
        "private_key": key, "private_key_id": "k1", "universe_domain": "googleapis.com",
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn a_service_account_signs_its_assertion() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let now = UNIX_EPOCH + Duration::from_secs(1_795_348_800);
    let form = form(&account(&pem), "https://oauth2.googleapis.com/token", now).unwrap();
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
}

#[test]
fn other_credentials_are_refused_with_a_reason() {
    let error = |text: serde_json::Value| {
        let account: Account = serde_json::from_value(text).unwrap();
        form(&account, "https://x", UNIX_EPOCH).unwrap_err().message
    };
    assert!(error(json!({"type": "external_account"})).contains("external_account"));
    assert!(
        error(json!({"type": "service_account", "private_key": "nonsense"}))
            .contains("private key")
    );
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"});
    let form = form(&serde_json::from_value(user).unwrap(), "https://x", UNIX_EPOCH).unwrap();
    assert_eq!(form[0].1, "refresh_token");
}
