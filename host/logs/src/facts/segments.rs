//! Cuts an agent's moments into rounds. `round_end` is declared and never written, and a restart bumps
//! the round number twice, so that rounds are told apart by what happens, not by number.

use std::sync::Arc;

use super::interval::ms;
use crate::events::{Moment, MomentKind};

/// A restart right after the start of a round is the same beginning written twice.
const SAME_BEGINNING_US: i64 = 1_000_000;

/// A round of one agent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    pub(super) line: u64,
    pub(super) end_line: u64,
    pub(super) outcome: &'static str,
    /// `initial_answer`, `voting` or `presentation`.
    pub(super) kind: &'static str,
    /// The answer's label, or who was voted for.
    pub(super) what: Option<Arc<str>>,
    /// First sign of life after the start.
    pub(super) first_activity_us: Option<i64>,
}

impl Round {
    pub(super) fn wall_ms(&self) -> u64 {
        ms(self.end_us - self.start_us)
    }
}

/// The rounds of one agent, in order. `moments` are that agent's.
pub(super) fn rounds<'a>(moments: impl Iterator<Item = &'a Moment>) -> Vec<Round> {
    let mut cut = Cut::default();
    for moment in moments {
        cut.take(moment);
    }
    cut.rounds
}

#[derive(Default)]
struct Cut {
    rounds: Vec<Round>,
    open: bool,
    answered: bool,
}

impl Cut {
    fn take(&mut self, moment: &Moment) {
        match &moment.kind {
            MomentKind::RoundStart | MomentKind::Restart(_) => {
                let kind = if self.answered { "voting" } else { "initial_answer" };
                self.begin(moment, kind);
            }
            MomentKind::PresentationStart(_) => self.begin(moment, "presentation"),
            MomentKind::Answer(answer) => {
                self.answered = true;
                self.close(moment, "answer", Some(answer.label.clone()));
            }
            MomentKind::Vote(vote) => self.close(moment, "vote", Some(vote.target.clone())),
            MomentKind::FinalAnswer(_) => self.close(moment, "presentation", None),
            MomentKind::Activity(until) => self.extend(moment, *until),
            MomentKind::Trouble(_) | MomentKind::Timeout(_) => self.extend(moment, moment.at_us),
            MomentKind::AttemptRestart(_) | MomentKind::Mark(_) => {}
        }
    }

    fn current(&mut self) -> Option<&mut Round> {
        self.rounds.last_mut().filter(|_| self.open)
    }

    fn extend(&mut self, moment: &Moment, until: i64) {
        if let Some(round) = self.current() {
            round.end_us = round.end_us.max(until);
            round.end_line = round.end_line.max(u64::from(moment.line));
            round.first_activity_us.get_or_insert(moment.at_us);
        }
    }

    fn begin(&mut self, moment: &Moment, kind: &'static str) {
        if let Some(round) = self.current() {
            let same = round.first_activity_us.is_none()
                && moment.at_us - round.start_us < SAME_BEGINNING_US
                && kind != "presentation";
            if same {
                return;
            }
            round.end_us = round.end_us.max(moment.at_us);
            round.outcome = "restarted";
        }
        self.rounds.push(Round {
            start_us: moment.at_us,
            end_us: moment.at_us,
            line: u64::from(moment.line),
            end_line: u64::from(moment.line),
            outcome: "unfinished",
            kind,
            what: None,
            first_activity_us: None,
        });
        self.open = true;
    }

    fn close(&mut self, moment: &Moment, outcome: &'static str, what: Option<Arc<str>>) {
        if let Some(round) = self.current() {
            round.end_us = round.end_us.max(moment.at_us);
            round.end_line = u64::from(moment.line);
            round.outcome = outcome;
            round.what = what;
            round.first_activity_us.get_or_insert(moment.at_us);
            self.open = false;
        }
    }
}
