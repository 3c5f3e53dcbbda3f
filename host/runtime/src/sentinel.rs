//! The last look at what crosses into a guest, in debug builds and so in every test: each secret that was ever
//! made, in each form in which it may be echoed, is searched for in every text and every byte string that is
//! handed over. A path that forgets to keep a key out ends the program here, whichever test walks it.
//!
//! Release builds do without: they hold no list of secrets.

#[cfg(debug_assertions)]
mod looking {
    use std::collections::BTreeSet;
    use std::sync::{PoisonError, RwLock};

    /// Shorter texts stand in honest requests by chance.
    const LEN_MIN: usize = 12;

    static KNOWN: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

    /// A secret, or a form of one, that must not cross.
    pub(crate) fn remember(secret: &str) {
        if secret.len() >= LEN_MIN {
            KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(secret.to_string());
        }
    }

    /// Looks at what is about to cross.
    pub(crate) fn watch(bytes: &[u8]) {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        let crosses =
            known.iter().any(|secret| memchr::memmem::find(bytes, secret.as_bytes()).is_some());
        // Which secret it was is not for a backtrace.
        assert!(!crosses, "a credential is about to cross into a plugin");
    }
}

#[cfg(not(debug_assertions))]
mod looking {
    pub(crate) fn remember(_: &str) {}
    pub(crate) fn watch(_: &[u8]) {}
}

pub(crate) use looking::{remember, watch};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::transport::scrub::Scrubber;

    #[test]
    fn a_key_is_stopped_in_every_form() {
        let key = "massgen+sentinel/of\"this\\test";
        // The forms are those that the scrubber knows.
        let scrubber = Scrubber::new([&Secret::new(key)]);
        watch(b"an honest request");
        watch(&scrubber.bytes(format!("an echo: {key}").into_bytes()));
        let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        let quoted = r#"massgen+sentinel/of\"this\\test"#;
        for form in [key, &hex, "massgen%2Bsentinel%2Fof%22this%5Ctest", quoted] {
            let crossing = format!("before {form} after").into_bytes();
            assert!(std::panic::catch_unwind(|| watch(&crossing)).is_err(), "{form}");
        }
    }
}
