//! Executes a plan: stages everything, then makes each write as a compare-and-swap. A write that does not
//! find the expected node rolls back all of them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::acts::{Act, acts};
use super::hook::{Fault, Hook};
use super::tree::{self, Tree};
use super::{meta, recover, stage};
use crate::entry::Node;
use crate::journal::{ApplyPhase, ApplyRecord};
use crate::mode;
use crate::path::RelPath;
use crate::session::SaveError;
use crate::store::{Store, StoreError};

/// Why a plan was not executed. The project is unchanged, except after `Crashed` and `RollBack`.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Another program changed a path between planning and writing.
    #[error("{path} changed during the apply; nothing was applied")]
    Drift {
        /// The path.
        path: String,
    },
    /// The file system reported an error.
    #[error("cannot write {path} ({step}); nothing was applied")]
    Io {
        /// The path.
        path: String,
        /// The step that failed.
        step: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// Bytes cannot be synced.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rollback failed too.
    #[error(
        "the apply and its rollback failed; run `massgen isolate doctor --repair` to retry the rollback"
    )]
    RollBack(#[source] recover::RecoverError),
    /// A test stopped the apply at a step.
    #[error("stopped")]
    Crashed,
}

/// Executes the writes of a record whose bytes are in the record's store.
pub fn execute(
    tree: &Tree,
    record: &mut ApplyRecord,
    dir: &Path,
    hook: &mut dyn Hook,
) -> Result<(), ExecuteError> {
    let store = Store::new(dir);
    let acts = acts(&record.ops);
    let mut run = Run { tree, record, dir, store: &store, acts: &acts, hook };
    let outcome = run.until_committed();
    match outcome {
        Ok(()) => {}
        Err(ExecuteError::Crashed) => return Err(ExecuteError::Crashed),
        Err(error) => {
            run.hook_for_recovery()?;
            recover::roll_back(tree, record, dir).map_err(ExecuteError::RollBack)?;
            return Err(error);
        }
    }
    // Only cleanup is left. If it fails, the next command does it.
    if let Err(ExecuteError::Crashed) = run.step("journal: clean up", &RelPath::root()) {
        return Err(ExecuteError::Crashed);
    }
    _ = recover::finish(tree, record, dir);
    Ok(())
}

struct Run<'a> {
    tree: &'a Tree,
    record: &'a mut ApplyRecord,
    dir: &'a Path,
    store: &'a Store,
    acts: &'a [Act],
    hook: &'a mut dyn Hook,
}

impl Run<'_> {
    fn step(&mut self, step: &'static str, path: &RelPath) -> Result<(), ExecuteError> {
        match self.hook.before(step) {
            Ok(()) => Ok(()),
            Err(Fault::Crash) => Err(ExecuteError::Crashed),
            Err(Fault::Io(source)) => Err(ExecuteError::Io { path: path.lossy(), step, source }),
        }
    }

    /// Calls the hook before a rollback, so that tests can stop there.
    fn hook_for_recovery(&mut self) -> Result<(), ExecuteError> {
        match self.hook.before("roll back") {
            Err(Fault::Crash) => Err(ExecuteError::Crashed),
            _ => Ok(()),
        }
    }

    fn until_committed(&mut self) -> Result<(), ExecuteError> {
        let root = RelPath::root();
        for act in self.acts {
            let base = stage::base(self.tree, act.path()).map_err(io_at("look", act.path()))?;
            self.record.stages.push(base);
        }
        self.record.inodes = vec![None; self.acts.len()];
        self.step("journal: plan", &root)?;
        self.record.save(self.dir)?;
        self.step("journal: sync", &root)?;
        self.store.sync()?;
        for at in 0..self.acts.len() {
            self.stage(at)?;
        }
        self.record.phase = ApplyPhase::Staged;
        self.step("journal: staged", &root)?;
        self.record.save(self.dir)?;
        for at in 0..self.acts.len() {
            self.commit(at)?;
        }
        self.sync_dirs()?;
        self.record.phase = ApplyPhase::Committed;
        self.step("journal: committed", &root)?;
        if let Err(error) = self.record.save(self.dir) {
            self.record.phase = ApplyPhase::Staged;
            return Err(error.into());
        }
        Ok(())
    }

    fn stage(&mut self, at: usize) -> Result<(), ExecuteError> {
        let act = &self.acts[at];
        let path = act.path();
        if act.staged().is_none() && act.displaced().is_none() {
            return Ok(());
        }
        self.step("stage", path)?;
        let staging = self.staging(at)?;
        if let Some(node) = act.staged() {
            let name = stage::new_name(at);
            let inode = stage::write(self.tree, &staging, &name, path, node, self.store)
                .map_err(|source| ExecuteError::Io { path: path.lossy(), step: "stage", source })?;
            self.record.inodes[at] = Some(inode);
        }
        Ok(())
    }

    fn staging(&self, at: usize) -> Result<OwnedFd, ExecuteError> {
        let base = &self.record.stages[at];
        stage::open(self.tree, base, &self.record.id).map_err(io_at("stage", self.acts[at].path()))
    }

    fn commit(&mut self, at: usize) -> Result<(), ExecuteError> {
        let act = &self.acts[at];
        let path = act.path();
        let name = path.name();
        self.step("write", path)?;
        let failed = |step| io_at(step, path);
        let parent = self.tree.parent(path).map_err(failed("open the directory"))?;
        let here = (parent.as_fd(), name);
        match act {
            Act::MakeDir { mode, .. } => {
                match rustix::fs::mkdirat(&parent, name, mode::system(*mode)) {
                    Ok(()) => Ok(()),
                    Err(Errno::EXIST) if tree::is_dir_in(parent.as_fd(), name) == Ok(true) => {
                        Ok(())
                    }
                    Err(errno) => Err(failed("make the directory")(errno)),
                }
            }
            Act::RemoveDir { .. } => {
                match rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR) {
                    Err(Errno::NOTEMPTY | Errno::EXIST) => Err(drifted(path)),
                    other => other.map_err(failed("remove the directory")),
                }
            }
            Act::SetDirMode { after, .. } => {
                let mode = mode::system(*after);
                rustix::fs::chmodat(&parent, name, mode, AtFlags::empty())
                    .map_err(failed("set permissions"))
            }
            Act::Create { .. } => {
                let staging = self.staging(at)?;
                let staged = stage::new_name(at);
                meta::inherit_group((staging.as_fd(), &staged), parent.as_fd())
                    .map_err(failed("set the group"))?;
                match tree::rename_new((staging.as_fd(), &staged), here) {
                    Err(Errno::EXIST) => Err(drifted(path)),
                    other => other.map_err(failed("create")),
                }
            }
            Act::Remove { before, .. } => self.take_away(at, here, before),
            Act::Replace { before, .. } => self.replace(at, here, before),
        }
    }

    /// Moves the current node into the staging directory and verifies it there.
    fn take_away(
        &mut self,
        at: usize,
        here: (std::os::fd::BorrowedFd<'_>, &[u8]),
        before: &Node,
    ) -> Result<(), ExecuteError> {
        let path = self.acts[at].path();
        let staging = self.staging(at)?;
        let old = stage::old_name(at);
        match tree::rename_new(here, (staging.as_fd(), &old)) {
            Err(Errno::NOENT) => return Err(drifted(path)),
            other => other.map_err(io_at("remove", path))?,
        }
        self.step("verify", path)?;
        if is_node(&staging, &old, before) {
            return Ok(());
        }
        tree::rename_new((staging.as_fd(), &old), here).map_err(io_at("put back", path))?;
        Err(drifted(path))
    }

    /// Exchanges the old and the new node atomically and verifies the old one.
    fn replace(
        &mut self,
        at: usize,
        here: (std::os::fd::BorrowedFd<'_>, &[u8]),
        before: &Node,
    ) -> Result<(), ExecuteError> {
        let path = self.acts[at].path();
        let staging = self.staging(at)?;
        let staged = stage::new_name(at);
        let swapped = match tree::exchange((staging.as_fd(), &staged), here) {
            Err(Errno::NOENT) => return Err(drifted(path)),
            other => other.map_err(io_at("exchange", path))?,
        };
        if swapped {
            self.step("verify", path)?;
            if is_node(&staging, &staged, before) {
                return Ok(());
            }
            tree::exchange((staging.as_fd(), &staged), here).map_err(io_at("put back", path))?;
            return Err(drifted(path));
        }
        // Without an atomic exchange the name is missing for a moment, but nothing is lost.
        self.take_away(at, here, before)?;
        self.step("write", path)?;
        match tree::rename_new((staging.as_fd(), &staged), here) {
            Err(Errno::EXIST) => Err(drifted(path)),
            other => other.map_err(io_at("create", path)),
        }
    }

    fn sync_dirs(&mut self) -> Result<(), ExecuteError> {
        let mut dirs: Vec<RelPath> =
            self.acts.iter().filter_map(|act| act.path().parent()).collect();
        dirs.sort();
        dirs.dedup();
        for dir in dirs {
            self.step("sync", &dir)?;
            match self.tree.dir(&dir) {
                Ok(fd) => rustix::fs::fsync(fd).map_err(io_at("sync", &dir))?,
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => return Err(io_at("sync", &dir)(errno)),
            }
        }
        Ok(())
    }
}

/// Returns whether a name of the staging directory holds this node. Permissions may differ.
pub(super) fn is_node(staging: &OwnedFd, name: &[u8], node: &Node) -> bool {
    match (tree::node_in(staging.as_fd(), name), node) {
        (Ok(Some(Node::File { content: a, .. })), Node::File { content: b, .. }) => a == *b,
        (Ok(Some(Node::Link { target: a })), Node::Link { target: b }) => a == *b,
        _ => false,
    }
}

fn drifted(path: &RelPath) -> ExecuteError {
    ExecuteError::Drift { path: path.lossy() }
}

fn io_at(step: &'static str, path: &RelPath) -> impl Fn(Errno) -> ExecuteError {
    let path = path.lossy();
    move |errno| ExecuteError::Io { path: path.clone(), step, source: errno.into() }
}
