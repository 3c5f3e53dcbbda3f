//! Splits an agent's moments into rounds. MassGen never writes the documented `round_end`, and a restart increments
//! the round number twice, so boundaries come from what happens, not from numbers.

use std::sync::Arc;

use super::interval::ms;
use crate::events::{Moment, MomentKind};

/// A restart this soon after the start of a round is the same start, written twice.
const SAME_START_US: i64 = 1_000_000;

/// A round of one agent as the events show it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ObservedRound {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    pub(super) line: u64,
    pub(super) end_line: u64,
    pub(super) outcome: &'static str,
    /// `initial_answer`, `voting` or `presentation`.
    pub(super) kind: &'static str,
    /// Label of the answer, or the agent that was voted for.
    pub(super) what: Option<Arc<str>>,
    /// First activity after the start.
    pub(super) first_activity_us: Option<i64>,
}

impl ObservedRound {
    pub(super) fn wall_ms(&self) -> u64 {
        ms(self.end_us - self.start_us)
    }
}

/// The rounds of one agent, in order. `moments` are those of this agent alone.
pub(super) fn rounds<'a>(moments: impl Iterator<Item = &'a Moment>) -> Vec<ObservedRound> {
    let mut splitter = Splitter::default();
    for moment in moments {
        splitter.push(moment);
    }
    splitter.rounds
}

#[derive(Default)]
struct Splitter {
    rounds: Vec<ObservedRound>,
    /// The last round has not ended.
    is_open: bool,
    has_answered: bool,
}

impl Splitter {
    fn push(&mut self, moment: &Moment) {
        match &moment.kind {
            MomentKind::RoundStart | MomentKind::Restart(_) => {
                let kind = if self.has_answered { "voting" } else { "initial_answer" };
                self.begin(moment, kind);
            }
            MomentKind::PresentationStart(_) => self.begin(moment, "presentation"),
            MomentKind::Answer(answer) => {
                self.has_answered = true;
                self.end(moment, "answer", Some(answer.label.clone()));
            }
            MomentKind::Vote(vote) => self.end(moment, "vote", Some(vote.target.clone())),
            MomentKind::FinalAnswer(_) => self.end(moment, "presentation", None),
            MomentKind::Activity(until) => self.extend(moment, *until),
            MomentKind::Trouble(_) | MomentKind::Timeout(_) => self.extend(moment, moment.at_us),
            MomentKind::AttemptRestart(_) | MomentKind::Mark(_) => {}
        }
    }

    fn open_round(&mut self) -> Option<&mut ObservedRound> {
        self.rounds.last_mut().filter(|_| self.is_open)
    }

    fn extend(&mut self, moment: &Moment, until_us: i64) {
        if let Some(round) = self.open_round() {
            round.end_us = round.end_us.max(until_us);
            round.end_line = round.end_line.max(u64::from(moment.line));
            round.first_activity_us.get_or_insert(moment.at_us);
        }
    }

    fn begin(&mut self, moment: &Moment, kind: &'static str) {
        if let Some(round) = self.open_round() {
            let is_same_start = round.first_activity_us.is_none()
                && moment.at_us - round.start_us < SAME_START_US
                && kind != "presentation";
            if is_same_start {
                return;
            }
            round.end_us = round.end_us.max(moment.at_us);
            round.outcome = "restarted";
        }
        self.rounds.push(ObservedRound {
            start_us: moment.at_us,
            end_us: moment.at_us,
            line: u64::from(moment.line),
            end_line: u64::from(moment.line),
            outcome: "unfinished",
            kind,
            what: None,
            first_activity_us: None,
        });
        self.is_open = true;
    }

    fn end(&mut self, moment: &Moment, outcome: &'static str, what: Option<Arc<str>>) {
        if let Some(round) = self.open_round() {
            round.end_us = round.end_us.max(moment.at_us);
            round.end_line = u64::from(moment.line);
            round.outcome = outcome;
            round.what = what;
            round.first_activity_us.get_or_insert(moment.at_us);
            self.is_open = false;
        }
    }
}
