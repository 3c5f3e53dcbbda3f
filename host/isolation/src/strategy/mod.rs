//! Ways to make a workspace. A strategy plans with facts; this crate acts. The types mirror
//! `wit/isolation-strategy.wit`, where each is explained.

mod facts;

pub use facts::{gather, gather_target};

use crate::baseline::CarryPolicy;
use crate::session::GitKind;

/// What is known of the source's git repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that is checked out.
    pub head_commit: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// `sha1` or `sha256`.
    pub object_format: String,
    /// History is cut off.
    pub shallow: bool,
    /// Objects are fetched when they are needed.
    pub partial_clone: bool,
    /// Only a part of the tree is checked out.
    pub sparse: bool,
    /// Git LFS is set up.
    pub lfs: bool,
    /// The source is a linked work tree.
    pub linked_worktree: bool,
    /// What the user is in the middle of.
    pub operation: Option<String>,
    /// There is an index lock.
    pub locked: bool,
}

/// What is known of the user's tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// None: not a git repository.
    pub git: Option<GitFacts>,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub total_bytes: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Bytes of the largest file.
    pub largest_file_bytes: u64,
    /// The session is for one file.
    pub single_file: bool,
    /// There is more than the counts say.
    pub counts_partial: bool,
}

/// What is known of the place for the copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetFacts {
    /// Source and copy are on one file system.
    pub same_filesystem: bool,
    /// Bytes that are free there.
    pub free_bytes: u64,
    /// The operating system.
    pub os: String,
}

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// Commit to begin from; none: the tree as it is.
    pub commit: Option<String>,
    /// Whose git directory the copy gets.
    pub gitdir: GitKind,
    /// Which ignored files come along.
    pub ignored: CarryPolicy,
    /// Values of the manifest's settings: name and JSON.
    pub settings: Vec<(String, String)>,
}

/// Which files are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopySet {
    /// Everything.
    Everything,
    /// What git does not ignore.
    NotIgnored,
    /// What git tracks.
    Tracked,
}

/// An act of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Register a work tree.
    AddWorktree {
        /// Whose git directory it gets.
        gitdir: GitKind,
        /// The commit whose files git checks out.
        checkout: Option<String>,
    },
    /// Copy files.
    CopyTree {
        /// Which files.
        set: CopySet,
        /// Which ignored ones.
        ignored: CarryPolicy,
        /// Globs.
        include: Vec<String>,
        /// Globs.
        exclude: Vec<String>,
    },
    /// A step that this host does not know.
    Other {
        /// Its name.
        kind: String,
    },
}

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepReport {
    /// Files that were made.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that share their blocks with the original.
    pub reflinked_files: u64,
    /// Reasons for what stayed away, and how many paths.
    pub not_carried: Vec<(String, u64)>,
    /// Time.
    pub millis: u64,
}

/// Kinds of failures of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepErrorKind {
    /// Not known, or out of order.
    Unsupported,
    /// The device is full.
    NoSpace,
    /// More than the user allows.
    TooLarge,
    /// Something may not be read or written.
    PermissionDenied,
    /// git said no.
    GitFailed,
    /// Anything else.
    Io,
}

/// What the host answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was done yet.
    Begin,
    /// The step is done.
    Done(StepReport),
    /// The step failed.
    Failed {
        /// What kind of failure.
        kind: StepErrorKind,
        /// In the host's words.
        message: String,
    },
}

/// What the strategy decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Do this.
    Perform(Step),
    /// It is done.
    Ready {
        /// What the copy is.
        properties: Vec<String>,
        /// What the user should know.
        notices: Vec<String>,
    },
    /// Not for this source.
    Decline(String),
    /// It can't be done.
    Abort {
        /// What went wrong.
        message: String,
        /// What the user can do.
        hint: Option<String>,
    },
}

/// A strategy broke: its component crashed, ran out of time, or broke the contract.
#[derive(Debug, thiserror::Error)]
#[error("strategy {strategy} failed: {why}")]
pub struct StrategyError {
    /// Id and version.
    pub strategy: String,
    /// What happened.
    pub why: String,
}

/// A way to make a workspace.
pub trait Strategy {
    /// Its id, as users type it.
    fn id(&self) -> &str;

    /// Id and version, for records.
    fn label(&self) -> String;

    /// Begins the making of one workspace.
    fn begin(
        &self,
        source: &SourceFacts,
        target: &TargetFacts,
        wants: &Wants,
    ) -> Result<Box<dyn Planner + '_>, StrategyError>;
}

/// The making of one workspace.
pub trait Planner {
    /// Called with `Begin`, then once for each step's outcome.
    fn next(&mut self, outcome: Outcome) -> Result<Decision, StrategyError>;
}
