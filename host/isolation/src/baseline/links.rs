//! Symbolic links. A link into the user's tree would take the agent out of its copy. In the workspace it
//! points to the same path of the copy instead, and it is mapped back on apply.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::path::RelPath;

/// The user's tree and its copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// The user's tree.
    pub project: PathBuf,
    /// The copy.
    pub workspace: PathBuf,
}

impl Roots {
    /// Returns the target for the copy of a link, or `None` if it stays the same.
    pub(crate) fn place(&self, link: &RelPath, target: &[u8]) -> Option<Vec<u8>> {
        moved(&self.project, &self.workspace, link, target)
    }

    /// Returns the target in the user's tree for a link of the workspace, or `None` if it stays the same.
    pub(crate) fn lead_back(&self, link: &RelPath, target: &[u8]) -> Option<Vec<u8>> {
        moved(&self.workspace, &self.project, link, target)
    }
}

fn moved(from: &Path, to: &Path, link: &RelPath, target: &[u8]) -> Option<Vec<u8>> {
    let target = Path::new(std::ffi::OsStr::from_bytes(target));
    let absolute = if target.is_absolute() {
        lexical(target)?
    } else {
        let dir = link.parent().unwrap_or_default();
        // A relative link that stays inside works unchanged in the copy.
        if stays_inside(&dir, target) {
            return None;
        }
        lexical(&from.join(dir.as_path()).join(target))?
    };
    let rest = absolute.strip_prefix(from).ok()?;
    Some(to.join(rest).as_os_str().as_bytes().to_vec())
}

/// Returns whether a relative target followed from `dir` stays below the root, judging by its text only.
pub(crate) fn stays_inside(dir: &RelPath, target: &Path) -> bool {
    let mut depth = dir.depth();
    for part in target.components() {
        match part {
            std::path::Component::ParentDir if depth == 0 => return false,
            std::path::Component::ParentDir => depth -= 1,
            std::path::Component::Normal(_) => depth += 1,
            std::path::Component::CurDir => {}
            std::path::Component::RootDir | std::path::Component::Prefix(_) => return false,
        }
    }
    true
}

fn lexical(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => _ = clean.pop(),
            std::path::Component::Normal(name) => clean.push(name),
            _ => {}
        }
    }
    path.is_absolute().then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_tree_are_mapped_into_the_copy_and_back() {
        let roots = Roots { project: "/home/u/proj".into(), workspace: "/state/ws/proj".into() };
        for (link, target, placed) in [
            ("a/l", "/home/u/proj/b", Some("/state/ws/proj/b")),
            ("a/l", "../b", None),
            ("a/l", "../../proj/b", Some("/state/ws/proj/b")),
            ("a/l", "../../other/b", None),
            ("a/l", "/etc/hostname", None),
            ("a/l", "/home/u/project2/b", None),
            ("l", "/home/u/proj/../proj/b", Some("/state/ws/proj/b")),
        ] {
            let link = RelPath::new(link.as_bytes()).unwrap();
            let got = roots.place(&link, target.as_bytes());
            assert_eq!(got.as_deref(), placed.map(str::as_bytes), "{target}");
        }
        let link = RelPath::new(b"l").unwrap();
        assert_eq!(
            roots.lead_back(&link, b"/state/ws/proj/x").as_deref(),
            Some(&b"/home/u/proj/x"[..])
        );
    }
}
