//! Which rights a grant gives, and the places that every program needs.

use std::os::fd::{AsFd, BorrowedFd};

use landlock::{ABI, AccessFs, BitFlags};
use rustix::fs::{FileType, OFlags};

/// The oldest kernel interface that keeps a writer out: before the third, files could be cut off at will.
pub(super) const OLDEST: ABI = ABI::V3;
/// The interface that knows TCP.
pub(super) const NET: ABI = ABI::V4;
/// The interface that knows device controls; asked for where it is there.
pub(super) const DEVICES: ABI = ABI::V5;
/// The interface that keeps signals in; asked for where it is there.
pub(super) const SCOPES: ABI = ABI::V6;

/// Everything that writes.
pub(super) fn writing() -> BitFlags<AccessFs> {
    AccessFs::from_write(OLDEST)
}

/// What a grant gives below a directory: everything but device files, through which disks are written.
pub(super) fn in_directory() -> BitFlags<AccessFs> {
    writing() & !(AccessFs::MakeBlock | AccessFs::MakeChar)
}

/// What a grant gives on a file.
pub(super) fn on_file() -> BitFlags<AccessFs> {
    AccessFs::WriteFile | AccessFs::Truncate
}

/// What a grant gives on a device.
pub(super) fn on_device() -> BitFlags<AccessFs> {
    AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev
}

/// Devices that programs write and that lead nowhere, and terminals.
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

/// What the rights on one of our own standard streams are: a terminal, or a file that the user let our
/// output into, which programs open again by the name `/dev/stdout`.
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

/// Whether something is a directory.
pub(super) fn is_dir(place: &impl AsFd) -> bool {
    let stat = rustix::fs::fstat(place);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Whether a place is the device that it is named after, and nothing that stands in its place.
pub(super) fn is_device_or_dir(place: &impl AsFd) -> bool {
    let stat = rustix::fs::fstat(place);
    stat.is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::CharacterDevice | FileType::Directory
        )
    })
}
