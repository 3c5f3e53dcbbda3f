//! Strategies for creating a workspace. A strategy plans from facts, and this crate executes its steps. The types mirror
//! `wit/isolation-strategy.wit`, which documents each of them.

mod facts;

pub use facts::{gather, gather_target};

use crate::baseline::CarryPolicy;
use crate::session::GitKind;

/// Facts about the source's git repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that is checked out.
    pub head_commit: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// `sha1` or `sha256`.
    pub object_format: String,
    /// Whether the clone is shallow.
    pub shallow: bool,
    /// Whether missing objects are fetched on demand.
    pub partial_clone: bool,
    /// Whether the checkout is sparse.
    pub sparse: bool,
    /// Whether Git LFS is configured.
    pub lfs: bool,
    /// Whether the source is a linked work tree.
    pub linked_worktree: bool,
    /// An operation in progress, such as `merge` or `rebase`.
    pub operation: Option<String>,
    /// Whether `index.lock` exists.
    pub locked: bool,
}

/// Facts about the user's tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// The git repository, if there is one.
    pub git: Option<GitFacts>,
    /// Number of files.
    pub files: u64,
    /// Total size of the files in bytes.
    pub total_bytes: u64,
    /// Number of symbolic links.
    pub symlinks: u64,
    /// Size of the largest file in bytes.
    pub largest_file_bytes: u64,
    /// Whether the session covers a single file.
    pub single_file: bool,
    /// Whether counting stopped at the time limit.
    pub counts_partial: bool,
}

/// Facts about the directory for the copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetFacts {
    /// Whether source and copy are on the same file system.
    pub same_filesystem: bool,
    /// Free space in bytes.
    pub free_bytes: u64,
    /// The operating system.
    pub os: String,
}

/// The user's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// The commit to start from; `None` for the current state of the tree.
    pub commit: Option<String>,
    /// The git directory that the copy gets.
    pub gitdir: GitKind,
    /// The ignored files to carry.
    pub ignored: CarryPolicy,
    /// Values of the manifest's settings: name and JSON.
    pub settings: Vec<(String, String)>,
}

/// A set of files to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopySet {
    /// All files.
    Everything,
    /// Files that git does not ignore.
    NotIgnored,
    /// Files that git tracks.
    Tracked,
}

/// A step that the host executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Register a work tree.
    AddWorktree {
        /// The git directory that it gets.
        gitdir: GitKind,
        /// The commit for git to check out.
        checkout: Option<String>,
    },
    /// Copy files.
    CopyTree {
        /// The set of files.
        set: CopySet,
        /// The ignored files to carry.
        ignored: CarryPolicy,
        /// Globs of files to copy; empty for all.
        include: Vec<String>,
        /// Globs of files to leave out.
        exclude: Vec<String>,
    },
    /// A step unknown to this host.
    Other {
        /// The name of the step.
        kind: String,
    },
}

/// The result of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepReport {
    /// Number of files created.
    pub files: u64,
    /// Total size in bytes.
    pub bytes: u64,
    /// Number of files that share blocks with the original.
    pub reflinked_files: u64,
    /// Reasons why paths were not carried, each with the number of paths.
    pub not_carried: Vec<(String, u64)>,
    /// Duration in milliseconds.
    pub millis: u64,
}

/// The kind of a step's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepErrorKind {
    /// The step is unknown or out of order.
    Unsupported,
    /// The device is full.
    NoSpace,
    /// A limit of the user was exceeded.
    TooLarge,
    /// A file could not be read or written for lack of permission.
    PermissionDenied,
    /// git failed.
    GitFailed,
    /// Any other error.
    Io,
}

/// The host's report to the strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// No step was executed yet.
    Begin,
    /// The last step succeeded.
    Done(StepReport),
    /// The last step failed.
    Failed {
        /// The kind of failure.
        kind: StepErrorKind,
        /// The host's message.
        message: String,
    },
}

/// A strategy's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Execute a step.
    Perform(Step),
    /// The workspace is complete.
    Ready {
        /// Properties of the copy.
        properties: Vec<String>,
        /// Notes for the user.
        notices: Vec<String>,
    },
    /// The strategy does not handle this source, for the given reason.
    Decline(String),
    /// Creation failed.
    Abort {
        /// The cause.
        message: String,
        /// Advice for the user.
        hint: Option<String>,
    },
}

/// A failure of the strategy itself: its component crashed, exceeded its time or violated the contract.
#[derive(Debug, thiserror::Error)]
#[error("strategy {strategy} failed: {why}")]
pub struct StrategyError {
    /// Id and version of the strategy.
    pub strategy: String,
    /// The cause.
    pub why: String,
}

/// A strategy for creating workspaces.
pub trait Strategy {
    /// Returns the id, as users type it.
    fn id(&self) -> &str;

    /// Returns id and version, for records.
    fn label(&self) -> String;

    /// Starts to plan one workspace.
    fn begin(
        &self,
        source: &SourceFacts,
        target: &TargetFacts,
        wants: &Wants,
    ) -> Result<Box<dyn Planner + '_>, StrategyError>;
}

/// The planning of one workspace.
pub trait Planner {
    /// Returns the next decision. Called first with `Begin`, then with the outcome of each step.
    fn next(&mut self, outcome: StepOutcome) -> Result<Decision, StrategyError>;
}
