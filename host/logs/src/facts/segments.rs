//! Cuts an agent's events into rounds. `round_end` is declared and never written, and a restart bumps
//! the round number twice, so that rounds are told apart by what happens, not by number.

use super::interval::ms;
use crate::run::{Event, EventKind};

/// A restart right after the start of a round is the same beginning written twice.
const SAME_BEGINNING_US: i64 = 1_000_000;

/// A round of one agent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    pub(super) line: u64,
    pub(super) outcome: &'static str,
    active: bool,
}

impl Round {
    pub(super) fn wall_ms(&self) -> u64 {
        ms(self.end_us - self.start_us)
    }
}

/// The rounds of one agent, in order. `events` are that agent's.
pub(super) fn rounds<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    let mut open = false;
    for event in events {
        match &event.kind {
            EventKind::RoundStart
            | EventKind::Restart { .. }
            | EventKind::PresentationStart { .. } => {
                begin(&mut rounds, &mut open, event);
            }
            EventKind::Answer { .. } => close(&mut rounds, &mut open, event, "answer"),
            EventKind::Vote { .. } => close(&mut rounds, &mut open, event, "vote"),
            EventKind::FinalAnswer { .. } => close(&mut rounds, &mut open, event, "presentation"),
            EventKind::Other => {}
            _ => {
                if let Some(round) = rounds.last_mut().filter(|_| open) {
                    round.end_us = round.end_us.max(event.at_us);
                    round.active = true;
                }
            }
        }
    }
    rounds
}

fn begin(rounds: &mut Vec<Round>, open: &mut bool, event: &Event) {
    if let Some(round) = rounds.last_mut().filter(|_| *open) {
        let same = !round.active && event.at_us - round.start_us < SAME_BEGINNING_US;
        if same {
            return;
        }
        round.end_us = round.end_us.max(event.at_us);
        round.outcome = "restarted";
    }
    rounds.push(Round {
        start_us: event.at_us,
        end_us: event.at_us,
        line: event.line,
        outcome: "unfinished",
        active: false,
    });
    *open = true;
}

fn close(rounds: &mut [Round], open: &mut bool, event: &Event, outcome: &'static str) {
    if let Some(round) = rounds.last_mut().filter(|_| *open) {
        round.end_us = round.end_us.max(event.at_us);
        round.outcome = outcome;
        *open = false;
    }
}
