//! A path below a root.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::escape::{escape, unescape};

/// A path below a root: components divided by `/`, none of them empty, `.` or `..`, no NUL. The root
/// itself is the empty path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RelPath(Box<[u8]>);

/// Why bytes are no path below a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is no path inside the project: {why}")]
pub struct PathError {
    /// The path, as far as it is text.
    pub path: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl RelPath {
    /// The root itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks bytes. Doubled and trailing slashes are forgiven, climbing is not.
    pub fn new(bytes: &[u8]) -> Result<Self, PathError> {
        let refuse = |why| PathError { path: String::from_utf8_lossy(bytes).into_owned(), why };
        if bytes.first() == Some(&b'/') {
            return Err(refuse("it is absolute"));
        }
        if bytes.contains(&0) {
            return Err(refuse("it holds a NUL"));
        }
        let mut clean = Vec::with_capacity(bytes.len());
        for part in bytes.split(|b| *b == b'/').filter(|part| !part.is_empty() && *part != b".") {
            if part == b".." {
                return Err(refuse("it climbs"));
            }
            if !clean.is_empty() {
                clean.push(b'/');
            }
            clean.extend_from_slice(part);
        }
        Ok(Self(clean.into()))
    }

    /// A path that is relative on this machine.
    pub fn from_path(path: &Path) -> Result<Self, PathError> {
        Self::new(path.as_os_str().as_bytes())
    }

    /// A child. `name` is one component, as a directory lists it.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        debug_assert!(!name.contains(&b'/') && !name.is_empty());
        if self.0.is_empty() {
            return Self(name.into());
        }
        Self([&self.0, b"/".as_slice(), name].concat().into())
    }

    /// This path below another one.
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

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For the functions of the operating system.
    pub fn as_path(&self) -> &Path {
        if self.0.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(&self.0)) }
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory that holds it; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        Some(Self(self.0[..end].into()))
    }

    /// Its last component; empty for the root.
    pub fn name(&self) -> &[u8] {
        memchr::memrchr(b'/', &self.0).map_or(&self.0, |at| &self.0[at + 1..])
    }

    /// Its components.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/').filter(|part| !part.is_empty())
    }

    /// How many components it has.
    pub fn depth(&self) -> usize {
        self.components().count()
    }

    /// Whether it is `dir` or lies below it.
    pub fn is_within(&self, dir: &Self) -> bool {
        dir.0.is_empty()
            || (self.0.starts_with(&dir.0)
                && (self.0.len() == dir.0.len() || self.0[dir.0.len()] == b'/'))
    }

    /// As text, with � for what is not UTF-8.
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// As text, if it is text.
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
            let bytes = unescape(&text).ok_or_else(|| de::Error::custom("a broken path"))?;
            Self::new(&bytes).map_err(de::Error::custom)
        } else {
            let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
            // Written by this program and guarded by a checksum.
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
    fn what_leaves_the_root_is_refused() {
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
