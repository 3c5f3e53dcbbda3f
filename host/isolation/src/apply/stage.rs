//! The staging directories, in the project's root or at the top of a file system mounted in it, so that one
//! rename moves each staged node into place.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::meta;
use super::tree::Tree;
use crate::entry::Node;
use crate::mode;
use crate::path::RelPath;
use crate::store::Store;

/// Returns the name of an apply's staging directory.
pub(super) fn name(id: &str) -> Vec<u8> {
    format!(".massgen-apply-{id}").into_bytes()
}

/// Returns the directory that contains the staging directory for a path: the topmost one on the same file
/// system as the path.
pub(super) fn base(tree: &Tree, path: &RelPath) -> Result<RelPath, Errno> {
    let above = std::iter::successors(path.parent(), RelPath::parent);
    let mut device = None;
    let mut base = RelPath::root();
    for dir in above {
        let Ok(Some(stat)) = tree.stat(&dir) else { continue };
        if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir() {
            continue;
        }
        match device {
            None => device = Some(stat.st_dev),
            Some(device) if device != stat.st_dev => break,
            Some(_) => {}
        }
        base = dir;
    }
    Ok(base)
}

/// Opens a staging directory, creating it if it does not exist.
pub(super) fn open(tree: &Tree, base: &RelPath, id: &str) -> Result<OwnedFd, Errno> {
    let parent = tree.dir(base)?;
    match rustix::fs::mkdirat(&parent, name(id).as_slice(), mode::system(0o700)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    open_existing(tree, base, id)
}

/// Opens an existing staging directory.
pub(super) fn open_existing(tree: &Tree, base: &RelPath, id: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(tree.dir(base)?, name(id).as_slice(), flags, Mode::empty())
}

/// Writes and syncs the node that will stand at `path`. Returns its inode.
pub(super) fn write(
    tree: &Tree,
    staging: &OwnedFd,
    staged_name: &[u8],
    path: &RelPath,
    node: &Node,
    store: &Store,
) -> io::Result<u64> {
    match node {
        Node::Link { target } => {
            rustix::fs::symlinkat(target.as_slice(), staging, staged_name)?;
        }
        Node::File { mode, content } => {
            let bytes = store.read(content).map_err(io::Error::other)?;
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = rustix::fs::openat(staging, staged_name, flags, mode::system(0o600))?;
            let mut file = File::from(file);
            file.write_all(&bytes)?;
            if let Ok(parent) = tree.parent(path) {
                meta::inherit(&file, parent.as_fd(), path.name())?;
            }
            rustix::fs::fchmod(&file, mode::system(*mode))?;
            file.sync_all()?;
        }
        Node::Dir { .. } => {}
    }
    let stat = rustix::fs::statat(staging, staged_name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(stat.st_ino)
}

/// Returns the name under which an act's new node is staged.
pub(super) fn new_name(act: usize) -> Vec<u8> {
    format!("{act}").into_bytes()
}

/// Returns the name under which an act's old node is kept if it is not exchanged with the new one.
pub(super) fn old_name(act: usize) -> Vec<u8> {
    format!("{act}.old").into_bytes()
}
