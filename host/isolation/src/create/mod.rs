//! Creates a session: asks strategies in turn, performs their steps, records each inverse first, and undoes
//! everything on failure.

mod perform;
mod project;
mod stamps;

use std::path::PathBuf;

pub use project::{Project, ProjectError, locate};

use crate::archive::abandon;
use crate::baseline::{CarryError, CarryPolicy, LoadError};
use crate::confine::Confinement;
use crate::context::Context;
use crate::git::GitError;
use crate::path::HostPath;
use crate::session::{Busy, CarriedCounts, GitKind, Lock, Protection, SaveError, Session, State};
use crate::store::StoreError;
use crate::strategy::{
    Decision, StepOutcome, Strategy, StrategyError, Wants, gather, gather_target,
};
use perform::Performer;

/// Maximum number of steps of a strategy.
const STEPS_MAX: usize = 32;

/// A session to create.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    /// Unused id of lower-case letters and digits.
    pub id: String,
    /// The user's name for the session.
    pub name: Option<String>,
    /// The directory or file to isolate.
    pub place: PathBuf,
    /// Revision to start from instead of the current tree.
    pub base: Option<String>,
    /// The kind of git directory for the workspace.
    pub gitdir: GitKind,
    /// Name of the team, for a shared git directory.
    pub team: Option<String>,
    /// Which ignored files are carried.
    pub ignored: CarryPolicy,
    /// Maximum size of the copied tree, in bytes.
    pub bytes_max: u64,
    /// How commands are confined. Support is checked when a command starts.
    pub confinement: Confinement,
    /// Settings for strategies.
    pub settings: Vec<(String, String)>,
}

/// Why a session was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The directory or file cannot be isolated.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The state directory cannot be used.
    #[error("cannot use {path} for sessions")]
    State {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The revision does not name a commit.
    #[error("revision {0:?} is not a commit of this repository")]
    Base(String),
    /// Every strategy declined.
    #[error("no strategy accepts this project: {}", .0.join("; "))]
    Declined(Vec<String>),
    /// A strategy aborted.
    #[error("strategy {strategy} aborted: {message}")]
    Aborted {
        /// The strategy.
        strategy: String,
        /// Its message.
        message: String,
        /// Its suggestion.
        hint: Option<String>,
    },
    /// A strategy failed.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A strategy finished without making a copy.
    #[error("strategy {0} finished without copying anything")]
    Empty(String),
    /// The tree cannot be copied.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Bytes cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record cannot be written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The baseline cannot be written.
    #[error(transparent)]
    Baseline(#[from] LoadError),
    /// A lock is held by another process.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Creates a session with the first strategy that accepts the project. The session stays locked until the
/// returned lock is dropped.
pub fn create(
    context: &Context,
    request: &CreateRequest,
    strategies: &[&dyn Strategy],
) -> Result<(Session, Lock), CreateError> {
    let project = locate(&context.git, &request.place)?;
    let failed = |source| CreateError::State { path: context.state.root().into(), source };
    context.state.create().map_err(failed)?;
    let mut session = new_record(context, request, &project);
    let lock = register(context, &session)?;
    match fill(context, request, &project, strategies, &mut session) {
        Ok(()) => Ok((session, lock)),
        Err(error) => {
            // The first error is reported. `doctor` finds what could not be undone.
            _ = abandon(context, &session);
            Err(error)
        }
    }
}

/// Makes a session appear atomically, with its record and locked.
fn register(context: &Context, session: &Session) -> Result<Lock, CreateError> {
    let incoming = context.state.incoming().join(&session.id);
    let failed = |source| CreateError::State { path: incoming.clone(), source };
    std::fs::create_dir(&incoming).map_err(failed)?;
    let lock = Lock::take(&incoming.join("lock"))?;
    session.save(&incoming)?;
    std::fs::rename(&incoming, context.state.session(&session.id)).map_err(failed)?;
    Ok(lock)
}

fn new_record(context: &Context, request: &CreateRequest, project: &Project) -> Session {
    let name = project.root.file_name().unwrap_or_else(|| "project".as_ref());
    let workspace = context.state.session(&request.id).join("workspace").join(name);
    Session {
        schema: Session::SCHEMA,
        id: request.id.clone(),
        name: request.name.clone(),
        strategy: String::new(),
        state: State::Creating,
        created_unix_ms: context.now_unix_ms,
        discarded_unix_ms: None,
        project: HostPath(project.root.clone()),
        scope: project.scope.clone(),
        start: project.start.clone(),
        workspace: HostPath(workspace),
        base_commit: project.repository.as_ref().and_then(|repository| repository.head.clone()),
        git: None,
        carried: CarriedCounts::default(),
        not_carried: Vec::new(),
        secrets: Vec::new(),
        notes: project.notes.clone(),
        protection: Protection {
            requested: request.confinement.protect.word().into(),
            achieved: "none".into(),
            notes: Vec::new(),
        },
        confinement: request.confinement.clone(),
        escapes: Vec::new(),
        command: None,
        host: context.host.clone(),
    }
}

fn fill(
    context: &Context,
    request: &CreateRequest,
    project: &Project,
    strategies: &[&dyn Strategy],
    session: &mut Session,
) -> Result<(), CreateError> {
    let commit = match (&request.base, &project.repository) {
        (None, _) => None,
        (Some(base), Some(repository)) => Some(
            crate::git::Repository::commit(&context.git, &repository.root, base)?
                .ok_or_else(|| CreateError::Base(base.clone()))?,
        ),
        (Some(base), None) => return Err(CreateError::Base(base.clone())),
    };
    if commit.is_some() {
        session.base_commit = commit.clone();
    }
    let source = gather(&project.root, project.repository.as_ref(), project.single_file);
    let target = gather_target(&project.root, context.state.root());
    let wants = Wants {
        commit,
        gitdir: request.gitdir,
        ignored: request.ignored,
        settings: request.settings.clone(),
    };
    let mut declined = Vec::new();
    for strategy in strategies {
        let mut planner = strategy.begin(&source, &target, &wants)?;
        let mut performer = Performer::new(context, request, project, session);
        session.strategy = strategy.label();
        let mut outcome = StepOutcome::Begin;
        for _ in 0..STEPS_MAX {
            match planner.next(outcome)? {
                Decision::Perform(step) => outcome = performer.perform(session, step),
                Decision::Ready { notices, .. } => {
                    session.notes.extend(notices);
                    return performer.finish(session, strategy.id());
                }
                Decision::Decline(why) if performer.is_untouched() => {
                    declined.push(format!("{}: {why}", strategy.id()));
                    break;
                }
                Decision::Decline(why) => {
                    return Err(performer.failure(strategy.id(), why, None));
                }
                Decision::Abort { message, hint } => {
                    return Err(performer.failure(strategy.id(), message, hint));
                }
            }
        }
        if !performer.is_untouched() {
            let why = format!("it did not finish within {STEPS_MAX} steps");
            return Err(StrategyError { strategy: strategy.label(), why }.into());
        }
    }
    Err(CreateError::Declined(declined))
}
