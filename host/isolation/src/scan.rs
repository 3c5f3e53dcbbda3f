//! Scans a workspace for paths that may differ from the baseline. Files with an unchanged stamp are not read,
//! so the time of a scan grows with the number of names, not of bytes.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::baseline::{self, Baseline, Entry, NotCarried, Origin, Roots};
use crate::beneath;
use crate::entry::{Node, Stamp};
use crate::mode;
use crate::path::RelPath;

/// The node at a path of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannedNode {
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Size in bytes.
        size: u64,
    },
    /// A link, with its target mapped back to the user's tree.
    Link {
        /// Target of the link.
        target: Vec<u8>,
    },
    /// A directory.
    Dir {
        /// Permission bits.
        mode: u32,
        /// Whether it is empty.
        empty: bool,
        /// Whether it is a repository's `.git`, which is not scanned.
        git: bool,
    },
}

/// Paths that may differ from the baseline. Files rewritten with the same bytes are among `touched`.
#[derive(Debug, Default)]
pub struct Scan {
    /// New paths, and paths with another stamp, kind or mode.
    pub touched: Vec<(RelPath, ScannedNode)>,
    /// Paths of the baseline that are gone.
    pub gone: Vec<RelPath>,
    /// Paths that cannot be read, and special files.
    pub unreadable: Vec<NotCarried>,
}

/// Why a workspace cannot be scanned.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the workspace {path}")]
pub struct ScanError {
    /// The workspace.
    pub path: PathBuf,
    /// The cause.
    #[source]
    pub source: std::io::Error,
}

struct Walk<'a> {
    baseline: &'a Baseline,
    index: HashMap<&'a [u8], usize>,
    seen: Vec<AtomicBool>,
    roots: &'a Roots,
    root: OwnedFd,
    found: Mutex<Scan>,
}

/// Scans a workspace. A missing workspace counts as empty: everything in it was deleted.
pub fn scan(baseline: &Baseline, roots: &Roots) -> Result<Scan, ScanError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = match rustix::fs::open(&roots.workspace, flags, Mode::empty()) {
        Ok(root) => root,
        Err(Errno::NOENT) => {
            let kept = baseline.entries.iter().filter(|entry| entry.origin != Origin::GitInternal);
            return Ok(Scan {
                gone: kept.map(|entry| entry.path.clone()).collect(),
                ..Scan::default()
            });
        }
        Err(errno) => {
            return Err(ScanError { path: roots.workspace.clone(), source: errno.into() });
        }
    };
    let entries = baseline.entries.iter().enumerate();
    let walk = Walk {
        baseline,
        index: entries.map(|(at, entry)| (entry.path.as_bytes(), at)).collect(),
        seen: baseline.entries.iter().map(|_| AtomicBool::new(false)).collect(),
        roots,
        root,
        found: Mutex::new(Scan::default()),
    };
    rayon::scope(|scope| walk.enter(scope, RelPath::root()));
    let mut scan = walk.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (entry, seen) in baseline.entries.iter().zip(&walk.seen) {
        if !seen.load(Ordering::Relaxed) && entry.origin != Origin::GitInternal {
            scan.gone.push(entry.path.clone());
        }
    }
    // What lies below an unreadable directory is not gone.
    let hidden: Vec<RelPath> = scan.unreadable.iter().map(|left| left.path.clone()).collect();
    scan.gone.retain(|path| !hidden.iter().any(|dir| path.is_within(dir)));
    scan.touched.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    scan.unreadable.sort_unstable();
    Ok(scan)
}

impl<'a> Walk<'a> {
    fn enter<'s>(&'s self, scope: &Scope<'s>, dir: RelPath) {
        let mut found = Scan::default();
        let opened = beneath::open_dir(&self.root, &dir);
        match opened.and_then(|fd| baseline::list(&fd).map(|names| (fd, names))) {
            Ok((fd, names)) => {
                for (name, kind) in names {
                    self.look(scope, &fd, &dir, (&name, kind), &mut found);
                }
            }
            Err(errno) => leave(&mut found, dir, errno),
        }
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        all.touched.extend(found.touched);
        all.unreadable.extend(found.unreadable);
    }

    fn look<'s>(
        &'s self,
        scope: &Scope<'s>,
        fd: &OwnedFd,
        dir: &RelPath,
        (name, kind): (&[u8], FileType),
        found: &mut Scan,
    ) {
        let path = dir.join(name);
        let known = self.index.get(path.as_bytes()).map(|at| {
            self.seen[*at].store(true, Ordering::Relaxed);
            &self.baseline.entries[*at]
        });
        if name == b".git" {
            // New `.git` directories are reported. The root's and a submodule's belong to the session, and
            // known ones to a nested repository.
            let new = known.is_none() && !dir.is_root() && kind.is_dir();
            if new {
                found
                    .touched
                    .push((path, ScannedNode::Dir { mode: 0o755, empty: false, git: true }));
            }
            return;
        }
        match kind {
            FileType::Directory => self.directory(scope, fd, (path, known), name, found),
            FileType::RegularFile => file(fd, (path, known), name, self.baseline.stamped_ns, found),
            FileType::Symlink => match rustix::fs::readlinkat(fd, name, Vec::new()) {
                Ok(target) => self.link(path, known, target.into_bytes(), found),
                Err(errno) => leave(found, path, errno),
            },
            other => found
                .unreadable
                .push(NotCarried { path, reason: baseline::special(other).to_string() }),
        }
    }

    fn directory<'s>(
        &'s self,
        scope: &Scope<'s>,
        fd: &OwnedFd,
        (path, known): (RelPath, Option<&Entry>),
        name: &[u8],
        found: &mut Scan,
    ) {
        let stat = match rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(errno) => return leave(found, path, errno),
        };
        let mode = mode::of(&stat);
        if known.map(|entry| &entry.node) != Some(&Node::Dir { mode }) {
            let listed = beneath::open_dir(&self.root, &path).and_then(|fd| baseline::list(&fd));
            let empty = listed.is_ok_and(|names| names.is_empty());
            found.touched.push((path.clone(), ScannedNode::Dir { mode, empty, git: false }));
        }
        scope.spawn(move |scope| self.enter(scope, path));
    }

    fn link(&self, path: RelPath, known: Option<&Entry>, target: Vec<u8>, found: &mut Scan) {
        if let Some(Entry { node: Node::Link { target: before }, placed, .. }) = known
            && (placed.as_ref().unwrap_or(before) == &target || *before == target)
        {
            return;
        }
        let target = self.roots.lead_back(&path, &target).unwrap_or(target);
        found.touched.push((path, ScannedNode::Link { target }));
    }
}

fn file(
    fd: &OwnedFd,
    (path, known): (RelPath, Option<&Entry>),
    name: &[u8],
    stamped_ns: i64,
    found: &mut Scan,
) {
    let stat = match rustix::fs::statat(fd.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(errno) => return leave(found, path, errno),
    };
    let (stamp, mode) = (Stamp::from(&stat), mode::of(&stat));
    if let Some(Entry { node: Node::File { mode: before, .. }, stamp: copy, .. }) = known
        && stamp == *copy
        && mode == *before
        && !stamp.is_racy(stamped_ns)
    {
        return;
    }
    found.touched.push((path, ScannedNode::File { mode, size: stamp.size }));
}

fn leave(found: &mut Scan, path: RelPath, errno: Errno) {
    // A path that disappeared during the scan is gone, not unreadable.
    if errno != Errno::NOENT {
        found.unreadable.push(NotCarried { path, reason: baseline::reason_of(errno) });
    }
}
