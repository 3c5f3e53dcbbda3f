//! The git side of a workspace: its private repository and work tree, and those of submodules.

use std::path::Path;

use super::Performer;
use crate::baseline::CarryOptions;
use crate::create::CreateError;
use crate::git::private::{self, Worktree};
use crate::git::{GitError, Repository, linked, pin};
use crate::path::{HostPath, RelPath};
use crate::session::{GitKind, GitSide, Lock, Session};
use crate::strategy::StepReport;

impl Performer<'_> {
    pub(super) fn add_worktree(
        &mut self,
        session: &mut Session,
        gitdir: GitKind,
        checkout: Option<&str>,
    ) -> Result<StepReport, CreateError> {
        let Some(source) = &self.project.repository else {
            return Err(CreateError::Git(GitError::Failed {
                command: "worktree add".into(),
                said: "the project is not a git repository".into(),
            }));
        };
        let git = &self.context.git;
        let _registry = Lock::wait(&self.context.state.repository_lock(&source.common))?;
        let commit = checkout.map(String::from).or_else(|| source.head.clone());
        let repository = match gitdir {
            GitKind::Private => self.dir.join("repository.git"),
            GitKind::Shared => {
                let team = self.request.team.as_deref().unwrap_or(&session.id);
                self.context.state.team(team).join("repository.git")
            }
            GitKind::Linked => source.common.clone(),
        };
        let admin = repository.join("worktrees").join(&session.id);
        session.git = Some(GitSide {
            kind: gitdir,
            repository: HostPath(repository.clone()),
            admin: HostPath(admin),
            user_common: HostPath(source.common.clone()),
            user_gitdir: HostPath(source.gitdir.clone()),
            pinned: commit.is_some() && gitdir != GitKind::Linked,
            submodules: Vec::new(),
        });
        // The inverse is saved before the act.
        session.save(&self.dir)?;
        if let (Some(commit), true) = (&commit, gitdir != GitKind::Linked) {
            pin::set(git, &source.root, &session.id, commit)?;
        }
        self.register(session, source, &repository, gitdir, (commit.as_deref(), checkout))?;
        match checkout {
            Some(commit) => self.check_out(session, source, commit),
            None => Ok(StepReport::default()),
        }
    }

    fn register(
        &self,
        session: &Session,
        source: &Repository,
        repository: &Path,
        gitdir: GitKind,
        (commit, checkout): (Option<&str>, Option<&str>),
    ) -> Result<(), CreateError> {
        let git = &self.context.git;
        if gitdir == GitKind::Linked {
            let Some(commit) = commit else {
                return Err(CreateError::Git(GitError::Failed {
                    command: "worktree add".into(),
                    said: "a linked work tree requires a commit; omit --linked".into(),
                }));
            };
            let admin = repository.join("worktrees").join(&session.id);
            let tree = linked::Registration {
                root: &source.root,
                admin: &admin,
                scratch: &self.dir.join(&session.id),
                workspace: &self.roots.workspace,
                commit,
            };
            linked::add(git, &tree)?;
            if checkout.is_none() {
                private::carry_index(source, &admin)?;
            }
            return Ok(());
        }
        if !repository.join("HEAD").exists() {
            private::create(git, source, repository)?;
        }
        let own = format!("massgen-{}", session.name.as_deref().unwrap_or(&session.id));
        let shared = gitdir == GitKind::Shared;
        let branch = match (shared, checkout) {
            (true, _) => Some(own.as_str()),
            (false, Some(_)) => None,
            (false, None) => source.branch.as_deref(),
        };
        let tree = Worktree {
            repository,
            name: &session.id,
            workspace: &self.roots.workspace,
            branch,
            commit,
            new_branch: shared,
        };
        private::add_worktree(checkout.is_none().then_some(source), &tree)?;
        Ok(())
    }

    /// Lets git check out a commit beside the workspace and carries the files from there, so that they become
    /// a regular baseline.
    fn check_out(
        &mut self,
        session: &mut Session,
        source: &Repository,
        commit: &str,
    ) -> Result<StepReport, CreateError> {
        let Some(side) = session.git.clone() else { return Ok(StepReport::default()) };
        let place = self.dir.join("checkout");
        let shown = place.clone();
        let failed = |source| CreateError::State { path: shown.clone(), source };
        std::fs::create_dir(&place).map_err(failed)?;
        std::fs::copy(self.roots.workspace.join(".git"), place.join(".git")).map_err(failed)?;
        self.context
            .git
            .at(&place)
            .env("GIT_DIR", side.admin.as_os_str())
            .env("GIT_WORK_TREE", &place)
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .args(["-c", "checkout.workers=0", "reset", "-q", "--hard", commit])
            .output()?;
        let fresh = Repository {
            root: place.clone(),
            gitdir: side.admin.0.clone(),
            common: side.repository.0.clone(),
            ..source.clone()
        };
        let options = CarryOptions { ruled: true, ..self.options() };
        let report = self.bring(&place, Some(&fresh), &options)?;
        std::fs::remove_dir_all(&place).map_err(failed)?;
        Ok(report)
    }

    /// Gives submodules private repositories: their `.git` points into the user's repository.
    pub(super) fn private_submodules(&mut self, session: &mut Session) -> Result<(), CreateError> {
        let found = self.carried.as_ref().map(|carried| carried.submodules.clone());
        let submodules: Vec<RelPath> = found.unwrap_or_default();
        for (number, path) in submodules.iter().enumerate() {
            let place = self.project.root.join(path.as_path());
            let Some(source) = Repository::find_nested(&self.context.git, &place)? else {
                continue;
            };
            let repository = self.dir.join("modules").join(format!("{number}.git"));
            private::create(&self.context.git, &source, &repository)?;
            let tree = Worktree {
                repository: &repository,
                name: "workspace",
                workspace: &self.roots.workspace.join(path.as_path()),
                branch: source.branch.as_deref(),
                commit: source.head.as_deref(),
                new_branch: false,
            };
            private::add_worktree(Some(&source), &tree)?;
            let modified = source.modified(&self.context.git)?;
            self.date_changed(path, &modified)?;
        }
        if let Some(side) = &mut session.git {
            side.submodules = submodules;
        }
        Ok(())
    }
}
