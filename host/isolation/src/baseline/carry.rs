//! Copies the user's tree into the workspace and records every byte on the way. Directories are copied in
//! parallel; the user's tree is only read.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::gitignore::Gitignore;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::decision::CarryMode;
use super::ignored::{Level, Owner};
use super::rules::{self, RULES_BYTES_MAX};
use super::walk::{DirTask, Walk};
use super::{Baseline, Entry, Roots, RuleFile};
use crate::git::{Git, GitError, Repository};
use crate::mode;
use crate::path::RelPath;
use crate::small_file;
use crate::store::{PackPool, Store};

/// Which ignored files are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarryPolicy {
    /// None.
    None,
    /// Those listed in `.worktreeinclude`.
    #[default]
    Listed,
    /// All.
    All,
}

/// What to carry.
#[derive(Debug, Clone, Default)]
pub struct CarryOptions {
    /// Whether ignore rules apply.
    pub ruled: bool,
    /// Carry tracked files only.
    pub tracked_only: bool,
    /// Which ignored files are carried.
    pub ignored: CarryPolicy,
    /// Globs of files to carry. If empty, all files.
    pub include: Vec<String>,
    /// Globs of paths not to carry.
    pub exclude: Vec<String>,
    /// Carry this path of the tree only.
    pub only: Option<RelPath>,
    /// Carry the root's `.git` directory as files.
    pub git_directory: bool,
    /// Maximum size in bytes. A larger tree is refused.
    pub bytes_max: u64,
}

/// A path that was not carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCarried {
    /// The path.
    pub path: RelPath,
    /// Short reason.
    pub reason: String,
}

/// The result of carrying a tree.
#[derive(Debug, Default)]
pub struct Carried {
    /// The recorded baseline.
    pub baseline: Baseline,
    /// Paths that were not carried.
    pub not_carried: Vec<NotCarried>,
    /// Submodules and other repositories with a git directory elsewhere.
    pub submodules: Vec<RelPath>,
    /// Files that changed while they were copied.
    pub torn: Vec<RelPath>,
    /// Number of files.
    pub files: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// Number of files that share disk blocks with the original.
    pub reflinked: u64,
}

/// Why a tree cannot be carried.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// The tree is too large.
    #[error("the tree holds more than {bytes_max} bytes")]
    TooLarge {
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The root cannot be opened.
    #[error("cannot read {path}")]
    Source {
        /// The root.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The copy cannot be written.
    #[error("cannot write {path}")]
    Target {
        /// The file of the copy.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// git failed to list tracked files.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Carries a tree.
#[derive(Debug)]
pub struct Carrier<'a> {
    /// git, for repositories inside the tree.
    pub git: &'a Git,
    /// The repository whose work tree it is.
    pub repository: Option<&'a Repository>,
    /// Directory of the files: the project, or a checkout of one of its commits.
    pub source: &'a std::path::Path,
    /// The project and its copy, to adjust links between them.
    pub roots: &'a Roots,
    /// The store for the files' bytes.
    pub store: &'a Store,
    /// Directories of this program, which are never entered.
    pub own_dirs: &'a [PathBuf],
    /// What to carry.
    pub options: &'a CarryOptions,
    /// Current time in nanoseconds since 1970.
    pub now_ns: i64,
}

/// State shared by the walks of all directories.
pub(super) struct Shared<'a> {
    pub(super) carrier: &'a Carrier<'a>,
    pub(super) include: Gitignore,
    pub(super) exclude: Gitignore,
    pub(super) listed: Option<Gitignore>,
    pub(super) packs: PackPool<'a>,
    pub(super) from: std::os::fd::OwnedFd,
    pub(super) to: std::os::fd::OwnedFd,
    pub(super) bytes: AtomicU64,
    pub(super) stop: AtomicBool,
    pub(super) failure: Mutex<Option<CarryError>>,
    pub(super) found: Mutex<Carried>,
    pub(super) ignore_case: bool,
}

impl Shared<'_> {
    pub(super) fn fail(&self, error: CarryError) {
        self.stop.store(true, Ordering::Relaxed);
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(super) fn target_error(&self, path: &RelPath, source: std::io::Error) -> CarryError {
        CarryError::Target { path: self.carrier.roots.workspace.join(path.as_path()), source }
    }

    /// Adds to the size of the tree and enforces the limit.
    pub(super) fn count(&self, bytes: u64) {
        let max = self.carrier.options.bytes_max;
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > max {
            self.fail(CarryError::TooLarge { bytes_max: max });
        }
    }
}

impl Carrier<'_> {
    /// Carries the tree into the workspace's existing directory, which may contain `.git` only.
    pub fn carry(&self) -> Result<Carried, CarryError> {
        let directory = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |path: &std::path::Path| rustix::fs::open(path, directory, Mode::empty());
        let from = open(self.source).map_err(|errno| CarryError::Source {
            path: self.source.to_path_buf(),
            source: errno.into(),
        })?;
        let to = open(&self.roots.workspace).map_err(|errno| CarryError::Target {
            path: self.roots.workspace.clone(),
            source: errno.into(),
        })?;
        let ignore_case =
            self.repository.is_some_and(|repository| repository.config.is_true("core.ignorecase"));
        let root = RelPath::root();
        let lines = |lines: &[String]| rules::matcher(&root, lines.join("\n").as_bytes(), false);
        let shared = Shared {
            carrier: self,
            include: lines(&self.options.include),
            exclude: lines(&self.options.exclude),
            listed: self.listed(),
            packs: PackPool::new(self.store),
            from,
            to,
            bytes: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            found: Mutex::new(Carried::default()),
            ignore_case,
        };
        let owner = self.owner(&shared, &root, self.repository)?;
        let mode = if self.options.ruled {
            CarryMode::Ruled
        } else {
            CarryMode::All(super::Origin::Tracked)
        };
        let task = DirTask { dir: root, owner, level: None, mode };
        rayon::scope(|scope| Walk { shared: &shared }.enter(scope, task));
        if let Some(failure) = shared.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let failed = |source| CarryError::Target { path: self.roots.workspace.clone(), source };
        shared.packs.finish().map_err(failed)?;
        let mut carried = shared.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        carried.bytes = shared.bytes.into_inner();
        self.settle(&mut carried, ignore_case, &shared.to)?;
        Ok(carried)
    }

    /// Sorts the results, and removes the permissions that were added to fill directories.
    fn settle(
        &self,
        carried: &mut Carried,
        ignore_case: bool,
        to: &std::os::fd::OwnedFd,
    ) -> Result<(), CarryError> {
        use rayon::slice::ParallelSliceMut;
        let baseline = &mut carried.baseline;
        baseline.entries.par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
        baseline.ignore_case = ignore_case;
        baseline.stamped_ns = self.now_ns;
        baseline.repositories.sort();
        carried.not_carried.sort();
        carried.submodules.sort();
        for entry in baseline.entries.iter().rev() {
            if let crate::entry::Node::Dir { mode } = entry.node
                && mode & 0o700 != 0o700
            {
                let flags = rustix::fs::AtFlags::empty();
                rustix::fs::chmodat(to, entry.path.as_path(), mode::system(mode), flags).map_err(
                    |errno| CarryError::Target {
                        path: self.roots.workspace.join(entry.path.as_path()),
                        source: errno.into(),
                    },
                )?;
            }
        }
        Ok(())
    }

    /// Returns the matcher for `.worktreeinclude`, if it applies.
    fn listed(&self) -> Option<Gitignore> {
        if self.options.ignored != CarryPolicy::Listed || !self.options.ruled {
            return None;
        }
        let text = small_file::read(&self.source.join(".worktreeinclude"), RULES_BYTES_MAX).ok()?;
        Some(rules::matcher(&RelPath::root(), &text, false))
    }

    /// Returns the tracked paths and repository-wide rules of the repository at `root`, and records the
    /// rules.
    pub(super) fn owner(
        &self,
        shared: &Shared<'_>,
        root: &RelPath,
        repository: Option<&Repository>,
    ) -> Result<Arc<Owner>, GitError> {
        let Some(repository) = repository.filter(|_| self.options.ruled) else {
            return Ok(Arc::default());
        };
        let mut wide = Vec::new();
        let mut files = Vec::new();
        for text in wide_rules(self.git, repository) {
            let file = RuleFile { dir: root.clone(), in_tree: false, text };
            wide.push(file.matcher(shared.ignore_case));
            files.push(file);
        }
        let owner = Owner::new(root, repository.tracked(self.git)?, wide);
        let mut found = shared.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.baseline.rules.extend(files);
        found.baseline.repositories.push(root.clone());
        Ok(Arc::new(owner))
    }
}

/// Returns the user's global excludes, then the repository's, which take precedence.
fn wide_rules(git: &Git, repository: &Repository) -> Vec<Vec<u8>> {
    let variable = |name: &str| {
        let (_, value) = git.environment().iter().find(|(known, _)| known == name)?;
        Some(PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    let home = variable("HOME");
    let named = repository.config.get("core.excludesfile").map(|path| {
        match (path.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    });
    let default = variable("XDG_CONFIG_HOME")
        .or_else(|| home.as_ref().map(|home| home.join(".config")))
        .map(|dir| dir.join("git/ignore"));
    let files = [named.or(default), Some(repository.common.join("info/exclude"))];
    let read = |path: PathBuf| small_file::read(&path, RULES_BYTES_MAX).ok();
    files.into_iter().flatten().filter_map(read).collect()
}

/// Describes an error of the system.
pub(crate) fn reason_of(errno: Errno) -> String {
    match errno {
        Errno::ACCESS | Errno::PERM => "permission denied".into(),
        Errno::NOENT => "it disappeared while the tree was copied".into(),
        Errno::NAMETOOLONG => "its path is too long".into(),
        other => std::io::Error::from(other).to_string(),
    }
}

/// Describes a special file.
pub(crate) fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "not a regular file",
    }
}

/// The results of one directory.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) entries: Vec<Entry>,
    pub(super) rules: Option<RuleFile>,
    pub(super) not_carried: Vec<NotCarried>,
    pub(super) submodule: Option<RelPath>,
    pub(super) torn: Vec<RelPath>,
    pub(super) files: u64,
    pub(super) reflinked: u64,
}

impl Findings {
    pub(super) fn leave(&mut self, path: RelPath, reason: impl Into<String>) {
        let mut reason = reason.into();
        if super::looks_secret(&path) {
            reason.push_str(" (its name suggests secrets)");
        }
        self.not_carried.push(NotCarried { path, reason });
    }

    pub(super) fn join(self, all: &Mutex<Carried>) {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.baseline.entries.extend(self.entries);
        all.baseline.rules.extend(self.rules);
        all.not_carried.extend(self.not_carried);
        all.submodules.extend(self.submodule);
        all.torn.extend(self.torn);
        all.files += self.files;
        all.reflinked += self.reflinked;
    }
}

/// Returns the rules of a directory on top of those above it.
pub(super) fn deeper(above: Option<Arc<Level>>, file: &RuleFile, ignore_case: bool) -> Arc<Level> {
    Arc::new(Level { above, matcher: file.matcher(ignore_case) })
}
