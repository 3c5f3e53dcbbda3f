//! Paths that are not UTF-8, as the Base64 of `path_bytes_b64` in documents of decisions.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::path::RelPath;

/// Writes padding and does not require it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the Base64 of a path that is not UTF-8, and `None` for one that is.
pub fn path_bytes_b64(path: &RelPath) -> Option<String> {
    path.as_str().is_none().then(|| BASE64.encode(path.as_bytes()))
}

/// Decodes bytes, or returns `None` if the text is not Base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_are_not_utf8_are_encoded_and_padding_is_optional() {
        let encoded = |bytes: &[u8]| path_bytes_b64(&RelPath::new(bytes).unwrap());
        assert_eq!(encoded(b"\xff\xfe").as_deref(), Some("//4="));
        assert_eq!(encoded(b"a"), None);
        for text in ["//4=", "//4"] {
            assert_eq!(decode(text).as_deref(), Some(&b"\xff\xfe"[..]));
        }
        assert_eq!(decode("a!"), None);
    }
}
