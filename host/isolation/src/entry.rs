//! Nodes: the file, link or directory at a path, and the stamps and hashes of files.

use serde::{Deserialize, Serialize};

/// Permission bits that a change can carry. Set-user-ID, set-group-ID and the sticky bit are never
/// transferred.
pub const MODE_MASK: u32 = 0o777;

/// A BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Placeholder for bytes that were not read, such as build output that may be huge and is not applied.
    pub const UNREAD: Self = Self([0; 32]);

    /// Returns the hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the hash as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex()[..12])
    }
}

/// Where the bytes of a file are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// In a pack of the baseline.
    Pack {
        /// Number of the pack.
        pack: u32,
        /// Offset of the first byte.
        offset: u64,
    },
    /// In a loose file of the session's store, named by the hash.
    Loose,
    /// Only in the workspace. Never part of a record.
    Workspace,
}

/// The bytes of a file: size, hash and location.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Content {
    /// Number of bytes.
    pub size: u64,
    /// Hash of the bytes.
    pub hash: Hash,
    /// Where the bytes are stored.
    pub place: Storage,
}

impl PartialEq for Content {
    /// Compares size and hash, not the location.
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.hash == other.hash
    }
}

/// A file, link or directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// A directory.
    Dir {
        /// Permission bits.
        mode: u32,
    },
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Its bytes.
        content: Content,
    },
    /// A symbolic link.
    Link {
        /// Target of the link, as stored.
        target: Vec<u8>,
    },
}

/// The kind of a node, as named in JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Dir,
}

impl Node {
    /// Returns the kind of the node.
    pub fn kind(&self) -> NodeKind {
        match self {
            Self::Dir { .. } => NodeKind::Dir,
            Self::File { .. } => NodeKind::File,
            Self::Link { .. } => NodeKind::Symlink,
        }
    }

    /// Returns type and permissions as git and `stat` write them, e.g. `0o100644`.
    pub fn mode(&self) -> u32 {
        match self {
            Self::Dir { mode } => 0o040_000 | mode,
            Self::File { mode, .. } => 0o100_000 | mode,
            Self::Link { .. } => 0o120_000,
        }
    }

    /// Returns the content of a file, and `None` for other nodes.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::File { content, .. } => Some(content),
            Self::Dir { .. } | Self::Link { .. } => None,
        }
    }

    /// Returns the size of the content or of the link target, in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Dir { .. } => 0,
            Self::File { content, .. } => content.size,
            Self::Link { target } => target.len() as u64,
        }
    }
}

/// Metadata that shows, without reading a file, that it was not touched. Programs cannot set the change time,
/// so equal stamps mean equal bytes unless the clock was too coarse (see `is_racy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// Inode number.
    pub inode: u64,
    /// Modification time in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time in nanoseconds since 1970.
    pub ctime_ns: i64,
}

impl Stamp {
    /// Returns whether the file may have been written in the same clock tick after it was stamped.
    pub fn is_racy(&self, stamped_ns: i64) -> bool {
        const TICK_NS: i64 = 20_000_000;
        self.mtime_ns > stamped_ns - TICK_NS
    }
}

impl From<&rustix::fs::Stat> for Stamp {
    fn from(stat: &rustix::fs::Stat) -> Self {
        let ns = |s: i64, ns: i64| s.saturating_mul(1_000_000_000).saturating_add(ns);
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            inode: stat.st_ino,
            mtime_ns: ns(stat.st_mtime, stat.st_mtime_nsec as i64),
            ctime_ns: ns(stat.st_ctime, stat.st_ctime_nsec as i64),
        }
    }
}
