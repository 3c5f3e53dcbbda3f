//! Watching a run that is being written: on a terminal the picture is drawn again, elsewhere each new event
//! becomes a line.

use std::io::IsTerminal;
use std::time::{Duration, Instant, SystemTime};

use massgen_logs::facts::{Facts, Outcome};
use massgen_logs::locate;
use massgen_logs::timeline::Timeline;

use super::super::target::Target;
use super::draw::{self, Frame};
use super::look;
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// How often the files are looked at, and how much longer than a look a pause is: a long log is not read without
/// a break.
const INTERVAL: Duration = Duration::from_millis(500);
const PAUSE_FACTOR: u32 = 4;

/// After the end of an attempt another one may begin this much later.
const SETTLED: Duration = Duration::from_secs(2);

/// MassGen writes `metrics_summary.json` last. Without it, an attempt with an answer is over when nothing came for this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Follows the target until its last attempt is over. Ctrl-C ends it as it ends any program.
pub(super) fn follow(app: &App, mut target: Target) -> Result<Exit, CommandError> {
    let redraws = std::io::stdout().is_terminal();
    if redraws {
        // What the terminal shows goes up, not away.
        app.ui.line(&"\n".repeat(app.ui.height().unwrap_or(0)));
    }
    let mut shown = Shown::default();
    let mut seen: Option<(Sign, Outcome, Instant)> = None;
    loop {
        // A new turn or attempt is a new directory.
        target.run = locate::run_dir(&target.run.root).map_err(|error| {
            CommandError::failed("run-vanished", "the run can't be read any more").because(&error)
        })?;
        let began = Instant::now();
        let sign = Sign::of(&target);
        let (outcome, since) = match seen.take() {
            Some((before, outcome, since)) if before == sign => (outcome, since),
            _ => {
                let (facts, timeline) = look(app, &target);
                let is_read = if redraws {
                    app.ui.redraw(&draw::draw(&timeline, frame(app)))
                } else {
                    shown.print(app, &timeline)
                };
                if !is_read {
                    return Ok(Exit::Done);
                }
                (outcome_of(&facts), began)
            }
        };
        // By its own clock, too: the one that files have may be ahead.
        if is_over(outcome, sign.has_metrics, sign.quiet().max(since.elapsed())) {
            return Ok(Exit::Done);
        }
        seen = Some((sign, outcome, since));
        std::thread::sleep(INTERVAL.max(began.elapsed() * PAUSE_FACTOR));
    }
}

fn frame(app: &App) -> Frame {
    Frame { width: usize::from(app.ui.width()), height: app.ui.height(), all: false }
}

/// An attempt that may only just have begun looks like one that failed before any work.
fn outcome_of(facts: &Facts) -> Outcome {
    match facts.last_attempt() {
        Some(last) if last.outcome == Outcome::Error && last.events == 0 => Outcome::Killed,
        Some(last) => last.outcome,
        None => Outcome::Killed,
    }
}

/// Whether nothing more is to come: a run that was killed can't be told from one that thinks, and a finished
/// attempt may still be thrown away for another one.
fn is_over(outcome: Outcome, has_metrics: bool, quiet: Duration) -> bool {
    match outcome {
        Outcome::Killed | Outcome::Restarted => false,
        Outcome::NoAnswer | Outcome::ConfigError | Outcome::Error => quiet >= SETTLED,
        Outcome::Completed | Outcome::Timeout | Outcome::Interrupted => {
            quiet >= if has_metrics { SETTLED } else { PATIENCE }
        }
    }
}

/// What tells that something came: how many attempts there are, and of the last one the newest change and the size of
/// what tells most.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sign {
    attempts: usize,
    changed: Option<SystemTime>,
    bytes: u64,
    has_metrics: bool,
}

impl Sign {
    fn of(target: &Target) -> Self {
        let attempts = target.run.turns.iter().flat_map(|turn| &turn.attempts);
        let last = attempts.clone().last();
        let meta = |file| std::fs::metadata(last?.path.join(file)).ok();
        let metrics = meta("metrics_summary.json");
        let files = [meta("events.jsonl"), meta("status.json"), metrics.clone()];
        let files = files.iter().flatten();
        Self {
            attempts: attempts.count(),
            changed: files.clone().filter_map(|meta| meta.modified().ok()).max(),
            bytes: files.map(std::fs::Metadata::len).sum(),
            has_metrics: metrics.is_some(),
        }
    }

    /// How long ago the last change was.
    fn quiet(&self) -> Duration {
        self.changed.and_then(|at| at.elapsed().ok()).unwrap_or_default()
    }
}

/// What was printed already: by attempt, the last line of events.
#[derive(Default)]
struct Shown {
    attempt: u32,
    line: u64,
}

impl Shown {
    /// Prints what is new; false if nobody reads it.
    fn print(&mut self, app: &App, timeline: &Timeline) -> bool {
        let width = usize::from(app.ui.width());
        for track in &timeline.attempts {
            if track.attempt < self.attempt {
                continue;
            }
            if track.attempt > self.attempt {
                *self = Self { attempt: track.attempt, line: 0 };
            }
            let lanes = track.lanes.iter();
            let mut marks: Vec<_> = lanes
                .flat_map(|lane| lane.marks.iter().map(move |mark| (lane.agent.as_str(), mark)))
                .chain(track.marks.iter().map(|mark| ("", mark)))
                .filter(|(_, mark)| mark.line > self.line)
                .collect();
            marks.sort_by_key(|(_, mark)| mark.line);
            let name = draw::name_columns(track, width);
            for (agent, mark) in marks {
                if !app.ui.line(&draw::one(agent, mark, name, width)) {
                    return false;
                }
                self.line = mark.line;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_go_on_is_not_over() {
        let (moment, long) = (Duration::from_millis(900), Duration::from_secs(3600));
        for outcome in [Outcome::Killed, Outcome::Restarted] {
            assert!(!is_over(outcome, true, long), "{outcome:?}");
        }
        for outcome in [Outcome::Completed, Outcome::Timeout] {
            assert!(!is_over(outcome, true, moment), "another attempt may follow");
            assert!(is_over(outcome, true, SETTLED));
            assert!(
                !is_over(outcome, false, SETTLED),
                "the presentation, or the evaluation, goes on"
            );
            assert!(is_over(outcome, false, long));
        }
        assert!(is_over(Outcome::NoAnswer, false, SETTLED), "such a run never has metrics");
    }
}
