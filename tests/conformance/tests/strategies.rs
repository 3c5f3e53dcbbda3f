//! Strategies and the host: the bundled ones, and one that breaks the contract.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::path::{Path, PathBuf};

use massgen_conformance::MISCHIEF;
use massgen_isolation::archive::doctor;
use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::confine::{Confinement, Protect};
use massgen_isolation::context::Context;
use massgen_isolation::create::{CreateError, CreateRequest, create};
use massgen_isolation::git::Git;
use massgen_isolation::session::{GitKind, StateDir};
use massgen_isolation::strategy::{
    Decision, GitFacts, SourceFacts, Step, StepErrorKind, StepOutcome, StepReport, Strategy,
    TargetFacts, Wants,
};
use massgen_runtime::{ComponentStrategy, Runtime, RuntimeOptions};
use tempfile::TempDir;

fn mischief() -> ComponentStrategy {
    Runtime::new(&RuntimeOptions::default()).unwrap().load_strategy(MISCHIEF).unwrap()
}

fn bundled() -> Vec<ComponentStrategy> {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let strategies = massgen_bundle::PLUGINS
        .iter()
        .filter(|plugin| plugin.manifest_toml.contains("isolation-strategy"))
        .map(|plugin| runtime.load_strategy(plugin.component).unwrap())
        .collect::<Vec<_>>();
    assert_eq!(strategies.len(), 2);
    strategies
}

/// A project and a state directory.
struct Fixture {
    dir: TempDir,
    context: Context,
}

impl Fixture {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("project")).unwrap();
        std::fs::write(dir.path().join("project/file"), "mine\n").unwrap();
        let environment = [("HOME", dir.path().as_os_str()), ("PATH", "/usr/bin:/bin".as_ref())];
        let context = Context {
            state: StateDir::new(&dir.path().join("state")),
            git: Git::new(environment.map(|(name, value)| (name.into(), value.into()))),
            host: "here".into(),
            now_unix_ms: 1,
        };
        Self { dir, context }
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn create(&self, strategy: &dyn Strategy, misdeed: &str) -> Result<PathBuf, CreateError> {
        let request = CreateRequest {
            id: "s".into(),
            name: None,
            place: self.project(),
            base: None,
            gitdir: GitKind::Private,
            team: None,
            ignored: CarryPolicy::All,
            bytes_max: 1 << 20,
            confinement: Confinement { protect: Protect::Off, ..Confinement::default() },
            settings: vec![("misdeed".into(), misdeed.into())],
        };
        create(&self.context, &request, &[strategy]).map(|(session, _)| session.workspace.0)
    }
}

/// Checks that a misdeed ends in an error and changes neither the project nor the state.
fn assert_stopped(misdeed: &str, message: &str) {
    let fixture = Fixture::new();
    let error = fixture.create(&mischief(), misdeed).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    assert_eq!(std::fs::read(fixture.project().join("file")).unwrap(), b"mine\n");
    assert_eq!(std::fs::read_dir(fixture.project()).unwrap().count(), 1);
    let sessions = fixture.context.state.sessions();
    assert_eq!(std::fs::read_dir(sessions).unwrap().count(), 0);
    assert!(doctor(&fixture.context, None, false).unwrap().defects.is_empty());
}

macro_rules! misdeeds {
    ($($name:ident: $misdeed:literal, $message:literal;)*) => {
        $(
            #[test]
            fn $name() {
                assert_stopped($misdeed, $message);
            }
        )*
    };
}

misdeeds! {
    spin: "spin", "exceeded its time limit";
    panic: "panic", "had enough";
    allocate: "allocate", "crashed";
    ready_at_once: "ready-at-once", "without copying anything";
    giant_notices: "giant-notices", "without copying anything";
    never_ends: "never-ends", "not finish within 32 steps";
    other_commit: "other-commit", "did not request";
    other_gitdir: "other-gitdir", "did not request";
    unknown_step: "unknown-step", "does not know the step";
    decline_late: "decline-late", "second thoughts";
    abort_with_escapes: "abort-with-escapes", "wiped";
}

#[test]
fn globs_cannot_leave_the_project() {
    let fixture = Fixture::new();
    std::fs::write(fixture.dir.path().join("secret"), "no").unwrap();
    let workspace = fixture.create(&mischief(), "climb").unwrap();
    let names: Vec<_> =
        std::fs::read_dir(&workspace).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["file"]);
    assert!(!Path::new(&workspace).join("../secret").exists());
}

/// Returns facts, hostile ones included.
fn sources() -> Vec<SourceFacts> {
    let git = GitFacts {
        head_commit: Some("a".repeat(40)),
        object_format: "sha1".into(),
        ..GitFacts::default()
    };
    let hostile = GitFacts {
        head_commit: None,
        branch: Some("\u{202e}\n$(rm -rf /)".repeat(1000)),
        object_format: String::new(),
        operation: Some("x".repeat(100_000)),
        shallow: true,
        partial_clone: true,
        sparse: true,
        lfs: true,
        linked_worktree: true,
        locked: true,
    };
    let counts = SourceFacts {
        files: u64::MAX,
        total_bytes: u64::MAX,
        symlinks: u64::MAX,
        ..SourceFacts::default()
    };
    vec![
        SourceFacts::default(),
        SourceFacts { git: Some(git), ..SourceFacts::default() },
        SourceFacts {
            git: Some(hostile),
            counts_partial: true,
            single_file: true,
            ..counts.clone()
        },
        counts,
    ]
}

fn wants() -> Vec<Wants> {
    let mut all = Vec::new();
    for commit in [None, Some("b".repeat(40))] {
        for gitdir in [GitKind::Private, GitKind::Shared, GitKind::Linked] {
            for ignored in [CarryPolicy::None, CarryPolicy::Listed, CarryPolicy::All] {
                all.push(Wants { commit: commit.clone(), gitdir, ignored, settings: vec![] });
            }
        }
    }
    all
}

/// Returns the decisions of a strategy if every step has this outcome.
fn course(
    strategy: &dyn Strategy,
    source: &SourceFacts,
    wants: &Wants,
    outcome: &StepOutcome,
) -> Vec<Decision> {
    let target = TargetFacts { same_filesystem: true, free_bytes: 1 << 40, os: "linux".into() };
    let mut planner = strategy.begin(source, &target, wants).unwrap();
    let mut decisions = Vec::new();
    let mut next = StepOutcome::Begin;
    for _ in 0..32 {
        let decision = planner.next(next).unwrap();
        decisions.push(decision.clone());
        match decision {
            Decision::Perform(_) => next = outcome.clone(),
            _ => return decisions,
        }
    }
    panic!("no end within 32 steps: {decisions:?}");
}

#[test]
fn bundled_strategies_conform() {
    let mut outcomes = vec![StepOutcome::Done(StepReport::default())];
    for kind in [
        StepErrorKind::Unsupported,
        StepErrorKind::NoSpace,
        StepErrorKind::TooLarge,
        StepErrorKind::PermissionDenied,
        StepErrorKind::GitFailed,
        StepErrorKind::Io,
    ] {
        outcomes.push(StepOutcome::Failed { kind, message: "the step failed".into() });
    }
    for strategy in bundled() {
        for source in sources() {
            for wants in wants() {
                for outcome in &outcomes {
                    let first = course(&strategy, &source, &wants, outcome);
                    assert_eq!(first, course(&strategy, &source, &wants, outcome));
                    conforms(strategy.id(), &wants, outcome, &first);
                }
            }
        }
    }
}

fn conforms(id: &str, wants: &Wants, outcome: &StepOutcome, decisions: &[Decision]) {
    let failed = matches!(outcome, StepOutcome::Failed { .. });
    let performed = decisions.iter().any(|decision| matches!(decision, Decision::Perform(_)));
    match decisions.last().unwrap() {
        Decision::Ready { .. } => assert!(performed && !failed, "{id}: ready after a failure"),
        Decision::Decline(why) => assert!(!performed && !why.is_empty(), "{id}: declines too late"),
        Decision::Abort { message, .. } => assert!(!message.is_empty(), "{id}: no message"),
        Decision::Perform(_) => unreachable!("the last decision ends the course"),
    }
    for decision in decisions {
        if let Decision::Perform(Step::AddWorktree { gitdir, checkout }) = decision {
            assert_eq!(
                (gitdir, checkout),
                (&wants.gitdir, &wants.commit),
                "{id}: not as requested"
            );
        }
    }
}
