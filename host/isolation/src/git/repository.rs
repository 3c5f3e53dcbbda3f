//! Facts about a user's repository. Nothing here writes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::command::{Git, GitError};
use super::config::Config;

/// A repository with a work tree.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The top directory of the work tree.
    pub root: PathBuf,
    /// The git directory of this work tree: index, `HEAD`.
    pub gitdir: PathBuf,
    /// The common directory: objects, refs, configuration.
    pub common: PathBuf,
    /// The commit that is checked out; `None` before the first commit.
    pub head: Option<String>,
    /// The branch that is checked out, without `refs/heads/`.
    pub branch: Option<String>,
    /// `sha1` or `sha256`.
    pub object_format: String,
    /// Whether the clone is shallow.
    pub shallow: bool,
    /// The configuration from all files.
    pub config: Config,
}

/// The kind of sparse checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sparse {
    /// Not sparse.
    No,
    /// Selected by directories.
    Cone,
    /// Selected by patterns.
    Patterns,
}

impl Repository {
    /// Finds a repository whose work tree starts at `dir` inside another tree. Returns `None` for one that git can't open
    /// (moved, or owned by another user): its files are treated as ordinary files.
    pub fn find_nested(git: &Git, dir: &Path) -> Result<Option<Self>, GitError> {
        match Self::find(git, dir) {
            Err(GitError::Failed { .. }) => Ok(None),
            found => found,
        }
    }

    /// Finds the repository that contains `dir`. A repository that git refuses to open (another owner, an unknown
    /// extension) is an error with git's message.
    pub fn find(git: &Git, dir: &Path) -> Result<Option<Self>, GitError> {
        let dir = if dir.is_dir() { dir } else { dir.parent().unwrap_or(dir) };
        let Some(gitdir) = path_of(git, dir, "--absolute-git-dir")? else {
            // Only "not a git repository" means that there is none.
            let refusal = git.at(dir).args(["rev-parse", "--absolute-git-dir"]).output();
            return match refusal {
                Err(GitError::Failed { said, .. }) if said.contains("not a git repository") => {
                    Ok(None)
                }
                Err(error) => Err(error),
                Ok(_) => Ok(None),
            };
        };
        let ask = |args: &'static [&'static str]| move || git.at(dir).args(args).answer();
        // In parallel: each start of git takes milliseconds.
        let (root, common, config, head, branch) = std::thread::scope(|scope| {
            let root = scope.spawn(|| path_of(git, dir, "--show-toplevel"));
            let common = scope.spawn(|| path_of(git, dir, "--git-common-dir"));
            let config = scope.spawn(|| Config::read(git, dir));
            let head = scope.spawn(ask(&["rev-parse", "-q", "--verify", "HEAD^{commit}"]));
            let branch = ask(&["symbolic-ref", "-q", "HEAD"])();
            (joined(root), joined(common), joined(config), joined(head), branch)
        });
        let Some(root) = root? else { return Ok(None) };
        let common = match common? {
            Some(common) => common.canonicalize().unwrap_or(common),
            None => gitdir.clone(),
        };
        let (config, head, branch) = (config?, head?, branch?);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_string();
        Ok(Some(Self {
            shallow: common.join("shallow").exists(),
            object_format: config
                .get("extensions.objectformat")
                .unwrap_or_else(|| "sha1".to_string())
                .to_lowercase(),
            head: head.map(text),
            branch: branch.map(text).and_then(|b| b.strip_prefix("refs/heads/").map(String::from)),
            root,
            gitdir,
            common,
            config,
        }))
    }

    /// Returns whether `dir` is inside a repository without a work tree.
    pub fn is_bare(git: &Git, dir: &Path) -> Result<bool, GitError> {
        let bare = git.at(dir).args(["rev-parse", "--is-bare-repository"]).answer()?;
        let inside = git.at(dir).args(["rev-parse", "--is-inside-work-tree"]).answer()?;
        Ok(bare.is_some_and(|said| said.starts_with(b"true"))
            && !inside.is_some_and(|said| said.starts_with(b"true")))
    }

    /// Resolves a revision to a commit.
    pub fn commit(git: &Git, dir: &Path, revision: &str) -> Result<Option<String>, GitError> {
        let spec = format!("{revision}^{{commit}}");
        let said = git
            .at(dir)
            .args(["rev-parse", "-q", "--verify", "--end-of-options", &spec])
            .answer()?;
        Ok(said.map(|bytes| String::from_utf8_lossy(&bytes).trim_end().to_string()))
    }

    /// Returns the tracked paths, relative to the root.
    pub fn tracked(&self, git: &Git) -> Result<Vec<Vec<u8>>, GitError> {
        let listed = git.at(&self.root).args(["ls-files", "-z", "--cached"]).output()?;
        let mut paths: Vec<Vec<u8>> = split_nul(&listed).map(<[u8]>::to_vec).collect();
        paths.dedup();
        Ok(paths)
    }

    /// Returns whether git tracks anything at or below a path.
    pub fn tracks_below(&self, git: &Git, path: &Path) -> Result<bool, GitError> {
        let call = git.at(&self.root).args(["ls-files", "-z", "--cached", "--"]).args([path]);
        Ok(!call.output()?.is_empty())
    }

    /// Returns the tracked paths that differ from the last commit, in the index or on disk.
    pub fn modified(&self, git: &Git) -> Result<Vec<Vec<u8>>, GitError> {
        let mut call = git.at(&self.root);
        // Configured filters are code, which must not run just to count files.
        for driver in self.config.filter_drivers() {
            for (key, value) in
                [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")]
            {
                call = call.args(["-c", &format!("filter.{driver}.{key}={value}")]);
            }
        }
        let listed = call
            .args([
                "status",
                "--porcelain=v2",
                "-z",
                "-uno",
                "--no-renames",
                "--ignore-submodules=all",
            ])
            .output()?;
        // `1 XY sub mH mI mW hH hI path` and `u XY sub m1 m2 m3 mW h1 h2 h3 path`.
        let path = |line: &[u8]| {
            let fields = if line.starts_with(b"u ") { 11 } else { 9 };
            line.splitn(fields, |b| *b == b' ').nth(fields - 1).map(<[u8]>::to_vec)
        };
        Ok(split_nul(&listed).filter_map(path).collect())
    }

    /// Returns the operation in progress, such as `merge` or `rebase`.
    pub fn operation(&self) -> Option<&'static str> {
        [
            ("MERGE_HEAD", "merge"),
            ("rebase-merge", "rebase"),
            ("rebase-apply", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("REVERT_HEAD", "revert"),
            ("BISECT_LOG", "bisect"),
        ]
        .into_iter()
        .find(|(file, _)| self.gitdir.join(file).exists())
        .map(|(_, name)| name)
    }

    /// Returns the kind of sparse checkout.
    pub fn sparse(&self) -> Sparse {
        match (
            self.config.is_true("core.sparsecheckout"),
            self.config.get("core.sparsecheckoutcone"),
        ) {
            (false, _) => Sparse::No,
            (true, Some(cone)) if cone == "false" => Sparse::Patterns,
            (true, _) => Sparse::Cone,
        }
    }

    /// Returns whether this is a linked work tree.
    pub fn is_linked(&self) -> bool {
        self.gitdir != self.common
            && self.gitdir.parent().is_some_and(|dir| dir.ends_with("worktrees"))
    }
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Asks `rev-parse` for one path. Paths are asked for separately, since they may contain newlines.
fn path_of(git: &Git, dir: &Path, what: &str) -> Result<Option<PathBuf>, GitError> {
    let said = git.at(dir).args(["rev-parse", "--path-format=absolute", what]).answer()?;
    Ok(said
        .map(|mut bytes| {
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            PathBuf::from(OsString::from_vec(bytes))
        })
        .filter(|path| !path.as_os_str().is_empty()))
}

/// Splits output that is terminated by NUL.
pub(super) fn split_nul(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == 0).filter(|piece| !piece.is_empty())
}
