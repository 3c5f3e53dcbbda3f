//! What may be read when something may not. The kernel knows grants only, so that everything beside a
//! hidden place is granted: along the way to it, each neighbour.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// More than this along the way is no home directory that we know.
const NEIGHBOURS_MAX: usize = 50_000;

/// Everything beside the hidden places, opened as places.
pub(super) fn beside(hidden: &[PathBuf]) -> Result<Vec<OwnedFd>, Errno> {
    let hidden: BTreeSet<PathBuf> =
        hidden.iter().map(|place| place.canonicalize().unwrap_or_else(|_| place.clone())).collect();
    let mut found = Vec::new();
    walk(Path::new("/"), &hidden, &mut found)?;
    Ok(found)
}

fn walk(dir: &Path, hidden: &BTreeSet<PathBuf>, found: &mut Vec<OwnedFd>) -> Result<(), Errno> {
    if hidden.contains(dir) {
        return Ok(());
    }
    let below: Vec<&PathBuf> = hidden.iter().filter(|place| place.starts_with(dir)).collect();
    if below.is_empty() {
        // What is gone again, or may not be reached, needs no grant.
        if let Ok(place) = open(dir) {
            found.push(place);
        }
        return match found.len() > NEIGHBOURS_MAX {
            true => Err(Errno::TOOBIG),
            false => Ok(()),
        };
    }
    let mut names: BTreeSet<PathBuf> =
        below.iter().filter_map(|place| next_step(dir, place)).collect();
    names.extend(children(dir));
    for name in names {
        walk(&name, hidden, found)?;
    }
    Ok(())
}

/// The entry of `dir` on the way to `place`: known even where the directory can't be listed.
fn next_step(dir: &Path, place: &Path) -> Option<PathBuf> {
    let first = place.strip_prefix(dir).ok()?.components().next()?;
    Some(dir.join(first))
}

/// Entries that are no links: where a link leads is granted, or hidden, on its own.
fn children(dir: &Path) -> Vec<PathBuf> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::open(dir, flags, Mode::empty()) else { return Vec::new() };
    let Ok(listed) = rustix::fs::Dir::read_from(&fd) else { return Vec::new() };
    listed
        .flatten()
        .filter(|entry| entry.file_type() != FileType::Symlink)
        .map(|entry| std::ffi::OsStr::from_bytes(entry.file_name().to_bytes()).to_os_string())
        .filter(|name| name != "." && name != "..")
        .map(|name| dir.join(name))
        .collect()
}

/// Opens a place, not what a link at it leads to.
pub(super) fn open(place: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, place, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[OwnedFd], root: &Path) -> BTreeSet<String> {
        use std::os::fd::AsRawFd;
        let path =
            |fd: &OwnedFd| std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap();
        let below = |path: PathBuf| Some(path.strip_prefix(root).ok()?.display().to_string());
        found.iter().map(path).filter_map(below).collect()
    }

    #[test]
    fn neighbours_are_granted_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for place in
            ["home/.ssh", "home/code/deep", "home/.config/gcloud", "home/.config/git", "etc"]
        {
            std::fs::create_dir_all(root.join(place)).unwrap();
        }
        std::fs::write(root.join("home/notes"), "").unwrap();
        std::os::unix::fs::symlink(".ssh", root.join("home/keys")).unwrap();
        let hidden = [root.join("home/.ssh"), root.join("home/.config/gcloud")];
        let found = beside(&hidden).unwrap();
        let expect = ["etc", "home/.config/git", "home/notes", "home/code"];
        assert_eq!(names(&found, &root), expect.map(String::from).into());
    }
}
