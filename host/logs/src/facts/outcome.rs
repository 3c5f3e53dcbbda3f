//! How an attempt ended. The exit code is no help: it is 0 even without an answer.

use serde::{Deserialize, Serialize};

use crate::events::MomentKind;
use crate::run::Attempt;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With a final answer.
    Completed,
    /// In an orderly way, without an answer.
    NoAnswer,
    /// The orchestrator timed out; there may still be an answer.
    Timeout,
    /// Abruptly: killed, or still running.
    Killed,
    /// Interrupted by the user.
    Interrupted,
    /// Before any agent started: the configuration was rejected.
    ConfigError,
    /// With an error in MassGen.
    #[default]
    Error,
    /// Another attempt replaced it.
    Restarted,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Completed,
        Self::NoAnswer,
        Self::Timeout,
        Self::Killed,
        Self::Interrupted,
        Self::ConfigError,
        Self::Error,
        Self::Restarted,
    ];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NoAnswer => "no_answer",
            Self::Timeout => "timeout",
            Self::Killed => "killed",
            Self::Interrupted => "interrupted",
            Self::ConfigError => "config_error",
            Self::Error => "error",
            Self::Restarted => "restarted",
        }
    }
}

pub(super) fn outcome(attempt: &Attempt, is_last: bool) -> Outcome {
    let moments = || attempt.events.iter().flat_map(|events| &events.moments);
    let no_events = attempt.events.as_ref().is_none_or(|events| events.count == 0);
    let any = |wanted: fn(&MomentKind) -> bool| moments().any(|moment| wanted(&moment.kind));
    let finish = attempt.status.as_ref().map(|status| status.finish_reason.as_str());
    if !is_last || any(|kind| matches!(kind, MomentKind::AttemptRestart(_))) {
        return Outcome::Restarted;
    }
    if any(|kind| matches!(kind, MomentKind::Timeout(_))) || finish == Some("timeout") {
        return Outcome::Timeout;
    }
    let answered =
        any(|kind| matches!(kind, MomentKind::FinalAnswer(_))) || !attempt.final_answers.is_empty();
    if answered {
        return Outcome::Completed;
    }
    if let Some(stage) = &attempt.metadata.failure_stage {
        let before_any_work = no_events && attempt.status.is_none();
        return if before_any_work && is_setup(stage) {
            Outcome::ConfigError
        } else {
            Outcome::Error
        };
    }
    if attempt.log.no_answer.is_some() || all_dropped(attempt) {
        return Outcome::NoAnswer;
    }
    match finish {
        Some("completed") => Outcome::Completed,
        Some("error") => Outcome::NoAnswer,
        Some(_) if attempt.has_metrics => Outcome::Interrupted,
        Some(_) => Outcome::Killed,
        None if no_events => Outcome::Error,
        None => Outcome::Killed,
    }
}

/// Whether MassGen failed before it created an orchestrator, according to the recorded stage.
fn is_setup(stage: &str) -> bool {
    stage == "system_exit" || stage.contains("config") || stage.contains("validation")
}

/// Whether the orchestrator dropped every agent that the events name.
fn all_dropped(attempt: &Attempt) -> bool {
    let Some(events) = &attempt.events else { return false };
    let last_trouble = |agent: u16| {
        events.moments.iter().rev().find_map(|moment| match &moment.kind {
            MomentKind::Trouble(message) if moment.agent == agent => Some(message),
            _ => None,
        })
    };
    let agents = 0..events.agents.len() as u16;
    !agents.is_empty()
        && agents.into_iter().all(|id| {
            last_trouble(id).is_some_and(|m| m.contains("after") && m.contains("attempts"))
        })
}
