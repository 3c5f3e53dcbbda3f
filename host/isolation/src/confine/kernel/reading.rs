//! Read grants around hidden paths. Landlock can only grant, so hiding a path means granting all its neighbours, at every
//! level from the root down.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Maximum number of neighbours.
const NEIGHBOURS_MAX: usize = 50_000;

/// Granted entries of one directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    pub(super) dir: PathBuf,
    pub(super) names: BTreeSet<OsString>,
}

/// Returns the neighbours of the hidden paths.
///
/// Returns names, not open files: a multi-threaded process that exceeds 256 open files waits for the kernel to grow its
/// table, which takes longer than everything else here.
pub(super) fn beside(hidden: &[PathBuf]) -> Result<Vec<Neighbours>, Errno> {
    let mut hidden: Vec<PathBuf> =
        hidden.iter().map(|place| place.canonicalize().unwrap_or_else(|_| place.clone())).collect();
    hidden.sort();
    // A path below a hidden one needs no entry.
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

/// Walks down from `dir`. `hidden` holds the hidden paths below it, sorted.
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

/// Returns the entry of `dir` that leads to `place`; `None` if `dir` is the path itself.
fn next_step(dir: &Path, place: &Path) -> Option<OsString> {
    Some(place.strip_prefix(dir).ok()?.components().next()?.as_os_str().to_os_string())
}

/// Returns the entries that are not links. The targets of links are granted or hidden in their own right.
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

/// Opens a path without following a link at its end.
pub(super) fn open(place: &Path) -> Result<OwnedFd, Errno> {
    open_in(CWD, place.as_os_str())
}

/// Opens an entry of an open directory without following links.
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
    fn grants_neighbours_and_follows_no_links() {
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
