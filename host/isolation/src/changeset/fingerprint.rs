//! Fingerprints: short identifiers of exact changes. A decision holds for one fingerprint only.

use serde::{Deserialize, Serialize};

use super::Change;
use crate::entry::Node;
use crate::path::RelPath;

/// A hash of both sides of a change: paths, kinds, permissions, bytes. Changes with equal fingerprints are
/// equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Wraps the text from a document of decisions.
    pub fn new(text: &str) -> Self {
        Self(text.to_string())
    }

    /// Returns 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Change {
    /// Returns the fingerprint of this change.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = blake3::Hasher::new();
        let mut put = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        put(self.path.as_bytes());
        put(self.old_path.as_ref().map_or(&b""[..], RelPath::as_bytes));
        for node in [&self.old, &self.new] {
            match node {
                None => put(b"none"),
                Some(node) => {
                    put(&node.mode().to_le_bytes());
                    match node {
                        Node::Dir { .. } => put(b""),
                        Node::File { content, .. } => {
                            put(&content.size.to_le_bytes());
                            put(&content.hash.0);
                        }
                        Node::Link { target } => put(target),
                    }
                }
            }
        }
        Fingerprint(hasher.finalize().to_hex()[..32].to_string())
    }
}
