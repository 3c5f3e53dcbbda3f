//! Copies one file into the workspace and into the store, reading it once.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, Timestamps};
use rustix::io::Errno;

use crate::entry::{Content, Node, Stamp};
use crate::mode;
use crate::store::{PackWriter, Store};

/// Maximum size of files that are copied through memory, in bytes.
const BUFFERED_MAX: u64 = 4 << 20;
/// Attempts to read a file that keeps changing. The last one counts.
const TRIES: usize = 3;

/// A copied file.
pub(super) struct CopiedFile {
    pub(super) node: Node,
    pub(super) stamp: Stamp,
    /// It changed during every attempt to read it.
    pub(super) torn: bool,
    pub(super) reflinked: bool,
}

/// Why a file was not copied.
pub(super) enum NotCopied {
    /// It cannot be read. The session is created without it.
    Source(Errno),
    /// It is no longer a regular file.
    Special,
    /// The copy cannot be written.
    Target(io::Error),
}

/// A name in the source and target directories.
pub(super) struct Transfer<'a> {
    pub(super) from: BorrowedFd<'a>,
    pub(super) to: BorrowedFd<'a>,
    pub(super) name: &'a [u8],
}

pub(super) fn copy_file(
    transfer: &Transfer<'_>,
    store: &Store,
    pack: &mut PackWriter,
    buffer: &mut Vec<u8>,
) -> Result<CopiedFile, NotCopied> {
    // Without NONBLOCK, opening a pipe would block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = rustix::fs::openat(transfer.from, transfer.name, flags, Mode::empty())
        .map_err(NotCopied::Source)?;
    let mut source = File::from(source);
    let mut before = rustix::fs::fstat(&source).map_err(NotCopied::Source)?;
    if !rustix::fs::FileType::from_raw_mode(before.st_mode).is_file() {
        return Err(NotCopied::Special);
    }
    let mode = mode::of(&before);
    let target = create(transfer, mode).map_err(NotCopied::Target)?;
    if before.st_size as u64 > BUFFERED_MAX {
        return copy_large(&source, &target, &before, store);
    }
    let mut torn = true;
    for _ in 0..TRIES {
        buffer.clear();
        read_all(&mut source, buffer, before.st_size as usize)
            .map_err(|error| source_error(&error))?;
        let after = rustix::fs::fstat(&source).map_err(NotCopied::Source)?;
        torn = Stamp::from(&before) != Stamp::from(&after) || buffer.len() as i64 != after.st_size;
        before = after;
        if !torn {
            break;
        }
        source.rewind().map_err(|error| source_error(&error))?;
    }
    let content = pack.append(buffer).map_err(NotCopied::Target)?;
    (&target).write_all(buffer).map_err(NotCopied::Target)?;
    finish(&target, &before, mode, content, torn, false)
}

fn source_error(error: &io::Error) -> NotCopied {
    NotCopied::Source(Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// Reads to the end of a file. `expected` is its size, which saves a read if it did not grow.
fn read_all(source: &mut File, buffer: &mut Vec<u8>, expected: usize) -> io::Result<()> {
    buffer.resize(expected + 1, 0);
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let n = source.read(&mut buffer[filled..])?;
        filled += n;
        if n == 0 || filled == expected {
            // The stamp is compared afterwards, so a file of the expected size needs no further read.
            buffer.truncate(filled);
            return Ok(());
        }
    }
}

fn create(transfer: &Transfer<'_>, mode: u32) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(transfer.to, transfer.name, flags, mode::system(mode | 0o200))?;
    Ok(File::from(file))
}

fn copy_large(
    source: &File,
    target: &File,
    before: &Stat,
    store: &Store,
) -> Result<CopiedFile, NotCopied> {
    let reflinked = share_bytes(source, target);
    if !reflinked {
        io::copy(&mut &*source, &mut &*target).map_err(NotCopied::Target)?;
    }
    let after = rustix::fs::fstat(source).map_err(NotCopied::Source)?;
    let torn = Stamp::from(before) != Stamp::from(&after);
    { target }.rewind().map_err(NotCopied::Target)?;
    let content =
        store.keep_file(target).map_err(|error| NotCopied::Target(io::Error::other(error)))?;
    finish(target, before, mode::of(before), content, torn, reflinked)
}

/// Shares disk blocks, if the file system supports it.
#[cfg(target_os = "linux")]
fn share_bytes(source: &File, target: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn share_bytes(_: &File, _: &File) -> bool {
    false
}

/// Sets times and permissions, and takes the stamp that later shows whether the agent touched the file.
fn finish(
    target: &File,
    source: &Stat,
    mode: u32,
    content: Content,
    torn: bool,
    reflinked: bool,
) -> Result<CopiedFile, NotCopied> {
    let failed = |errno: Errno| NotCopied::Target(errno.into());
    let time = |s, ns| rustix::fs::Timespec { tv_sec: s, tv_nsec: ns };
    let mtime = time(source.st_mtime, source.st_mtime_nsec as _);
    let times = Timestamps { last_access: mtime, last_modification: mtime };
    rustix::fs::futimens(target, &times).map_err(failed)?;
    let mut made = rustix::fs::fstat(target).map_err(failed)?;
    if mode::of(&made) != mode {
        rustix::fs::fchmod(target, mode::system(mode)).map_err(failed)?;
        made = rustix::fs::fstat(target).map_err(failed)?;
    }
    Ok(CopiedFile {
        node: Node::File { mode, content },
        stamp: Stamp::from(&made),
        torn,
        reflinked,
    })
}

/// Creates a symbolic link.
pub(super) fn make_link(transfer: &Transfer<'_>, target: &[u8]) -> io::Result<Stamp> {
    rustix::fs::symlinkat(target, transfer.to, transfer.name)?;
    let stat = rustix::fs::statat(transfer.to.as_fd(), transfer.name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(Stamp::from(&stat))
}
