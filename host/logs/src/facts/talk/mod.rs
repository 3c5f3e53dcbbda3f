//! Coordination between agents: answers, votes, restarts, forced retries.

mod answers;
mod enforcement;
mod restarts;
mod votes;

pub use answers::{Alike, Answer};
pub use enforcement::Enforcement;
pub use restarts::{Restart, TimedOut};
pub use votes::{ChangedVote, Vote, VoteSummary};

use super::agents::AgentFacts;
use crate::events::MomentKind;
use crate::run::Attempt;

/// How the agents of an attempt coordinated.
pub(super) struct Talk {
    pub(super) answers: Vec<Answer>,
    pub(super) votes: Vec<Vote>,
    pub(super) vote_summary: VoteSummary,
    pub(super) ignored_votes: u64,
    pub(super) tie: bool,
    pub(super) restart_list: Vec<Restart>,
    pub(super) enforcement: Vec<Enforcement>,
    pub(super) timeouts: Vec<TimedOut>,
}

impl Talk {
    pub(super) fn measure(attempt: &Attempt, origin_us: i64, agents: &[AgentFacts]) -> Self {
        let votes = votes::votes(attempt, origin_us);
        let tie = is_tie(attempt);
        let ids = agents.iter().map(|agent| agent.id.as_str());
        let ignored = attempt.coordination.iter().filter(|event| event.kind == "vote_ignored");
        Self {
            answers: answers::answers(attempt, origin_us),
            vote_summary: votes::summary(&votes, ids, tie),
            votes,
            ignored_votes: ignored.count() as u64,
            tie,
            restart_list: restarts::restarts(attempt, origin_us),
            enforcement: enforcement::enforcement(attempt),
            timeouts: restarts::timeouts(attempt),
        }
    }
}

/// Whether the orchestrator called the vote a tie.
fn is_tie(attempt: &Attempt) -> bool {
    let mut moments = attempt.events.iter().flat_map(|events| &events.moments);
    moments.any(|moment| matches!(moment.kind, MomentKind::PresentationStart(true)))
}
