//! Watching a run that is being written: on a terminal the picture is drawn again, elsewhere each new event
//! becomes a line.

use std::io::IsTerminal;
use std::time::{Duration, SystemTime};

use massgen_logs::facts::Outcome;
use massgen_logs::locate;

use super::super::target::Target;
use super::{draw, look};
use crate::app::App;
use crate::error::CommandError;
use crate::exit::Exit;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Follows the target until its last attempt is over. Ctrl-C ends it as it ends any program.
pub(super) fn follow(app: &App, mut target: Target) -> Result<Exit, CommandError> {
    let redraws = std::io::stdout().is_terminal();
    let mut shown = Shown::default();
    let mut stamp = None;
    loop {
        // A new turn or attempt is a new directory.
        target.run = locate::run_dir(&target.run.root).map_err(|error| {
            CommandError::failed("run-vanished", "the run can't be read any more").because(&error)
        })?;
        let now = newest(&target);
        if now != stamp {
            stamp = now;
            let (facts, timeline) = look(app, &target);
            if redraws {
                // Home, and clear what was below.
                app.ui.answer(&format!(
                    "\x1b[H\x1b[2J{}",
                    draw::draw(&timeline, app.ui.width(), false)
                ));
            } else {
                shown.print(app, &timeline);
            }
            let over = facts.last_attempt().is_some_and(|last| match last.outcome {
                Outcome::Killed | Outcome::Restarted => false,
                // Without a record of its end an attempt may only just have begun.
                Outcome::Error => last.has_events && last.events > 0,
                _ => true,
            });
            if over {
                return Ok(Exit::Done);
            }
        }
        std::thread::sleep(INTERVAL);
    }
}

/// The time of the newest change of what tells most, and how many attempts there are.
fn newest(target: &Target) -> Option<(usize, Option<SystemTime>, u64)> {
    let attempts = target.run.turns.iter().flat_map(|turn| &turn.attempts);
    let last = attempts.clone().last()?;
    let files = ["events.jsonl", "status.json", "metrics_summary.json"];
    let metas = files.iter().filter_map(|file| std::fs::metadata(last.path.join(file)).ok());
    let (times, sizes): (Vec<_>, Vec<_>) =
        metas.map(|meta| (meta.modified().ok(), meta.len())).unzip();
    Some((attempts.count(), times.into_iter().flatten().max(), sizes.iter().sum()))
}

/// What was printed already: by attempt, the last line of events.
#[derive(Default)]
struct Shown {
    attempt: u32,
    line: u64,
}

impl Shown {
    fn print(&mut self, app: &App, timeline: &massgen_logs::timeline::Timeline) {
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
            for (agent, mark) in marks {
                app.ui.answer(&draw::one(agent, mark, usize::from(app.ui.width())));
                self.line = mark.line;
            }
        }
    }
}
