//! What may be read when something may not. The kernel knows grants only, so that everything beside a
//! hidden place is granted: along the way to it, each neighbour.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// More than this along the way is no home directory that we know.
const NEIGHBOURS_MAX: usize = 50_000;

/// What is granted of one directory: entries of it, by name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    pub(super) dir: PathBuf,
    pub(super) names: BTreeSet<OsString>,
}

/// Everything beside the hidden places.
///
/// Names, not opened places: a program of several threads that holds more than 256 files open waits for the
/// kernel to enlarge its table, for longer than all of the rest takes.
pub(super) fn beside(hidden: &[PathBuf]) -> Result<Vec<Neighbours>, Errno> {
    let mut hidden: Vec<PathBuf> =
        hidden.iter().map(|place| place.canonicalize().unwrap_or_else(|_| place.clone())).collect();
    hidden.sort();
    // What lies in a hidden place is hidden with it.
    hidden.dedup_by(|later, earlier| later.starts_with(earlier));
    let mut found = Vec::new();
    let mut count = 0;
    walk(Path::new("/"), &hidden, &mut |neighbours| {
        count += neighbours.names.len();
        found.push(neighbours);
        if count > NEIGHBOURS_MAX { Err(Errno::TOOBIG) } else { Ok(()) }
    })?;
    Ok(found)
}

/// `hidden` are the hidden places below `dir`, in their order.
fn walk(
    dir: &Path,
    hidden: &[PathBuf],
    found: &mut dyn FnMut(Neighbours) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let mut names = children(dir);
    for below in hidden.chunk_by(|a, b| next_step(dir, a) == next_step(dir, b)) {
        let Some(name) = next_step(dir, &below[0]) else { return Ok(()) };
        names.remove(&name);
        walk(&dir.join(&name), below, found)?;
    }
    found(Neighbours { dir: dir.to_path_buf(), names })
}

/// The entry of `dir` on the way to `place`; none if `dir` is the place.
fn next_step(dir: &Path, place: &Path) -> Option<OsString> {
    Some(place.strip_prefix(dir).ok()?.components().next()?.as_os_str().to_os_string())
}

/// Entries that are no links: where a link leads is granted, or hidden, on its own.
fn children(dir: &Path) -> BTreeSet<OsString> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::open(dir, flags, Mode::empty()) else { return BTreeSet::new() };
    let Ok(listed) = rustix::fs::Dir::read_from(&fd) else { return BTreeSet::new() };
    listed
        .flatten()
        .filter(|entry| entry.file_type() != FileType::Symlink)
        .map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_os_string())
        .filter(|name| name != "." && name != "..")
        .collect()
}

/// Opens a place, not what a link at it leads to.
pub(super) fn open(place: &Path) -> Result<OwnedFd, Errno> {
    open_in(CWD, place.as_os_str())
}

/// The same, for an entry of an opened directory.
pub(super) fn open_in(dir: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[Neighbours], root: &Path) -> BTreeSet<String> {
        let paths = found.iter().flat_map(|n| n.names.iter().map(|name| n.dir.join(name)));
        let below = |path: PathBuf| Some(path.strip_prefix(root).ok()?.display().to_string());
        paths.filter_map(below).collect()
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
        let hidden = ["home/.ssh", "home/.ssh/below", "home/.config/gcloud", "gone/with/all"];
        let hidden = hidden.map(|place| root.join(place));
        let found = beside(&hidden).unwrap();
        let expect = ["etc", "home/.config/git", "home/notes", "home/code"];
        assert_eq!(names(&found, &root), expect.map(String::from).into());
    }
}
