//! What a look at a run depended on: every path that was asked for, with the stamp that it had. While all stamps
//! hold, a second look would see the same.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use serde::{Deserialize, Serialize};

/// Clocks of file systems tick at least this often. What changed so shortly before it was stamped may change again
/// without another stamp.
const TICK_NS: i64 = 2_000_000_000;

/// What tells, without reading it, that a file or directory is the same. No program can set the change time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
}

impl From<&Stat> for Stamp {
    #[cfg_attr(target_os = "linux", expect(clippy::unnecessary_cast, reason = "macOS has 32 bits"))]
    fn from(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified_ns: ns(stat.st_mtime, stat.st_mtime_nsec as i64),
            changed_ns: ns(stat.st_ctime, stat.st_ctime_nsec as i64),
        }
    }
}

fn ns(seconds: i64, ns: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(ns)
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified_ns: ns(meta.mtime(), meta.mtime_nsec()),
            changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Whether it may have changed again within the same tick, or bears a time that is still to come.
    fn is_racy(&self, looked_ns: i64) -> bool {
        self.modified_ns.max(self.changed_ns) > looked_ns.saturating_sub(TICK_NS)
    }
}

/// A path below the run, and its stamp; none if there was nothing.
pub(super) type Seen = (String, Option<Stamp>);

/// Looks at files of one run and notes what it saw. A stamp is taken before what it stands for is read: a change
/// in between makes the stamp old, never the content.
#[derive(Debug)]
pub(super) struct Sight<'a> {
    root: &'a Path,
    seen: Vec<Seen>,
    /// Nothing failed for another reason than that it is not there.
    is_sure: bool,
}

impl<'a> Sight<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, seen: Vec::new(), is_sure: true }
    }

    /// Notes the stamp of a path.
    pub(super) fn note(&mut self, path: &Path) -> Option<Metadata> {
        let found = std::fs::metadata(path);
        let stamp = match &found {
            Ok(meta) => Some(Stamp::of(meta)),
            Err(error) => {
                self.is_sure &= error.kind() == ErrorKind::NotFound;
                None
            }
        };
        match path.strip_prefix(self.root).ok().and_then(Path::to_str) {
            Some(below) => self.seen.push((below.to_string(), stamp)),
            None => self.is_sure = false,
        }
        found.ok()
    }

    /// Opens a regular file.
    pub(super) fn open(&mut self, path: &Path) -> Option<File> {
        if !self.note(path)?.is_file() {
            return None;
        }
        let opened = File::open(path);
        self.is_sure &= opened.is_ok();
        opened.ok()
    }

    /// The next bytes of a file, with room for all of them made at once: growing costs a read each time.
    pub(super) fn at_most(&mut self, file: &File, max: u64) -> Option<Vec<u8>> {
        let bytes = file.metadata().and_then(|meta| {
            let size = usize::try_from(meta.len().min(max)).unwrap_or(0);
            let mut bytes = Vec::with_capacity(size + 1);
            file.take(max).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        self.is_sure &= bytes.is_ok();
        bytes.ok()
    }

    /// Whether a directory holds anything.
    pub(super) fn is_filled_dir(&mut self, path: &Path) -> bool {
        if !self.note(path).is_some_and(|meta| meta.is_dir()) {
            return false;
        }
        let entries = std::fs::read_dir(path);
        self.is_sure &= entries.is_ok();
        entries.is_ok_and(|mut entries| entries.next().is_some())
    }

    /// What a later look may rely on; none if one stamp is too young, or something could not be read.
    pub(super) fn reliable(self, looked_ns: i64) -> Option<Vec<Seen>> {
        let racy = |stamp: &Stamp| stamp.is_racy(looked_ns);
        let settled = self.seen.iter().all(|(_, stamp)| !stamp.as_ref().is_some_and(racy));
        (self.is_sure && settled && !self.seen.is_empty()).then_some(self.seen)
    }
}

/// Whether everything that was seen is as it was.
pub(super) fn holds(seen: &[Seen], stamp_of: impl Fn(&str) -> Option<Stamp>) -> bool {
    !seen.is_empty() && seen.iter().all(|(path, stamp)| stamp_of(path) == *stamp)
}

/// The directory of runs, from which paths are looked up: the way to it is walked once, not for every stamp.
#[derive(Debug)]
pub(super) struct Base(OwnedFd);

impl Base {
    pub(super) fn open(path: &Path) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).ok().map(Self)
    }

    /// The stamp of a path below a run; none if there is nothing, or nothing that can be looked at.
    pub(super) fn stamp(&self, run: &str, below: &str) -> Option<Stamp> {
        let path = format!("{run}/{below}");
        rustix::fs::statat(&self.0, path, AtFlags::empty()).ok().map(|stat| Stamp::from(&stat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_700_000_000_000_000_000;

    fn stamp(modified_ns: i64, changed_ns: i64) -> Stamp {
        Stamp { device: 1, inode: 2, size: 3, modified_ns, changed_ns }
    }

    #[test]
    fn what_changed_just_now_or_in_the_future_is_not_relied_on() {
        let old = AT - TICK_NS;
        assert!(!stamp(old, old).is_racy(AT));
        for (modified, changed) in [(old + 1, old), (old, old + 1), (AT + TICK_NS, old)] {
            assert!(stamp(modified, changed).is_racy(AT), "{modified} {changed}");
        }
    }

    #[test]
    fn every_part_of_every_stamp_counts() {
        let was = stamp(AT, AT);
        let seen = vec![("a".to_string(), Some(was)), ("b".to_string(), None)];
        let now = |a: Option<Stamp>, b: Option<Stamp>| {
            holds(&seen, |path| if path == "a" { a } else { b })
        };
        assert!(now(Some(was), None));
        assert!(!now(None, None) && !now(Some(was), Some(was)));
        for other in [
            Stamp { device: 0, ..was },
            Stamp { inode: 0, ..was },
            Stamp { size: 0, ..was },
            Stamp { modified_ns: 0, ..was },
            Stamp { changed_ns: 0, ..was },
        ] {
            assert!(!now(Some(other), None), "{other:?}");
        }
        assert!(!holds(&[], |_| None), "nothing seen is nothing known");
    }

    #[test]
    fn what_could_not_be_read_is_not_relied_on() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "x").unwrap();
        let mut sight = Sight::new(dir.path());
        assert!(sight.open(&dir.path().join("file")).is_some());
        assert!(sight.open(&dir.path().join("absent")).is_none());
        assert_eq!(sight.reliable(i64::MAX).unwrap().len(), 2);
        let mut sight = Sight::new(dir.path());
        sight.note(&dir.path().join("file/below"));
        assert!(sight.reliable(i64::MAX).is_none(), "that is an error, not an absence");
    }
}
