//! Walks the user's tree, one task per directory.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rayon::Scope;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::carry::{CarryError, Findings, Shared, deeper, reason_of};
use super::copy::{NotCopied, Transfer, copy_file, make_link};
use super::decision::{CarryMode, EntryAction, decide};
use super::ignored::{Level, Owner};
use super::nested::{self, Nested};
use super::rules::RULES_BYTES_MAX;
use super::{Entry, Origin, RuleFile};
use crate::beneath;
use crate::entry::{Node, Stamp};
use crate::git::Repository;
use crate::mode;
use crate::path::RelPath;

/// A directory to walk.
pub(super) struct DirTask {
    pub(super) dir: RelPath,
    pub(super) owner: Arc<Owner>,
    pub(super) level: Option<Arc<Level>>,
    pub(super) mode: CarryMode,
}

/// Walks directories. Copied into each task.
#[derive(Clone, Copy)]
pub(super) struct Walk<'s, 'a> {
    pub(super) shared: &'s Shared<'a>,
}

/// Returns the names and kinds of a directory's entries.
pub(crate) fn list(dir: &OwnedFd) -> Result<Vec<(Vec<u8>, FileType)>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let mut kind = entry.file_type();
        if kind == FileType::Unknown {
            let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            kind = FileType::from_raw_mode(stat.st_mode);
        }
        names.push((name.to_vec(), kind));
    }
    Ok(names)
}

impl<'s, 'a: 's> Walk<'s, 'a> {
    /// Walks a directory, and spawns tasks for those below it.
    pub(super) fn enter(self, scope: &Scope<'s>, task: DirTask) {
        if self.shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let mut findings = Findings::default();
        self.directory(scope, task, &mut findings);
        findings.join(&self.shared.found);
    }

    fn directory(self, scope: &Scope<'s>, mut task: DirTask, findings: &mut Findings) {
        let opened = beneath::open_dir(&self.shared.from, &task.dir);
        let listed = opened.and_then(|dir| list(&dir).map(|names| (dir, names)));
        let (from, names) = match listed {
            Ok(found) => found,
            Err(errno) => return findings.leave(task.dir, reason_of(errno)),
        };
        if !task.dir.is_root() && names.iter().any(|(name, _)| name == b".git") {
            match self.nested(&mut task, findings) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.shared.fail(error),
            }
        }
        if task.mode == CarryMode::Ruled {
            self.add_rules(&mut task, &from, &names, findings);
        }
        let mut to = None;
        if task.mode != CarryMode::Searching {
            match self.target_dir(&task.dir, &from, task.mode.origin(), findings) {
                Ok(made) => to = Some(made),
                Err(error) => return self.shared.fail(error),
            }
        }
        if let Err(error) = self.entries(scope, &task, (&from, to), names, findings) {
            self.shared.fail(error);
        }
    }

    fn entries(
        self,
        scope: &Scope<'s>,
        task: &DirTask,
        (from, mut to): (&OwnedFd, Option<OwnedFd>),
        names: Vec<(Vec<u8>, FileType)>,
        findings: &mut Findings,
    ) -> Result<(), CarryError> {
        let mut pack = None;
        let mut buffer = Vec::new();
        for (name, kind) in names {
            let path = task.dir.join(&name);
            let origin = match decide(self.shared, task, &path, kind) {
                EntryAction::Leave(reason) => {
                    findings.leave(path, reason);
                    continue;
                }
                EntryAction::Pass => continue,
                action @ (EntryAction::Enter(_) | EntryAction::EnterLeft) => {
                    let mode = match action {
                        EntryAction::Enter(mode) => mode,
                        _ => {
                            findings.leave(path.clone(), "ignored");
                            CarryMode::Searching
                        }
                    };
                    let (owner, level) = (task.owner.clone(), task.level.clone());
                    let below = DirTask { dir: path, owner, level, mode };
                    scope.spawn(move |scope| self.enter(scope, below));
                    continue;
                }
                EntryAction::Carry(origin) => origin,
            };
            let to = match &to {
                Some(to) => to,
                None => to.insert(self.ensure_dirs(&task.dir, findings)?),
            };
            let transfer = Transfer { from: from.as_fd(), to: to.as_fd(), name: &name };
            if kind == FileType::Symlink {
                self.link(&transfer, path, origin, findings)?;
                continue;
            }
            let writer = match &mut pack {
                Some(writer) => writer,
                None => {
                    let taken = self.shared.packs.take();
                    pack.insert(taken.map_err(|error| self.shared.target_error(&path, error))?)
                }
            };
            let copied = copy_file(&transfer, self.shared.carrier.store, writer, &mut buffer);
            self.file(copied, path, origin, findings)?;
        }
        if let Some(writer) = pack {
            self.shared.packs.put(writer);
        }
        Ok(())
    }

    fn file(
        self,
        copied: Result<super::copy::CopiedFile, NotCopied>,
        path: RelPath,
        origin: Origin,
        findings: &mut Findings,
    ) -> Result<(), CarryError> {
        match copied {
            Ok(copied) => {
                self.shared.count(copied.stamp.size);
                if copied.torn {
                    findings.torn.push(path.clone());
                }
                findings.files += 1;
                findings.reflinked += u64::from(copied.reflinked);
                let (node, stamp) = (copied.node, copied.stamp);
                findings.entries.push(Entry { path, node, stamp, placed: None, origin });
                Ok(())
            }
            Err(NotCopied::Source(errno)) => {
                findings.leave(path, reason_of(errno));
                Ok(())
            }
            Err(NotCopied::Special) => {
                findings.leave(path, "not a regular file");
                Ok(())
            }
            Err(NotCopied::Target(error)) => Err(self.shared.target_error(&path, error)),
        }
    }

    fn link(
        self,
        transfer: &Transfer<'_>,
        path: RelPath,
        origin: Origin,
        findings: &mut Findings,
    ) -> Result<(), CarryError> {
        let target = match rustix::fs::readlinkat(transfer.from, transfer.name, Vec::new()) {
            Ok(target) => target.into_bytes(),
            Err(errno) => {
                findings.leave(path, reason_of(errno));
                return Ok(());
            }
        };
        let placed = self.shared.carrier.roots.place(&path, &target);
        let stamp = make_link(transfer, placed.as_deref().unwrap_or(&target))
            .map_err(|error| self.shared.target_error(&path, error))?;
        findings.files += 1;
        findings.entries.push(Entry { path, node: Node::Link { target }, stamp, placed, origin });
        Ok(())
    }

    /// Creates a directory of the workspace. Its final permissions are set once it is filled.
    fn target_dir(
        self,
        dir: &RelPath,
        from: &OwnedFd,
        origin: Origin,
        findings: &mut Findings,
    ) -> Result<OwnedFd, CarryError> {
        if !dir.is_root() {
            let failed = |errno: Errno| self.shared.target_error(dir, errno.into());
            let stat = rustix::fs::fstat(from).map_err(failed)?;
            let mode = mode::of(&stat);
            match rustix::fs::mkdirat(&self.shared.to, dir.as_path(), mode::system(mode | 0o700)) {
                Ok(()) => findings.entries.push(Entry {
                    path: dir.clone(),
                    node: Node::Dir { mode },
                    stamp: Stamp::default(),
                    placed: None,
                    origin,
                }),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        beneath::open_dir(&self.shared.to, dir)
            .map_err(|errno| self.shared.target_error(dir, errno.into()))
    }

    /// Creates the directories down to one that was being searched only.
    fn ensure_dirs(self, dir: &RelPath, findings: &mut Findings) -> Result<OwnedFd, CarryError> {
        let mut above: Vec<RelPath> =
            std::iter::successors(Some(dir.clone()), RelPath::parent).collect();
        above.reverse();
        let mut made = None;
        for dir in above {
            let from = beneath::open_dir(&self.shared.from, &dir)
                .map_err(|errno| self.shared.target_error(&dir, errno.into()))?;
            made = Some(self.target_dir(&dir, &from, Origin::Tracked, findings)?);
        }
        made.ok_or_else(|| self.shared.target_error(dir, std::io::ErrorKind::NotFound.into()))
    }

    fn add_rules(
        self,
        task: &mut DirTask,
        from: &OwnedFd,
        names: &[(Vec<u8>, FileType)],
        findings: &mut Findings,
    ) {
        let there = |(name, kind): &(Vec<u8>, FileType)| name == b".gitignore" && kind.is_file();
        if !names.iter().any(there) {
            return;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::openat(from, ".gitignore", flags, Mode::empty()) else { return };
        let mut text = Vec::new();
        let read = std::io::Read::take(std::fs::File::from(file), RULES_BYTES_MAX);
        if std::io::Read::read_to_end(&mut { read }, &mut text).is_err() {
            return;
        }
        let file = RuleFile { dir: task.dir.clone(), in_tree: true, text };
        task.level = Some(deeper(task.level.take(), &file, self.shared.ignore_case));
        findings.rules = Some(file);
    }

    /// Switches to the rules of a repository inside the tree. Returns whether it is carried.
    fn nested(self, task: &mut DirTask, findings: &mut Findings) -> Result<bool, CarryError> {
        let carrier = self.shared.carrier;
        let path = carrier.source.join(task.dir.as_path());
        match nested::inspect(&path) {
            None => return Ok(true),
            Some(Nested::OtherWorktree) => {
                findings.leave(task.dir.clone(), "a linked work tree of another repository");
                return Ok(false);
            }
            Some(Nested::Pointer) => findings.submodule = Some(task.dir.clone()),
            Some(Nested::Whole) => {}
        }
        if task.mode == CarryMode::Ruled {
            let repository = Repository::find_nested(carrier.git, &path)?
                .filter(|repository| repository.root.ends_with(task.dir.as_path()));
            match repository {
                Some(found) => {
                    task.owner = carrier.owner(self.shared, &task.dir, Some(&found))?;
                    task.level = None;
                }
                None => {
                    task.mode = CarryMode::All(Origin::Untracked);
                    if findings.submodule.take().is_some() {
                        let pointer = task.dir.join(b".git");
                        findings.leave(pointer, "git cannot open the repository that it points to");
                    }
                }
            }
        }
        Ok(true)
    }
}
