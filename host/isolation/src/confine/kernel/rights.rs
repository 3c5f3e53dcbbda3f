//! Landlock rights of the grants, and devices that every program needs.

use std::os::fd::{AsFd, BorrowedFd};

use landlock::{ABI, AccessFs, BitFlags};
use rustix::fs::{FileType, OFlags};

/// The oldest ABI that blocks all writes: before version 3, files could be truncated.
pub(super) const OLDEST: ABI = ABI::V3;
/// The first ABI that covers TCP.
pub(super) const NET: ABI = ABI::V4;
/// The first ABI that covers device controls; used where available.
pub(super) const DEVICES: ABI = ABI::V5;
/// The first ABI that confines signals; used where available.
pub(super) const SCOPES: ABI = ABI::V6;

/// Returns all rights that write.
pub(super) fn writing() -> BitFlags<AccessFs> {
    AccessFs::from_write(OLDEST)
}

/// Returns the rights below a granted directory: all except creating device files, which give access to disks.
pub(super) fn in_directory() -> BitFlags<AccessFs> {
    writing() & !(AccessFs::MakeBlock | AccessFs::MakeChar)
}

/// Returns the rights on a granted file.
pub(super) fn on_file() -> BitFlags<AccessFs> {
    AccessFs::WriteFile | AccessFs::Truncate
}

/// Returns the rights on a device.
pub(super) fn on_device() -> BitFlags<AccessFs> {
    AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev
}

/// Harmless devices that programs write, and terminals.
pub(super) const DEVICE_FILES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// Returns the rights on one of our own standard streams: a terminal, or a file that the user redirected output to and
/// that programs may reopen as `/dev/stdout`.
pub(super) fn of_stream(stream: BorrowedFd<'_>) -> Option<BitFlags<AccessFs>> {
    let stat = rustix::fs::fstat(stream).ok()?;
    let writable = rustix::fs::fcntl_getfl(stream)
        .is_ok_and(|flags| flags.intersects(OFlags::WRONLY | OFlags::RDWR));
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice if rustix::termios::isatty(stream) => Some(on_device()),
        FileType::RegularFile if writable => Some(on_file()),
        _ => None,
    }
}

/// Returns whether an open path is a directory.
pub(super) fn is_dir(place: &impl AsFd) -> bool {
    let stat = rustix::fs::fstat(place);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Returns whether an open path is a device or a directory, not another file in its place.
pub(super) fn is_device_or_dir(place: &impl AsFd) -> bool {
    let stat = rustix::fs::fstat(place);
    stat.is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::CharacterDevice | FileType::Directory
        )
    })
}
