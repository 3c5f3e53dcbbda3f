//! A check on everything that is passed to a guest, in debug builds and therefore in every test. It panics if a text
//! or byte string contains a known secret in any of its encodings, so that a code path that leaks a key fails
//! whichever test runs it.
//!
//! Release builds do nothing: they keep no list of secrets.

#[cfg(debug_assertions)]
mod checker {
    use std::collections::BTreeSet;
    use std::sync::{PoisonError, RwLock};

    /// Shorter texts may occur in a request by chance.
    const LEN_MIN: usize = 12;

    static KNOWN: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

    /// Remembers a secret, or an encoding of one.
    pub(crate) fn remember(secret: &str) {
        if secret.len() >= LEN_MIN {
            KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(secret.to_string());
        }
    }

    /// Panics if the bytes contain a remembered secret.
    pub(crate) fn check(bytes: &[u8]) {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        let leaks =
            known.iter().any(|secret| memchr::memmem::find(bytes, secret.as_bytes()).is_some());
        // The message must not name the secret.
        assert!(!leaks, "a credential is about to be passed to a plugin");
    }
}

#[cfg(not(debug_assertions))]
mod checker {
    pub(crate) fn remember(_: &str) {}
    pub(crate) fn check(_: &[u8]) {}
}

pub(crate) use checker::{check, remember};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::transport::scrub::Scrubber;

    #[test]
    fn a_key_is_found_in_every_encoding() {
        let key = "massgen+sentinel/of\"this\\test";
        // Creating a scrubber makes all encodings known.
        let scrubber = Scrubber::new([&Secret::new(key)]);
        check(b"an ordinary request");
        check(&scrubber.bytes(format!("an echo: {key}").into_bytes()));
        let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        let quoted = r#"massgen+sentinel/of\"this\\test"#;
        for form in [key, &hex, "massgen%2Bsentinel%2Fof%22this%5Ctest", quoted] {
            let crossing = format!("before {form} after").into_bytes();
            assert!(std::panic::catch_unwind(|| check(&crossing)).is_err(), "{form}");
        }
    }
}
