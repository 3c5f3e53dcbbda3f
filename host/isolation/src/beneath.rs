//! Opens what lies below a directory and never leaves it: no link is followed, on no part of the way.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::path::RelPath;

/// Opens a directory.
pub(crate) fn open_dir(root: &OwnedFd, dir: &RelPath) -> Result<OwnedFd, Errno> {
    open(root, dir, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens a file that is there, or a directory.
pub(crate) fn open(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match at_once(root, path, flags) {
        // The kernel is too old, or a filter of system calls knows it not.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(root, path, flags),
        other => other,
    }
}

#[cfg(target_os = "linux")]
fn at_once(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, path.as_path(), flags, Mode::empty(), resolve)
}

#[cfg(not(target_os = "linux"))]
fn at_once(_: &OwnedFd, _: &RelPath, _: OFlags) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

fn step_by_step(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let on_the_way = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names = path.as_path().iter().peekable();
    let mut at: Option<OwnedFd> = None;
    loop {
        let dir = at.as_ref().unwrap_or(root).as_fd();
        let name = names.next().unwrap_or(".".as_ref());
        if names.peek().is_none() {
            return rustix::fs::openat(dir, name, flags, Mode::empty());
        }
        at = Some(rustix::fs::openat(dir, name, on_the_way, Mode::empty())?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_open_the_same_and_follow_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/file"), "inside").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("file", dir.path().join("a/b/link")).unwrap();
        let root: OwnedFd = std::fs::File::open(dir.path()).unwrap().into();
        for way in [at_once, step_by_step] {
            let opened = |path: &str, flags| {
                way(&root, &RelPath::new(path.as_bytes()).unwrap(), flags | OFlags::NOFOLLOW)
            };
            let file = std::fs::File::from(opened("a/b/file", OFlags::RDONLY).unwrap());
            assert_eq!(std::io::read_to_string(file).unwrap(), "inside");
            opened("a/b", OFlags::RDONLY | OFlags::DIRECTORY).unwrap();
            way(&root, &RelPath::root(), OFlags::RDONLY | OFlags::DIRECTORY).unwrap();
            for outside in ["link/b/file", "a/b/link", "link"] {
                assert!(opened(outside, OFlags::RDONLY).is_err(), "{outside}");
            }
            assert_eq!(opened("a/none/file", OFlags::RDONLY).unwrap_err(), Errno::NOENT);
            assert_eq!(opened("a/b/file/x", OFlags::RDONLY).unwrap_err(), Errno::NOTDIR);
        }
    }
}
