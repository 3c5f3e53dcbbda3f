//! Opens paths below a directory without leaving it: no component is followed through a symbolic link.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::path::RelPath;

/// Opens a directory below `root`.
pub(crate) fn open_dir(root: &OwnedFd, dir: &RelPath) -> Result<OwnedFd, Errno> {
    open(root, dir, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens an existing file or directory below `root`.
pub(crate) fn open(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match open_resolved(root, path, flags) {
        // The kernel is too old for `openat2`, or a seccomp filter blocks it.
        Err(Errno::NOSYS | Errno::PERM) => open_stepwise(root, path, flags),
        other => other,
    }
}

#[cfg(target_os = "linux")]
fn open_resolved(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, path.as_path(), flags, Mode::empty(), resolve)
}

#[cfg(not(target_os = "linux"))]
fn open_resolved(_: &OwnedFd, _: &RelPath, _: OFlags) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

fn open_stepwise(root: &OwnedFd, path: &RelPath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let intermediate = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names = path.as_path().iter().peekable();
    let mut at: Option<OwnedFd> = None;
    loop {
        let dir = at.as_ref().unwrap_or(root).as_fd();
        let name = names.next().unwrap_or(".".as_ref());
        if names.peek().is_none() {
            return rustix::fs::openat(dir, name, flags, Mode::empty());
        }
        at = Some(rustix::fs::openat(dir, name, intermediate, Mode::empty())?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_implementations_follow_no_links() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/file"), "inside").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("file", dir.path().join("a/b/link")).unwrap();
        let root: OwnedFd = std::fs::File::open(dir.path()).unwrap().into();
        for way in [open_resolved, open_stepwise] {
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
