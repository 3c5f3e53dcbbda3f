//! What exactly a change is, in a few characters: a decision holds only for the change it was made on.

use serde::{Deserialize, Serialize};

use super::Change;
use crate::entry::Node;
use crate::path::RelPath;

/// Stands for both sides of a change: names, kinds, permissions, bytes. Two changes with one fingerprint
/// are the same change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// What a file of decisions says.
    pub fn new(text: &str) -> Self {
        Self(text.to_string())
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Change {
    /// What exactly this change is.
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
