//! A credential that can't be printed by accident.

/// A key or token. `Debug` and `Display` never show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a credential.
    pub fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        crate::sentinel::remember(&value);
        Self(value)
    }

    /// The credential itself; for the edge that sends it, and for those that must keep it out.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_print() {
        let secret = Secret::new("hunter22");
        assert!(!format!("{secret:?} {secret}").contains("hunter"));
        assert_eq!(secret.expose(), "hunter22");
    }
}
