//! Performs the steps of a strategy.

mod worktree;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{CreateError, CreateRequest, Project, stamps};
use crate::baseline::{self, Carried, Carrier, CarryError, CarryOptions, Origin, looks_secret};
use crate::context::Context;
use crate::git::Repository;
use crate::path::RelPath;
use crate::session::{Session, State};
use crate::store::Store;
use crate::strategy::{CopySet, Step, StepErrorKind, StepOutcome, StepReport};

/// Performs the steps of one strategy and collects their results.
pub(super) struct Performer<'a> {
    context: &'a Context,
    request: &'a CreateRequest,
    project: &'a Project,
    dir: PathBuf,
    store: Store,
    roots: baseline::Roots,
    carried: Option<Carried>,
    modified: u64,
    error: Option<CreateError>,
    acted: bool,
}

impl<'a> Performer<'a> {
    pub(super) fn new(
        context: &'a Context,
        request: &'a CreateRequest,
        project: &'a Project,
        session: &Session,
    ) -> Self {
        let dir = context.state.session(&request.id);
        Self {
            context,
            request,
            project,
            store: Store::new(&dir),
            roots: session.roots(),
            dir,
            carried: None,
            modified: 0,
            error: None,
            acted: false,
        }
    }

    /// Returns whether nothing was done yet, so that another strategy can start.
    pub(super) fn is_untouched(&self) -> bool {
        !self.acted
    }

    pub(super) fn perform(&mut self, session: &mut Session, step: Step) -> StepOutcome {
        self.acted = true;
        let started = Instant::now();
        let result = self.prepare().and_then(|()| {
            match step {
                // A strategy can only choose among what the user requested.
                Step::AddWorktree { gitdir, .. } if gitdir != self.request.gitdir => {
                    return Ok(Err(unsupported("a git directory that the user did not request")));
                }
                Step::AddWorktree { checkout: Some(commit), .. }
                    if session.base_commit.as_ref() != Some(&commit) =>
                {
                    return Ok(Err(unsupported("a commit that the user did not request")));
                }
                Step::AddWorktree { gitdir, checkout } => {
                    self.add_worktree(session, gitdir, checkout.as_deref())
                }
                Step::CopyTree { set, ignored, include, exclude } => {
                    let options = CarryOptions {
                        ruled: set != CopySet::Everything && self.project.repository.is_some(),
                        tracked_only: set == CopySet::Tracked,
                        ignored,
                        include,
                        exclude,
                        git_directory: session.git.is_none(),
                        ..self.options()
                    };
                    self.copy_tree(session, &options)
                }
                Step::Other { kind } => return Ok(Err(unsupported(&format!("the step {kind:?}")))),
            }
            .map(Ok)
        });
        match result {
            Ok(Ok(mut report)) => {
                report.millis = started.elapsed().as_millis() as u64;
                StepOutcome::Done(report)
            }
            Ok(Err(refusal)) => refusal,
            Err(error) => {
                let outcome =
                    StepOutcome::Failed { kind: kind_of(&error), message: error.to_string() };
                self.error = Some(error);
                outcome
            }
        }
    }

    /// Returns the error to report. A failed step says more than the strategy's summary of it.
    pub(super) fn failure(
        &mut self,
        strategy: &str,
        message: String,
        hint: Option<String>,
    ) -> CreateError {
        self.error.take().unwrap_or_else(|| CreateError::Aborted {
            strategy: strategy.to_string(),
            message,
            hint,
        })
    }

    /// Saves the baseline and opens the session.
    pub(super) fn finish(
        mut self,
        session: &mut Session,
        strategy: &str,
    ) -> Result<(), CreateError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let Some(carried) = self.carried.take() else {
            return Err(CreateError::Empty(strategy.to_string()));
        };
        let count = |origin| {
            let files = carried.baseline.entries.iter().filter(|entry| {
                entry.origin == origin && !matches!(entry.node, crate::entry::Node::Dir { .. })
            });
            files.count() as u64
        };
        session.carried.tracked = count(Origin::Tracked);
        session.carried.untracked = count(Origin::Untracked);
        session.carried.ignored = count(Origin::Ignored);
        session.carried.modified = self.modified;
        let secret = carried.baseline.entries.iter().filter(|entry| looks_secret(&entry.path));
        session.secrets = secret.map(|entry| entry.path.clone()).collect();
        for path in &carried.torn {
            session.notes.push(format!(
                "{} changed while it was copied: the copy may mix old and new content",
                path.lossy()
            ));
        }
        session.not_carried = carried.not_carried;
        baseline::save(&carried.baseline, &self.dir.join("baseline"))?;
        session.state = State::Open;
        session.save(&self.dir)?;
        Ok(())
    }

    fn prepare(&self) -> Result<(), CreateError> {
        self.store.create()?;
        std::fs::create_dir_all(&self.roots.workspace)
            .map_err(|source| CreateError::State { path: self.roots.workspace.clone(), source })
    }

    fn options(&self) -> CarryOptions {
        let only = self.project.single_file && self.project.repository.is_none();
        CarryOptions {
            only: only.then(|| self.project.scope.clone()),
            bytes_max: self.request.bytes_max,
            ..CarryOptions::default()
        }
    }

    fn copy_tree(
        &mut self,
        session: &mut Session,
        options: &CarryOptions,
    ) -> Result<StepReport, CreateError> {
        let repository = self.project.repository.as_ref();
        let git = &self.context.git;
        let (report, modified) = std::thread::scope(|scope| {
            let looking = scope.spawn(|| repository.map_or(Ok(Vec::new()), |r| r.modified(git)));
            let report = self.bring(&self.project.root, repository, options);
            let modified = looking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (report, modified)
        });
        let report = report?;
        // If git cannot list changes, for example because objects are missing, any file may have changed.
        let modified = match modified {
            Ok(modified) => {
                self.modified = modified.len() as u64;
                modified
            }
            Err(_) => self.every_tracked_file(),
        };
        self.date_changed(&RelPath::root(), &modified)?;
        self.private_submodules(session)?;
        Ok(report)
    }

    fn bring(
        &mut self,
        from: &Path,
        repository: Option<&Repository>,
        options: &CarryOptions,
    ) -> Result<StepReport, CreateError> {
        let own = self.context.state.root();
        let own_dirs = [own.canonicalize().unwrap_or_else(|_| own.to_path_buf())];
        let carrier = Carrier {
            git: &self.context.git,
            repository,
            source: from,
            roots: &self.roots,
            store: &self.store,
            own_dirs: &own_dirs,
            options,
            now_ns: crate::clock::now_ns(),
        };
        let carried = carrier.carry()?;
        let mut reasons = std::collections::BTreeMap::<String, u64>::new();
        for left in &carried.not_carried {
            *reasons.entry(left.reason.clone()).or_default() += 1;
        }
        let report = StepReport {
            files: carried.files,
            bytes: carried.bytes,
            reflinked_files: carried.reflinked,
            not_carried: reasons.into_iter().collect(),
            millis: 0,
        };
        self.carried = Some(carried);
        Ok(report)
    }

    fn every_tracked_file(&self) -> Vec<Vec<u8>> {
        let entries = self.carried.iter().flat_map(|carried| &carried.baseline.entries);
        let tracked = entries.filter(|entry| entry.origin == Origin::Tracked);
        tracked.map(|entry| entry.path.as_bytes().to_vec()).collect()
    }

    fn date_changed(&mut self, repository: &RelPath, paths: &[Vec<u8>]) -> Result<(), CreateError> {
        let Some(carried) = &mut self.carried else { return Ok(()) };
        let workspace = &self.roots.workspace;
        stamps::date_changed(&mut carried.baseline, workspace, repository, paths)
            .map_err(|source| CreateError::State { path: workspace.clone(), source })
    }
}

fn unsupported(what: &str) -> StepOutcome {
    let message = format!("this host does not know {what}");
    StepOutcome::Failed { kind: StepErrorKind::Unsupported, message }
}

fn kind_of(error: &CreateError) -> StepErrorKind {
    use std::io::ErrorKind;
    match error {
        CreateError::Carry(CarryError::TooLarge { .. }) => StepErrorKind::TooLarge,
        CreateError::Carry(
            CarryError::Target { source, .. } | CarryError::Source { source, .. },
        )
        | CreateError::State { source, .. } => match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StepErrorKind::NoSpace,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                StepErrorKind::PermissionDenied
            }
            _ => StepErrorKind::Io,
        },
        CreateError::Git(_) => StepErrorKind::GitFailed,
        _ => StepErrorKind::Io,
    }
}
