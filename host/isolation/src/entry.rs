//! What stands at a path.

use serde::{Deserialize, Serialize};

/// Permission bits that a change may carry. Set-user-ID and its kin never travel.
pub const MODE_MASK: u32 = 0o777;

/// BLAKE3 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Stands for bytes that nobody has looked at yet: build output that may be huge and stays behind.
    pub const UNREAD: Self = Self([0; 32]);

    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex()[..12])
    }
}

/// Where a file's bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// In a pack of the baseline, from this byte on.
    Pack {
        /// Number of the pack.
        pack: u32,
        /// First byte.
        offset: u64,
    },
    /// In a file of its own in the session's store, named by its hash.
    Loose,
    /// Still in the workspace only. Never part of a record.
    Workspace,
}

/// A file's bytes: where they are, how many, and what they hash to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// Their hash.
    pub hash: Hash,
    /// Where they are kept.
    pub place: Storage,
}

impl PartialEq for Content {
    /// The same bytes, wherever they are.
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.hash == other.hash
    }
}

/// What stands at a path.
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
        /// Where it points, as stored.
        target: Vec<u8>,
    },
}

/// The kind of a node, in the words of the JSON output.
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
    /// Its kind.
    pub fn kind(&self) -> NodeKind {
        match self {
            Self::Dir { .. } => NodeKind::Dir,
            Self::File { .. } => NodeKind::File,
            Self::Link { .. } => NodeKind::Symlink,
        }
    }

    /// Type and permissions as git and `stat` write them, e.g. `0o100644`.
    pub fn mode(&self) -> u32 {
        match self {
            Self::Dir { mode } => 0o040_000 | mode,
            Self::File { mode, .. } => 0o100_000 | mode,
            Self::Link { .. } => 0o120_000,
        }
    }

    /// The content of a file.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::File { content, .. } => Some(content),
            Self::Dir { .. } | Self::Link { .. } => None,
        }
    }

    /// Bytes that it stands for.
    pub fn size(&self) -> u64 {
        match self {
            Self::Dir { .. } => 0,
            Self::File { content, .. } => content.size,
            Self::Link { target } => target.len() as u64,
        }
    }
}

/// What tells, without reading it, that a file was not touched. The change time can't be set by a
/// program, so that equal stamps mean equal bytes unless the clock was too coarse (see `is_racy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Number of the inode.
    pub inode: u64,
    /// Modification time in nanoseconds.
    pub mtime_ns: i64,
    /// Change time in nanoseconds.
    pub ctime_ns: i64,
}

impl Stamp {
    /// Whether the file may have been written in the same tick of the clock after it was stamped.
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
