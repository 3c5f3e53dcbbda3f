//! Makes a session: asks strategies in turn, performs their steps, records the inverse first, and takes
//! everything back if it fails.

mod perform;
mod project;
mod stamps;

use std::path::PathBuf;

pub use project::{Project, ProjectError, locate};

use crate::archive::abandon;
use crate::baseline::{CarryError, CarryPolicy, LoadError};
use crate::confine::Confinement;
use crate::git::{Git, GitError};
use crate::path::HostPath;
use crate::session::{
    Busy, CarriedCounts, GitKind, Lock, Protection, SaveError, Session, State, StateDir,
};
use crate::store::StoreError;
use crate::strategy::{
    Decision, StepOutcome, Strategy, StrategyError, Wants, gather, gather_target,
};
use perform::Performer;

/// A strategy that has not come to an end by then never will.
const STEPS_MAX: usize = 32;

/// What the libraries need from the outside.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where everything is kept.
    pub state: StateDir,
    /// git, with its environment.
    pub git: Git,
    /// The name of this machine.
    pub host: String,
    /// Milliseconds since 1970.
    pub now_unix_ms: i64,
}

/// A session to be made.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    /// Its id: lower-case letters and digits, not in use.
    pub id: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// The directory, or the file, that it is for.
    pub place: PathBuf,
    /// A revision to begin from, instead of the tree as it is.
    pub base: Option<String>,
    /// Whose git directory the workspace gets.
    pub gitdir: GitKind,
    /// For a shared one: the name of the team.
    pub team: Option<String>,
    /// Which ignored files come along.
    pub ignored: CarryPolicy,
    /// More bytes than this are refused.
    pub bytes_max: u64,
    /// How commands are confined. What of it can be had is found out when one is started.
    pub confinement: Confinement,
    /// Settings for strategies.
    pub settings: Vec<(String, String)>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The place is not one that can be isolated.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The state directory can't be used.
    #[error("{path} can't be used for sessions")]
    State {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The revision means nothing.
    #[error("the revision {0:?} means no commit of this repository")]
    Base(String),
    /// No strategy wants it.
    #[error("no strategy takes this project: {}", .0.join("; "))]
    Declined(Vec<String>),
    /// A strategy gave up.
    #[error("strategy {strategy} gave up: {message}")]
    Aborted {
        /// The strategy.
        strategy: String,
        /// What it said.
        message: String,
        /// What it says can be done.
        hint: Option<String>,
    },
    /// A strategy broke.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A strategy said that it is done and made no copy.
    #[error("strategy {0} says that it is done, and copied nothing")]
    Empty(String),
    /// The tree can't be copied.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The bytes can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record can't be written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The baseline can't be written.
    #[error(transparent)]
    Baseline(#[from] LoadError),
    /// Somebody else holds a lock.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Makes a session with the first strategy that takes the project. The session stays locked until the
/// lock that comes with it is dropped.
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
            // The error that is told is the first one; what stays behind is found by `doctor`.
            _ = abandon(context, &session);
            Err(error)
        }
    }
}

/// A session appears with its record and locked, or not at all.
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
            let why = format!("it came to no end in {STEPS_MAX} steps");
            return Err(StrategyError { strategy: strategy.label(), why }.into());
        }
    }
    Err(CreateError::Declined(declined))
}
