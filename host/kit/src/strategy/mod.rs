//! Checks for strategies, with many combinations of facts, requests and step outcomes.

mod world;

use massgen_isolation::strategy::{Decision, SourceFacts, Step, StepOutcome, StepReport, Wants};
use massgen_runtime::ComponentStrategy;
use massgen_runtime::rehearsal::StrategyRehearsal;

use crate::report::{Check, Report, Verdict, failed};
use world::{outcomes, settings, sources, targets, wants};

const fn check(id: &'static str, rule: &'static str) -> Check {
    Check { id, rule }
}

/// Describes how a course breaks a rule, if it does.
type Rule = fn(&Course<'_>) -> Option<String>;

const RULES: &[(Check, Rule)] = &[
    (check("bounded", "planning ends within 32 steps"), bounded),
    (check("outcomes", "`ready` follows a copy that succeeded, never a step that failed"), outcome),
    (check("decline", "`decline` comes before the first step and has a reason"), decline),
    (check("abort", "`abort` has a message of one line"), abort),
    (
        check("invents", "steps use only the commit and the git directory that the user requested"),
        invents,
    ),
    (check("order", "at most one work tree is added, before files are copied"), order),
    (check("globs", "globs stay within the project"), globs),
];

const DETERMINISM: Check =
    check("determinism", "equal facts produce equal decisions, regardless of how long a step took");
const HOSTILE: Check = check("hostile-facts", "no facts crash the strategy");

/// Returns all checks in report order.
pub fn checks() -> Vec<Check> {
    [DETERMINISM, HOSTILE].into_iter().chain(RULES.iter().map(|(check, _)| *check)).collect()
}

/// A complete rehearsal of a strategy, with its inputs.
struct Course<'a> {
    wants: &'a Wants,
    outcome: &'a StepOutcome,
    rehearsal: &'a StrategyRehearsal,
}

impl Course<'_> {
    fn last(&self) -> Option<&Decision> {
        self.rehearsal.decisions.last().filter(|_| self.rehearsal.ended)
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.rehearsal.decisions.iter().filter_map(|decision| match decision {
            Decision::Perform(step) => Some(step),
            _ => None,
        })
    }
}

/// Runs all checks. `set` holds names and values of settings that override the defaults.
pub fn run(strategy: &ComponentStrategy, set: &[(String, String)]) -> Report {
    let mut verdicts: Vec<(Check, Verdict)> =
        checks().into_iter().map(|check| (check, Verdict::Passed { inputs: 0 })).collect();
    let mut note = |id: &str, failure: Option<Verdict>| {
        let found = verdicts.iter_mut().find(|(check, _)| check.id == id);
        if let Some((_, verdict)) = found
            && let Verdict::Passed { inputs } = verdict
        {
            *inputs += 1;
            if let Some(failure) = failure {
                *verdict = failure;
            }
        }
    };
    let settings = settings(strategy.manifest(), set);
    let targets = targets();
    for (number, (source_name, source)) in sources().into_iter().enumerate() {
        for wants in wants(&settings) {
            for outcome in outcomes() {
                let target = &targets[(number + wants.settings.len()) % targets.len()];
                let input = || describe(source_name, &source, &wants, &outcome);
                let first = match strategy.rehearse(&source, target, &wants, &outcome) {
                    Ok(first) => first,
                    Err(error) => {
                        // Stop at the first crash: each may take as long as the host allows.
                        note(HOSTILE.id, Some(failed(input(), error.to_string())));
                        return Report { results: verdicts };
                    }
                };
                note(HOSTILE.id, None);
                let again = strategy.rehearse(&source, target, &wants, &slower(&outcome)).ok();
                let differs = again.as_ref() != Some(&first);
                note(
                    DETERMINISM.id,
                    differs.then(|| {
                        failed(input(), format!("{:?} became {again:?}", first.decisions))
                    }),
                );
                let course = Course { wants: &wants, outcome: &outcome, rehearsal: &first };
                for (check, rule) in RULES {
                    note(check.id, rule(&course).map(|saw| failed(input(), saw)));
                }
            }
        }
    }
    Report { results: verdicts }
}

/// Returns the same outcome after a longer time.
fn slower(outcome: &StepOutcome) -> StepOutcome {
    match outcome {
        StepOutcome::Done(report) => {
            StepOutcome::Done(StepReport { millis: report.millis + 60_000, ..report.clone() })
        }
        other => other.clone(),
    }
}

fn describe(name: &str, source: &SourceFacts, wants: &Wants, outcome: &StepOutcome) -> String {
    let git = if source.git.is_some() { "git" } else { "no git" };
    let outcome = match outcome {
        StepOutcome::Begin => "begin".to_string(),
        StepOutcome::Done(_) => "every step succeeds".into(),
        StepOutcome::Failed { kind, .. } => format!("every step fails ({kind:?})"),
    };
    format!(
        "{name} ({git}), commit {:?}, {:?}, ignored {:?}, settings {:?}; {outcome}",
        wants.commit.as_deref().map(|commit| &commit[..commit.len().min(8)]),
        wants.gitdir,
        wants.ignored,
        wants.settings
    )
}

fn bounded(course: &Course<'_>) -> Option<String> {
    (!course.rehearsal.ended)
        .then(|| format!("{} decisions without an end", course.rehearsal.decisions.len()))
}

fn outcome(course: &Course<'_>) -> Option<String> {
    let failed = matches!(course.outcome, StepOutcome::Failed { .. });
    let copied = course.steps().any(|step| {
        matches!(step, Step::CopyTree { .. } | Step::AddWorktree { checkout: Some(_), .. })
    });
    match course.last()? {
        Decision::Ready { .. } if failed => Some("ready after a step that failed".into()),
        Decision::Ready { .. } if !copied => Some("ready although no file was copied".into()),
        _ => None,
    }
}

fn decline(course: &Course<'_>) -> Option<String> {
    match course.last()? {
        Decision::Decline(why) if why.trim().is_empty() => {
            Some("the strategy declines without a reason".into())
        }
        Decision::Decline(why) if course.steps().next().is_some() => {
            Some(format!("the strategy declines after a step: {why}"))
        }
        _ => None,
    }
}

fn abort(course: &Course<'_>) -> Option<String> {
    match course.last()? {
        Decision::Abort { message, .. } if message.trim().is_empty() => {
            Some("the strategy aborts without a message".into())
        }
        Decision::Abort { message, hint } => {
            let lines = [Some(message), hint.as_ref()];
            let bad =
                lines.into_iter().flatten().find(|text| text.chars().any(char::is_control))?;
            Some(format!("{bad:?} is not one line of text"))
        }
        _ => None,
    }
}

fn invents(course: &Course<'_>) -> Option<String> {
    course.steps().find_map(|step| match step {
        Step::AddWorktree { gitdir, checkout } => {
            let invented = *gitdir != course.wants.gitdir
                || checkout.is_some() && *checkout != course.wants.commit;
            invented.then(|| format!("the step asks for {gitdir:?} at {checkout:?}"))
        }
        Step::Other { kind } => Some(format!("the step {kind:?} is unknown to this host")),
        Step::CopyTree { .. } => None,
    })
}

fn order(course: &Course<'_>) -> Option<String> {
    let steps: Vec<&Step> = course.steps().take(34).collect();
    let trees = steps.iter().filter(|step| matches!(step, Step::AddWorktree { .. })).count();
    // A failed step may be retried differently.
    if matches!(course.outcome, StepOutcome::Failed { .. }) {
        return None;
    }
    let copied_first =
        steps.iter().position(|step| matches!(step, Step::CopyTree { .. })).is_some_and(|copy| {
            steps[copy..].iter().any(|step| matches!(step, Step::AddWorktree { .. }))
        });
    (trees > 1 || copied_first).then(|| format!("{steps:?}"))
}

fn globs(course: &Course<'_>) -> Option<String> {
    course.steps().find_map(|step| {
        let Step::CopyTree { include, exclude, .. } = step else { return None };
        include
            .iter()
            .chain(exclude)
            .find(|glob| {
                glob.split('/').any(|part| part.trim_start_matches('!') == "..")
                    || glob.contains('\0')
                    || glob.trim().is_empty()
            })
            .map(|glob| format!("the glob {glob:?} is empty or leaves the project"))
    })
}
