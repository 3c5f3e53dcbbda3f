//! Making, comparing and putting away a workspace, beside what git does for the same tree. Every figure
//! stands next to its peer's of the same run; only the ratio means something.
//!
//!     cargo bench -p massgen-isolation -- [FILES…]        20000 and 100000 files without arguments
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use massgen_isolation::archive::discard;
use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::changes::Opened;
use massgen_isolation::confine::{Confinement, Protect};
use massgen_isolation::context::Context;
use massgen_isolation::create::{CreateRequest, create};
use massgen_isolation::git::Git;
use massgen_isolation::session::{GitKind, Session, StateDir};
use massgen_isolation::strategy::{
    CopySet, Decision, Planner, SourceFacts, Step, StepOutcome, Strategy, StrategyError,
    TargetFacts, Wants,
};

const RUNS: usize = 5;
const BYTES_EACH: usize = 7_800;

/// What the component `worktree` plans, without the component.
struct Worktree;

struct Steps(usize);

impl Strategy for Worktree {
    fn id(&self) -> &str {
        "worktree"
    }
    fn label(&self) -> String {
        "worktree bench".into()
    }
    fn begin(
        &self,
        _: &SourceFacts,
        _: &TargetFacts,
        _: &Wants,
    ) -> Result<Box<dyn Planner + '_>, StrategyError> {
        Ok(Box::new(Steps(0)))
    }
}

impl Planner for Steps {
    fn next(&mut self, _: StepOutcome) -> Result<Decision, StrategyError> {
        self.0 += 1;
        Ok(match self.0 {
            1 => Decision::Perform(Step::AddWorktree { gitdir: GitKind::Private, checkout: None }),
            2 => Decision::Perform(Step::CopyTree {
                set: CopySet::NotIgnored,
                ignored: CarryPolicy::Listed,
                include: vec![],
                exclude: vec![],
            }),
            _ => Decision::Ready { properties: vec![], notices: vec![] },
        })
    }
}

fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=b", "-c", "user.email=b@example.com"])
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{args:?}");
}

/// A repository of many files that look like text.
fn repository(root: &Path, files: usize) -> PathBuf {
    let project = root.join("project");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..files {
        let dir = project.join(format!("d{}/e{}", number / 1000, number / 50 % 20));
        if number.is_multiple_of(50) {
            std::fs::create_dir_all(&dir).unwrap();
        }
        let mut text = String::with_capacity(BYTES_EACH + 20);
        while text.len() < BYTES_EACH {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(&format!("let value_{} = {seed};\n", seed % 97));
        }
        std::fs::write(dir.join(format!("f{number}.rs")), text).unwrap();
    }
    git(&project, &["init", "-q", "."]);
    // Otherwise the commit starts a repack in the background, and it is measured with everything else.
    git(&project, &["config", "gc.auto", "0"]);
    git(&project, &["config", "maintenance.auto", "false"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-qm", "all"]);
    git(&project, &["gc", "-q"]);
    project
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

struct Bench {
    context: Context,
    project: PathBuf,
}

impl Bench {
    fn create(&self, id: &str) -> Session {
        let request = CreateRequest {
            id: id.into(),
            name: None,
            place: self.project.clone(),
            base: None,
            gitdir: GitKind::Private,
            team: None,
            ignored: CarryPolicy::Listed,
            bytes_max: u64::MAX,
            confinement: Confinement { protect: Protect::Off, ..Confinement::default() },
            settings: vec![],
        };
        create(&self.context, &request, &[&Worktree]).unwrap().0
    }
}

/// What one run left behind for the next measurement.
struct Made {
    session: Session,
    tree: PathBuf,
}

/// Makes everything first and removes nothing in between: ext4 does not give the inodes of removed files
/// away again for a while and looks for others ever longer, which would be measured instead.
fn measure(files: usize) {
    let root = tempfile::tempdir().unwrap();
    let project = repository(root.path(), files);
    let context = Context {
        state: StateDir::new(&root.path().join("state")),
        git: Git::new(std::env::vars_os()),
        host: "bench".into(),
        now_unix_ms: 1,
    };
    let bench = Bench { context, project };
    let listed = list(&bench.project);
    let (mut ours, mut theirs, mut piped, mut bare, mut made) =
        (vec![], vec![], vec![], vec![], vec![]);
    for run in 0..RUNS {
        let tree = root.path().join(format!("tree{run}"));
        let copy = root.path().join(format!("copy{run}"));
        let mut session = None;
        settle(root.path());
        ours.push(timed(|| session = Some(bench.create(&format!("s{run}")))));
        settle(root.path());
        let path = tree.to_str().unwrap();
        theirs.push(timed(|| git(&bench.project, &["worktree", "add", "-q", "--detach", path])));
        settle(root.path());
        piped.push(timed(|| pipe(&bench.project, &copy)));
        settle(root.path());
        let copy = root.path().join(format!("bare{run}"));
        bare.push(timed(|| bare_copy(&bench.project, &copy, &listed)));
        made.push(Made { session: session.unwrap(), tree });
    }
    report(files, "create", "a tar pipe", ours.clone(), piped);
    report(files, "create", "a bare copy", ours.clone(), bare.clone());
    report(files, "create", "git worktree add", ours, theirs.clone());
    report(files, "a bare copy", "git worktree add", bare, theirs);
    measure_the_rest(files, &bench, &made);
}

/// Writes everything out, so that nobody pays for what somebody else wrote.
fn settle(dir: &Path) {
    assert!(Command::new("sync").arg("-f").arg(dir).status().unwrap().success());
}

fn pipe(project: &Path, copy: &Path) {
    std::fs::create_dir(copy).unwrap();
    let pipe = "tar cf - --exclude=.git . | tar xf - -C \"$1\"";
    let status =
        Command::new("sh").args(["-c", pipe, "sh"]).arg(copy).current_dir(project).status();
    assert!(status.unwrap().success());
}

/// Directories, each with the files in it, below the project.
type Listed = Vec<(PathBuf, Vec<PathBuf>)>;

fn list(project: &Path) -> Listed {
    let mut found = Listed::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(dir) = waiting.pop() {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(project.join(&dir)).unwrap().map(Result::unwrap) {
            let path = dir.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true if entry.file_name() != ".git" => waiting.push(path),
                true => {}
                false => files.push(path),
            }
        }
        found.push((dir, files));
    }
    found
}

/// What nobody who copies files can beat: directories made, files read, made and written by two threads. No walk, no
/// hash, no times, no second copy, no git.
fn bare_copy(project: &Path, copy: &Path, listed: &Listed) {
    for (dir, _) in listed {
        std::fs::create_dir(copy.join(dir)).unwrap();
    }
    std::thread::scope(|scope| {
        for half in listed.chunks(listed.len().div_ceil(2)) {
            scope.spawn(move || {
                for file in half.iter().flat_map(|(_, files)| files) {
                    std::fs::write(copy.join(file), std::fs::read(project.join(file)).unwrap())
                        .unwrap();
                }
            });
        }
    });
}

fn measure_the_rest(files: usize, bench: &Bench, made: &[Made]) {
    let (mut changes, mut status, mut away, mut removed) = (vec![], vec![], vec![], vec![]);
    for Made { session, tree } in made {
        for edit in 0..100 {
            let file = format!("d0/e{}/f{}.rs", edit * 7 / 50 % 20, edit * 7);
            std::fs::write(session.workspace.join(&file), "edited\n").unwrap();
            std::fs::write(tree.join(&file), "edited\n").unwrap();
        }
        // Both have looked once; what is measured is the look that people wait for.
        git(tree, &["status", "--porcelain"]);
        let look = || {
            let opened = Opened::open(&bench.context, session.clone()).unwrap();
            assert_eq!(opened.changeset().unwrap().counts().modified, 100);
        };
        look();
        changes.push(timed(look));
        status.push(timed(|| git(tree, &["status", "--porcelain"])));
    }
    for Made { session, tree } in made {
        let path = tree.to_str().unwrap();
        away.push(timed(|| drop(discard(&bench.context, session).unwrap())));
        removed.push(timed(|| git(&bench.project, &["worktree", "remove", "--force", path])));
    }
    report(files, "changeset of 100 edits", "git status", changes, status);
    report(files, "discard", "git worktree remove", away, removed);
}

fn report(files: usize, what: &str, peer: &str, ours: Vec<Duration>, theirs: Vec<Duration>) {
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{files:>7} files  {what:<23} {ours:>9.1?}  {peer:<20} {theirs:>9.1?}  ratio {ratio:.2}"
    );
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![20_000, 100_000] } else { sizes };
    sizes.into_iter().for_each(measure);
}
