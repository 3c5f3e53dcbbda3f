//! Paths below a root.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::escape::{escape, unescape};

/// A path below a root: components separated by `/`, none of them empty, `.` or `..`, without NUL. The empty path is
/// the root itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RelPath(Box<[u8]>);

/// The reason why bytes were rejected as a path below a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path inside the project: {why}")]
pub struct PathError {
    /// The path, with � in place of bytes that are not UTF-8.
    pub path: String,
    /// The reason, as a clause.
    pub why: &'static str,
}

impl RelPath {
    /// Returns the root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses bytes. Repeated and trailing slashes and `.` are dropped; absolute paths, `..` and NUL are rejected.
    pub fn new(bytes: &[u8]) -> Result<Self, PathError> {
        let refuse = |why| PathError { path: String::from_utf8_lossy(bytes).into_owned(), why };
        if bytes.first() == Some(&b'/') {
            return Err(refuse("it is absolute"));
        }
        if bytes.contains(&0) {
            return Err(refuse("it contains a NUL byte"));
        }
        let mut clean = Vec::with_capacity(bytes.len());
        for part in bytes.split(|b| *b == b'/').filter(|part| !part.is_empty() && *part != b".") {
            if part == b".." {
                return Err(refuse("it contains `..`"));
            }
            if !clean.is_empty() {
                clean.push(b'/');
            }
            clean.extend_from_slice(part);
        }
        Ok(Self(clean.into()))
    }

    /// Parses a relative path of this machine.
    pub fn from_path(path: &Path) -> Result<Self, PathError> {
        Self::new(path.as_os_str().as_bytes())
    }

    /// Appends `name`, a single component as a directory lists it.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        debug_assert!(!name.contains(&b'/') && !name.is_empty());
        if self.0.is_empty() {
            return Self(name.into());
        }
        Self([&self.0, b"/".as_slice(), name].concat().into())
    }

    /// Returns this path with `dir` in front of it.
    #[must_use]
    pub fn below(&self, dir: &Self) -> Self {
        if self.0.is_empty() { dir.clone() } else { Self(dir.joined_bytes(&self.0)) }
    }

    fn joined_bytes(&self, rest: &[u8]) -> Box<[u8]> {
        if self.0.is_empty() {
            rest.into()
        } else {
            [&self.0, b"/".as_slice(), rest].concat().into()
        }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path for system calls; `.` for the root.
    pub fn as_path(&self) -> &Path {
        if self.0.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(&self.0)) }
    }

    /// Returns whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        Some(Self(self.0[..end].into()))
    }

    /// Returns the last component; empty for the root.
    pub fn name(&self) -> &[u8] {
        memchr::memrchr(b'/', &self.0).map_or(&self.0, |at| &self.0[at + 1..])
    }

    /// Iterates over the components.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/').filter(|part| !part.is_empty())
    }

    /// Returns the number of components.
    pub fn depth(&self) -> usize {
        self.components().count()
    }

    /// Returns whether this path is `dir` or below it.
    pub fn is_within(&self, dir: &Self) -> bool {
        dir.0.is_empty()
            || (self.0.starts_with(&dir.0)
                && (self.0.len() == dir.0.len() || self.0[dir.0.len()] == b'/'))
    }

    /// Returns the path as text, with � in place of bytes that are not UTF-8.
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Returns the path as text if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl std::fmt::Debug for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&escape(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let bytes =
                unescape(&text).ok_or_else(|| de::Error::custom("invalid escape in a path"))?;
            Self::new(&bytes).map_err(de::Error::custom)
        } else {
            let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
            // Binary records are written by this program and protected by a checksum.
            Ok(Self(bytes.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn rejects_paths_that_leave_the_root() {
        for bad in ["/etc/passwd", "a/../../b", "..", "a\0b"] {
            assert!(RelPath::new(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(rel("./a//b/"), rel("a/b"));
    }

    #[test]
    fn parents_and_names() {
        assert_eq!(rel("a/b/c").parent(), Some(rel("a/b")));
        assert_eq!(rel("a").parent(), Some(RelPath::root()));
        assert_eq!(RelPath::root().parent(), None);
        assert_eq!(rel("a/b").name(), b"b");
        assert!(rel("a/b").is_within(&rel("a")) && !rel("ab").is_within(&rel("a")));
        assert_eq!(rel("c").below(&rel("a/b")), rel("a/b/c"));
    }

    #[test]
    fn any_bytes_survive_json() {
        let path = RelPath::new(b"caf\xe9/\xff%\n").unwrap();
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<RelPath>(&json).unwrap(), path);
    }
}
