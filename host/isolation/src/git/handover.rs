//! Delivers an agent's commits to the user's repository as a branch. The user's work tree, index and `HEAD` are not
//! touched.

use std::path::Path;

use super::command::{Git, GitError};
use super::special_files;
use crate::path::RelPath;
use crate::session::{GitKind, GitSide};

/// Returns the commit that a workspace is on; `None` if it has none or the agent broke the repository. Asks in the work
/// tree's own git directory, since the agent could have redirected the workspace's `.git`.
pub(crate) fn head(git: &Git, side: &GitSide) -> Result<Option<String>, GitError> {
    let admin = &side.admin;
    if !admin.is_dir() {
        return Ok(None);
    }
    // Everything that the agent could write.
    special_files::reject(if side.kind == GitKind::Linked { admin } else { &side.repository })?;
    let said = git
        .at(admin)
        .env("GIT_DIR", admin.as_os_str())
        .args(["rev-parse", "-q", "--verify", "HEAD^{commit}"])
        .answer()?;
    Ok(said.map(|bytes| String::from_utf8_lossy(&bytes).trim_end().to_string()))
}

/// A commit to make of a workspace's files.
pub(crate) struct CommitRequest<'a> {
    /// The git directory of the user's work tree.
    pub(crate) user_gitdir: &'a Path,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The object store for new objects, of the private repository.
    pub(crate) objects: &'a Path,
    /// The object store of the user.
    pub(crate) user_objects: &'a Path,
    /// A temporary index.
    pub(crate) index: &'a Path,
    /// The parent commit.
    pub(crate) parent: Option<&'a str>,
    /// Deleted paths.
    pub(crate) gone: &'a [RelPath],
    /// New and modified paths.
    pub(crate) made: &'a [RelPath],
    /// The commit message.
    pub(crate) message: &'a str,
    /// Seconds since 1970.
    pub(crate) now_unix_s: i64,
}

/// The result of a commit.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The commit; `None` if its tree equals the parent's.
    pub(crate) commit: Option<String>,
    /// Skipped paths in submodules, which have their own history.
    pub(crate) in_submodules: Vec<RelPath>,
}

/// Makes a commit with the user's filters and without the agent's configuration. Objects go into `objects`, from which
/// the user's repository fetches them later.
pub(crate) fn commit(git: &Git, request: &CommitRequest<'_>) -> Result<Committed, GitError> {
    let dirs = request.made.iter().filter_map(|path| path.as_path().parent());
    special_files::reject_in_attributes(request.workspace, dirs)?;
    let call = || {
        git.at(request.workspace)
            .env("GIT_DIR", request.user_gitdir)
            .env("GIT_WORK_TREE", request.workspace)
            .env("GIT_INDEX_FILE", request.index)
            .env("GIT_OBJECT_DIRECTORY", request.objects)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", request.user_objects)
            .env("GIT_COMMITTER_DATE", format!("{} +0000", request.now_unix_s))
            .env("GIT_AUTHOR_DATE", format!("{} +0000", request.now_unix_s))
    };
    match request.parent {
        Some(parent) => call().args(["read-tree", parent]).output()?,
        None => call().args(["read-tree", "--empty"]).output()?,
    };
    let submodules = submodules(&call().args(["ls-files", "-s", "-z"]).output()?);
    let is_in_one =
        |path: &&RelPath| submodules.iter().any(|module| path.is_within(module) && *path != module);
    let listed = |paths: &[RelPath]| -> Vec<u8> {
        let ours = paths.iter().filter(|path| !is_in_one(path));
        ours.flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect()
    };
    // Deletions first: another kind of file may have taken the path.
    call()
        .args(["update-index", "-z", "--force-remove", "--stdin"])
        .output_with_input(&listed(request.gone))?;
    call()
        .args(["update-index", "-z", "--add", "--replace", "--stdin"])
        .output_with_input(&listed(request.made))?;
    let in_submodules =
        request.gone.iter().chain(request.made).filter(is_in_one).cloned().collect();
    let tree = call().args(["write-tree"]).line()?;
    if let Some(parent) = request.parent {
        let before = call().args(["rev-parse", &format!("{parent}^{{tree}}")]).line()?;
        if before == tree {
            return Ok(Committed { commit: None, in_submodules });
        }
    }
    let mut make = call()
        .args(["-c", "user.useConfigOnly=false"])
        .env("GIT_AUTHOR_NAME", "massgen agent")
        .env("GIT_AUTHOR_EMAIL", "agent@massgen.invalid")
        .args(["commit-tree", &tree, "-m", request.message]);
    if let Some(parent) = request.parent {
        make = make.args(["-p", parent]);
    }
    let identity =
        [("GIT_COMMITTER_NAME", "massgen"), ("GIT_COMMITTER_EMAIL", "agent@massgen.invalid")];
    for (name, value) in identity {
        make = make.env(name, value);
    }
    Ok(Committed { commit: Some(make.line()?), in_submodules })
}

/// Parses the paths of submodules from the output of `git ls-files -s -z`.
fn submodules(listed: &[u8]) -> Vec<RelPath> {
    let entries = super::repository::split_nul(listed);
    let of_submodules = entries.filter_map(|entry| entry.strip_prefix(b"160000 "));
    let paths = of_submodules.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1));
    paths.filter_map(|path| RelPath::new(path).ok()).collect()
}

/// Fetches a commit into the user's repository as a new branch.
pub(crate) fn fetch(
    git: &Git,
    user_root: &Path,
    private: &Path,
    commit: &str,
    branch: &str,
) -> Result<(), GitError> {
    let temporary = format!("refs/massgen/handover/{}", &commit[..commit.len().min(16)]);
    git.at(private).args(["update-ref", &temporary, commit]).output()?;
    let fetched = git
        .at(user_root)
        .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc"])
        .args(["--no-recurse-submodules", "--end-of-options"])
        .args([private])
        .args([format!("{temporary}:refs/heads/{branch}")])
        .output();
    git.at(private).args(["update-ref", "-d", &temporary]).output()?;
    fetched.map(drop)
}

/// Returns whether a branch exists.
pub(crate) fn branch_exists(git: &Git, root: &Path, branch: &str) -> Result<bool, GitError> {
    let name = format!("refs/heads/{branch}");
    Ok(git
        .at(root)
        .args(["rev-parse", "-q", "--verify", "--end-of-options", &name])
        .answer()?
        .is_some())
}

/// Returns whether a name is a valid branch name.
pub(crate) fn is_branch_name(git: &Git, root: &Path, branch: &str) -> Result<bool, GitError> {
    Ok(git.at(root).args(["check-ref-format", "--branch", branch]).answer()?.is_some())
}

/// Creates a branch at an existing commit.
pub(crate) fn branch(git: &Git, root: &Path, branch: &str, commit: &str) -> Result<(), GitError> {
    let name = format!("refs/heads/{branch}");
    git.at(root).args(["update-ref", "--no-deref", &name, commit, ""]).output()?;
    Ok(())
}
