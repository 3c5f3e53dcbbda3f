//! Apply and undo, stopped or failing at every step: the tree is always in its state before or after, and
//! recovery completes the job.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use massgen_isolation::apply::{
    ApplyRequest, Fault, Hook, NoHook, UndoError, UndoTarget, apply, recover, undo, unfinished,
};
use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::changes::Opened;
use massgen_isolation::confine::{Confinement, Protect};
use massgen_isolation::context::Context;
use massgen_isolation::create::{CreateRequest, create};
use massgen_isolation::git::Git;
use massgen_isolation::plan::OnDrift;
use massgen_isolation::review::Selection;
use massgen_isolation::session::{GitKind, Session, StateDir};
use massgen_isolation::strategy::{
    CopySet, Decision, Planner, SourceFacts, Step, StepOutcome, Strategy, StrategyError,
    TargetFacts, Wants,
};
use tempfile::TempDir;

/// A strategy that makes a plain copy.
struct Plain;

struct PlainPlanner;

impl Strategy for Plain {
    fn id(&self) -> &str {
        "plain"
    }
    fn label(&self) -> String {
        "plain 0".into()
    }
    fn begin(
        &self,
        _: &SourceFacts,
        _: &TargetFacts,
        _: &Wants,
    ) -> Result<Box<dyn Planner + '_>, StrategyError> {
        Ok(Box::new(PlainPlanner))
    }
}

impl Planner for PlainPlanner {
    fn next(&mut self, outcome: StepOutcome) -> Result<Decision, StrategyError> {
        Ok(match outcome {
            StepOutcome::Begin => Decision::Perform(Step::CopyTree {
                set: CopySet::Everything,
                ignored: CarryPolicy::All,
                include: vec![],
                exclude: vec![],
            }),
            StepOutcome::Done(_) => Decision::Ready { properties: vec![], notices: vec![] },
            StepOutcome::Failed { message, .. } => Decision::Abort { message, hint: None },
        })
    }
}

/// Stops or fails at one step.
struct At {
    step: usize,
    at: usize,
    fault: fn() -> Fault,
    reached: Option<&'static str>,
}

impl Hook for At {
    fn before(&mut self, step: &'static str) -> Result<(), Fault> {
        let here = self.step == self.at;
        self.step += 1;
        if here {
            self.reached = Some(step);
            return Err((self.fault)());
        }
        Ok(())
    }
}

fn at(at: usize, fault: fn() -> Fault) -> At {
    At { step: 0, at, fault, reached: None }
}

type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, dir: &Path, tree: &mut Tree) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            let meta = path.symlink_metadata().unwrap();
            let bytes = if meta.is_dir() {
                walk(root, &path, tree);
                b"dir".to_vec()
            } else if meta.is_symlink() {
                std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                std::fs::read(&path).unwrap()
            };
            let key = path.strip_prefix(root).unwrap().to_path_buf();
            tree.insert(key, (meta.permissions().mode(), bytes));
        }
    }
    let mut found = Tree::new();
    walk(root, root, &mut found);
    found
}

struct Case {
    dir: TempDir,
    context: Context,
    session: Session,
    before: Tree,
}

impl Case {
    /// Creates a project, a session, and agent's work of every kind.
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let project = dir.path().join("project");
        let write = |path: &str, text: &str| {
            let path = project.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for (path, text) in [
            ("edited", "one\n"),
            ("gone", "gone\n"),
            ("d/x", "x\n"),
            ("d/y", "y\n"),
            ("becomes-dir", "file\n"),
            ("becomes-file/in", "in\n"),
            ("moved", "moved\n"),
            ("kept", "kept\n"),
        ] {
            write(path, text);
        }
        std::os::unix::fs::symlink("kept", project.join("link")).unwrap();
        let environment = [("HOME", dir.path().as_os_str()), ("PATH", "/usr/bin:/bin".as_ref())];
        let context = Context {
            state: StateDir::new(&dir.path().join("state")),
            git: Git::new(environment.map(|(name, value)| (name.into(), value.into()))),
            host: "here".into(),
            now_unix_ms: 1,
        };
        let request = CreateRequest {
            id: "case".into(),
            name: None,
            place: project.clone(),
            base: None,
            gitdir: GitKind::Private,
            team: None,
            ignored: CarryPolicy::All,
            bytes_max: 1 << 20,
            confinement: Confinement { protect: Protect::Off, ..Confinement::default() },
            settings: vec![],
        };
        let (session, lock) = create(&context, &request, &[&Plain]).unwrap();
        drop(lock);
        agent(&session.workspace);
        let before = tree(&project);
        Self { dir, context, session, before }
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn apply(&self, hook: &mut dyn Hook) -> bool {
        let opened = Opened::open(&self.context, self.session.clone()).unwrap();
        let sessions = [(opened, Selection::Everything)];
        let request = ApplyRequest {
            sessions: &sessions,
            on_drift: OnDrift::Refuse,
            dry_run: false,
            allow_empty: false,
        };
        apply(&self.context, &request, hook).is_ok()
    }

    fn undo(&self, hook: &mut dyn Hook) -> bool {
        undo(&self.context, UndoTarget::Project(&self.project()), hook).is_ok()
    }

    /// Recovers, and asserts that the tree is one of two and that no apply is unfinished.
    fn recovered(&self, one: &Tree, other: &Tree, what: &str) {
        recover(&self.context, None).unwrap();
        assert!(unfinished(&self.context, None).unwrap().is_empty(), "{what}");
        let now = tree(&self.project());
        assert!(now == *one || now == *other, "{what}: between: {:?}", now.keys());
    }
}

fn agent(workspace: &Path) {
    let at = |path: &str| workspace.join(path);
    std::fs::write(at("edited"), "two\n").unwrap();
    std::fs::remove_file(at("gone")).unwrap();
    std::fs::remove_dir_all(at("d")).unwrap();
    std::fs::remove_file(at("becomes-dir")).unwrap();
    std::fs::create_dir_all(at("becomes-dir/deep")).unwrap();
    std::fs::write(at("becomes-dir/deep/new"), "new\n").unwrap();
    std::fs::remove_dir_all(at("becomes-file")).unwrap();
    std::fs::write(at("becomes-file"), "file now\n").unwrap();
    std::fs::rename(at("moved"), at("there")).unwrap();
    std::fs::remove_file(at("link")).unwrap();
    std::os::unix::fs::symlink("edited", at("link")).unwrap();
    std::fs::set_permissions(at("kept"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn crash() -> Fault {
    Fault::Crash
}

/// Errors of file systems: full, not permitted, other device, read-only.
const FAULTS: [fn() -> Fault; 4] = [
    || Fault::Io(std::io::Error::from_raw_os_error(28)),
    || Fault::Io(std::io::Error::from_raw_os_error(13)),
    || Fault::Io(std::io::Error::from_raw_os_error(18)),
    || Fault::Io(std::io::Error::from_raw_os_error(30)),
];

/// Returns the number of steps of an apply, and the tree after it.
fn whole() -> (usize, Tree) {
    let case = Case::new();
    let mut hook = at(usize::MAX, crash);
    assert!(case.apply(&mut hook));
    let after = tree(&case.project());
    assert_ne!(after, case.before);
    (hook.step, after)
}

#[test]
fn an_apply_killed_at_any_step_recovers() {
    let (steps, after) = whole();
    assert!(steps > 20, "{steps}");
    for step in 0..steps {
        let case = Case::new();
        let mut hook = at(step, crash);
        case.apply(&mut hook);
        let what = format!("step {step}: {:?}", hook.reached);
        case.recovered(&case.before, &after, &what);
        // The apply can be repeated, and undone.
        assert!(case.apply(&mut NoHook), "{what}");
        assert_eq!(tree(&case.project()), after, "{what}");
        assert!(case.undo(&mut NoHook), "{what}");
        assert_eq!(tree(&case.project()), case.before, "{what}");
    }
}

#[test]
fn an_undo_killed_at_any_step_recovers() {
    let (_, after) = whole();
    let case = Case::new();
    assert!(case.apply(&mut NoHook));
    let mut count = at(usize::MAX, crash);
    assert!(case.undo(&mut count));
    for step in 0..count.step {
        let case = Case::new();
        assert!(case.apply(&mut NoHook));
        let mut hook = at(step, crash);
        case.undo(&mut hook);
        case.recovered(&case.before, &after, &format!("step {step}: {:?}", hook.reached));
    }
}

#[test]
fn an_apply_failing_at_any_step_rolls_back() {
    let (steps, after) = whole();
    for fault in FAULTS {
        for step in 0..steps {
            let case = Case::new();
            let mut hook = at(step, fault);
            let applied = case.apply(&mut hook);
            let what = format!("step {step}: {:?}", hook.reached);
            let expect = if applied { &after } else { &case.before };
            case.recovered(expect, expect, &what);
        }
    }
}

#[test]
fn edits_of_the_user_survive_a_crash_and_recovery() {
    let (steps, _) = whole();
    let mut kept = 0;
    for step in 0..steps {
        let case = Case::new();
        let mut hook = at(step, crash);
        case.apply(&mut hook);
        // The user edits a file between the crash and the recovery.
        let file = case.project().join("edited");
        std::fs::write(&file, "the user's edit\n").unwrap();
        let recovered = recover(&case.context, None).unwrap();
        let here = std::fs::read(&file).unwrap() == b"the user's edit\n";
        let rescued = recovered.iter().flat_map(|done| &done.rescued);
        let saved =
            rescued.filter(|path| std::fs::read(path).unwrap() == b"the user's edit\n").count();
        assert!(here || saved == 1, "step {step}: {:?}: the user's edit is lost", hook.reached);
        kept += saved;
    }
    assert!(kept > 0, "no step caused a rescue");
}

#[test]
fn a_write_that_finds_another_edit_rolls_back() {
    /// Edits a file just before it is exchanged.
    struct Edits(PathBuf, usize);
    impl Hook for Edits {
        fn before(&mut self, step: &'static str) -> Result<(), Fault> {
            if step == "write" {
                self.1 += 1;
                std::fs::write(&self.0, format!("the user's edit {}\n", self.1)).unwrap();
            }
            Ok(())
        }
    }
    let case = Case::new();
    let file = case.project().join("edited");
    assert!(!case.apply(&mut Edits(file.clone(), 0)));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("the user's edit"));
    let mut now = tree(&case.project());
    let mut before = case.before.clone();
    now.remove(Path::new("edited"));
    before.remove(Path::new("edited"));
    assert_eq!(now, before);
}

#[test]
fn an_undo_in_another_project_does_not_disturb_a_running_apply() {
    /// Undoes at every step, where there is nothing to undo.
    struct Undoes<'a>(&'a Context, PathBuf, usize);
    impl Hook for Undoes<'_> {
        fn before(&mut self, _: &'static str) -> Result<(), Fault> {
            self.2 += 1;
            let which = [UndoTarget::Project(&self.1), UndoTarget::Session("nobody")];
            for which in which {
                let undone = undo(self.0, which, &mut NoHook);
                assert!(matches!(undone, Err(UndoError::Nothing)), "{undone:?}");
            }
            Ok(())
        }
    }
    let (steps, after) = whole();
    let case = Case::new();
    let mut hook = Undoes(&case.context, case.dir.path().join("another"), 0);
    assert!(case.apply(&mut hook));
    assert_eq!((hook.2, tree(&case.project())), (steps, after));
}
