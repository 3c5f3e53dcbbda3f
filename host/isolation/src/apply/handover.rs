//! Delivers a session's work to the user's repository as a branch: the agent's commits, plus one for
//! uncommitted changes. The user's tree, index and `HEAD` are not touched.

use crate::changes::{ChangesError, Opened};
use crate::changeset::{Change, Scope};
use crate::context::Context;
use crate::entry::Node;
use crate::git::handover::{self, CommitRequest};
use crate::git::{GitError, Repository};
use crate::path::RelPath;
use crate::plan::PathReason;
use crate::session::{Busy, GitKind, Lock};

/// A branch to create.
#[derive(Debug)]
pub struct BranchRequest<'a> {
    /// The session.
    pub opened: &'a Opened,
    /// Name of the branch.
    pub branch: &'a str,
}

/// Why the branch was not created.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
    /// The session was created without git.
    #[error("session {0} was created without git: there is no repository for a branch")]
    NoGit(String),
    /// The user's repository was removed.
    #[error("the project's repository is gone: {0} does not exist")]
    Gone(std::path::PathBuf),
    /// The branch name is invalid.
    #[error("{0:?} is not a valid branch name")]
    Name(String),
    /// The branch exists.
    #[error("branch {0} already exists")]
    Exists(String),
    /// The branch would be empty.
    #[error(
        "session {0} has nothing for a branch: no commits, and no changes since the last commit"
    )]
    Empty(String),
    /// The changes cannot be computed.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The session is in use.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// A created branch.
#[derive(Debug)]
pub struct Branched {
    /// The commit that the branch points to.
    pub commit: String,
    /// Paths that are not on the branch.
    pub skipped: Vec<PathReason>,
}

/// Creates the branch.
pub fn as_branch(context: &Context, request: &BranchRequest<'_>) -> Result<Branched, BranchError> {
    let _lock = Lock::take(&request.opened.dir.join("lock"))?;
    let session = &request.opened.session;
    let side = session.git.as_ref().ok_or_else(|| BranchError::NoGit(session.label()))?;
    let git = &context.git;
    let root = &session.project;
    if !side.user_gitdir.is_dir() {
        return Err(BranchError::Gone(side.user_gitdir.0.clone()));
    }
    if !handover::is_branch_name(git, root, request.branch)? {
        return Err(BranchError::Name(request.branch.into()));
    }
    if handover::branch_exists(git, root, request.branch)? {
        return Err(BranchError::Exists(request.branch.into()));
    }
    let head = handover::head(git, side)?;
    let parent = head.clone().or_else(|| session.base_commit.clone());
    let changes = request.opened.changeset()?;
    let in_scope = changes.changes.iter().filter(|change| change.scope == Scope::In);
    // git has no directories: a file that became one is deleted, and its contents are new.
    let (made, deleted): (Vec<&Change>, Vec<&Change>) =
        in_scope.partition(|change| !matches!(change.new, None | Some(Node::Dir { .. })));
    let renamed = made.iter().filter_map(|change| change.old_path.as_ref());
    let gone: Vec<RelPath> =
        deleted.iter().map(|change| &change.path).chain(renamed).cloned().collect();
    let made: Vec<RelPath> = made.iter().map(|change| change.path.clone()).collect();
    let (user_objects, objects) =
        (side.user_common.join("objects"), side.repository.join("objects"));
    let index = request.opened.dir.join("handover.index");
    let name = session.name.as_deref().unwrap_or(&session.id);
    let committed = handover::commit(
        git,
        &CommitRequest {
            user_gitdir: &side.user_gitdir,
            workspace: &session.workspace,
            objects: &objects,
            user_objects: &user_objects,
            index: &index,
            parent: parent.as_deref(),
            gone: &gone,
            made: &made,
            message: &format!("Uncommitted changes of session {name}"),
            now_unix_s: context.now_unix_ms / 1000,
        },
    );
    _ = std::fs::remove_file(&index);
    let committed = committed?;
    let commit =
        committed.commit.or(head).filter(|commit| Some(commit) != session.base_commit.as_ref());
    let commit = commit.ok_or_else(|| BranchError::Empty(session.label()))?;
    let _registry = Lock::wait(&context.state.repository_lock(&side.user_common))?;
    match side.kind {
        GitKind::Linked => handover::branch(git, root, request.branch, &commit)?,
        _ => handover::fetch(git, root, &side.repository, &commit, request.branch)?,
    }
    // The user's repository has the final say on the commit.
    let branch = format!("refs/heads/{}", request.branch);
    let commit = Repository::commit(git, root, &branch)?.unwrap_or(commit);
    let reason = "it lies in a submodule, which has its own history";
    let because = |path| PathReason { path, reason: reason.into() };
    Ok(Branched { commit, skipped: committed.in_submodules.into_iter().map(because).collect() })
}
