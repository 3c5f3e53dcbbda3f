//! Removes credentials from replies: a service, a proxy or a misconfigured server may echo them.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use base64::engine::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::framing::Frame;
use crate::secret::Secret;

const MARK: &str = "[redacted]";

/// Shorter texts are not secrets; removing them would garble replies.
const SECRET_LEN_MIN: usize = 4;

/// Everything but the unreserved characters of RFC 3986, which every URL may hold.
pub(super) const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Replaces credentials in all encodings in which they may be echoed.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    /// Longest first. Grows when a token is fetched.
    forms: RwLock<Vec<Secret>>,
}

impl Scrubber {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let scrubber = Self::default();
        secrets.into_iter().for_each(|secret| scrubber.add(secret));
        scrubber
    }

    /// Adds a secret.
    pub(crate) fn add(&self, secret: &Secret) {
        let text = secret.expose();
        if text.len() < SECRET_LEN_MIN {
            return;
        }
        let mut forms = vec![
            text.to_string(),
            percent_encode(text.as_bytes(), RESERVED).to_string(),
            percent_lower(text),
            json_escaped(text),
            // Error messages within error messages.
            json_escaped(&json_escaped(text)),
            text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ];
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.extend((0..3).map(|offset| base64_at(offset, text, &engine)));
        }
        // Basic authentication puts `user:` before the key.
        forms.push(whole_groups(format!(":{text}").as_bytes(), &STANDARD_NO_PAD));
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

    pub(crate) fn frame(&self, frame: Frame) -> Frame {
        match frame {
            Frame::Body(bytes) => Frame::Body(self.bytes(bytes)),
            Frame::Event { event, data, id } => {
                Frame::Event { event, data: self.text(data), id: self.text(id) }
            }
            Frame::Line(line) => Frame::Line(self.text(line)),
            Frame::Bytes(bytes) => Frame::Bytes(self.bytes(bytes)),
        }
    }

    /// Returns how many bytes at the end of a read may be the beginning of a credential; 0 without credentials.
    pub(crate) fn tail_len(&self) -> usize {
        self.forms().iter().map(|form| form.expose().len()).max().map_or(0, |len| len - 1)
    }
}

fn replace(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let mut clean = Vec::new();
    let mut end = 0;
    for at in memmem::find_iter(&bytes, secret) {
        clean.extend_from_slice(&bytes[end..at]);
        clean.extend_from_slice(MARK.as_bytes());
        end = at + secret.len();
    }
    if end == 0 {
        return bytes;
    }
    clean.extend_from_slice(&bytes[end..]);
    clean
}

/// Percent-encodes with lower-case digits.
fn percent_lower(text: &str) -> String {
    let lower = |piece: &str| {
        if piece.starts_with('%') { piece.to_ascii_lowercase() } else { piece.to_string() }
    };
    percent_encode(text.as_bytes(), RESERVED).map(lower).collect()
}

/// Returns the base64 letters that are certain when `offset` bytes (modulo three) precede the secret: the first
/// letters also depend on those bytes.
fn base64_at(offset: usize, text: &str, engine: &GeneralPurpose) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(text.as_bytes());
    let uncertain = [0, 2, 3][offset];
    whole_groups(&bytes, engine).split_off(uncertain)
}

/// Encodes whole groups of three bytes only: the letters of an incomplete group depend on the bytes after it.
fn whole_groups(bytes: &[u8], engine: &GeneralPurpose) -> String {
    engine.encode(&bytes[..bytes.len() - bytes.len() % 3])
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found() {
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
    fn several_echoes_are_replaced() {
        let scrubber = Scrubber::new([&Secret::new("sentinel")]);
        let clean = scrubber.bytes(b"sentinel, sentinelsentinel.".to_vec());
        assert_eq!(clean, b"[redacted], [redacted][redacted].");
    }

    #[test]
    fn nothing_changes_without_a_credential() {
        assert_eq!(Scrubber::default().text("abcd".into()), "abcd");
        assert_eq!(Scrubber::default().tail_len(), 0);
    }
}
