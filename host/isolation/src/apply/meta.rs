//! Metadata besides bytes and permissions: the owner and extended attributes, including access control lists.
//! A replaced file passes them on.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{Gid, Mode, Uid, XattrFlags};
use rustix::io::Errno;

use super::tree::{open_in, stat_in};

/// Dropped, because the kernel drops capabilities too when a file is written.
const DROPPED: &[u8] = b"security.capability";

/// Copies owner and attributes to a staged file from the file that it will replace.
pub(super) fn inherit(staged: &File, dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    let Some(before) = stat_in(dir, name)? else { return Ok(()) };
    let now = rustix::fs::fstat(staged)?;
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid) {
        let owner = (Some(Uid::from_raw(before.st_uid)), Some(Gid::from_raw(before.st_gid)));
        rustix::fs::fchown(staged, owner.0, owner.1)?;
    }
    if !rustix::fs::FileType::from_raw_mode(before.st_mode).is_file() {
        return Ok(());
    }
    let source = open_in(dir, name)?;
    for attribute in attributes(&source)? {
        if attribute == DROPPED {
            continue;
        }
        let value = value(&source, &attribute)?;
        match rustix::fs::fsetxattr(staged, attribute.as_slice(), &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::OPNOTSUPP) => {}
            // Security labels are set by the system.
            Err(Errno::PERM | Errno::ACCESS) if !attribute.starts_with(b"user.") => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn attributes(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let mut names = vec![0; 64 << 10];
    let n = match rustix::fs::flistxattr(file, names.as_mut_slice()) {
        Ok(n) => n,
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(errno) => return Err(errno.into()),
    };
    Ok(names[..n].split(|b| *b == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect())
}

fn value(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0; 64 << 10];
    let n = rustix::fs::fgetxattr(file, name, value.as_mut_slice())?;
    value.truncate(n);
    Ok(value)
}

/// Sets the group of a node if the directory it moves into has the set-group-ID bit, as creating it there
/// would.
pub(super) fn inherit_group(
    (dir, name): (BorrowedFd<'_>, &[u8]),
    parent: BorrowedFd<'_>,
) -> Result<(), Errno> {
    let stat = rustix::fs::fstat(parent)?;
    if !Mode::from_raw_mode(stat.st_mode).contains(Mode::SGID) {
        return Ok(());
    }
    let group = Some(Gid::from_raw(stat.st_gid));
    rustix::fs::chownat(dir, name, None, group, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
}
