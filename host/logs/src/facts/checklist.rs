//! Checklist-gated work: how long an agent evaluated, how long it planned, how long it built. Every call
//! counts, rejected ones too: an agent spends its time on them all the same.

use serde::Serialize;

use super::interval::ms;
use crate::events::{Call, Events};

/// The parts of a round that went through a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checklist {
    /// Round start to the first `submit_checklist`.
    pub evaluation_ms: u64,
    /// End of the first `submit_checklist` to the first `draft_approach`.
    pub to_propose_ms: Option<u64>,
    /// End of the first `draft_approach` to the round's end.
    pub implementation_ms: Option<u64>,
    /// End of the first `submit_checklist` to the round's end, without any `draft_approach`.
    pub post_checklist_ms: Option<u64>,
}

/// Checklist time of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ChecklistShare {
    /// Rounds with a checklist.
    pub rounds: u64,
    /// Their wall time.
    pub wall_ms: u64,
    /// Evaluation.
    pub evaluation_ms: u64,
    /// Checklist to proposal.
    pub to_propose_ms: u64,
    /// Implementation.
    pub implementation_ms: u64,
    /// After the checklist, where nothing was proposed.
    pub post_checklist_ms: u64,
    /// Share of the rounds' time, 0 to 1.
    pub evaluation_share: f64,
    /// Share of the rounds' time, 0 to 1.
    pub implementation_share: f64,
}

/// Takes a round apart; none if no checklist was submitted in it.
pub(super) fn of_round(
    events: &Events,
    calls: &[&Call],
    start_us: i64,
    end_us: i64,
) -> Option<Checklist> {
    let first = |part: &[&str]| {
        calls.iter().find(|call| part.iter().any(|part| events.tool(call).contains(part)))
    };
    let submit = first(&["submit_checklist"])?;
    let draft = first(&["draft_approach", "propose_improvements"]);
    Some(Checklist {
        evaluation_ms: ms(submit.start_us - start_us),
        to_propose_ms: draft.map(|draft| ms(draft.start_us - submit.end_us)),
        implementation_ms: draft.map(|draft| ms(end_us - draft.end_us)),
        post_checklist_ms: if draft.is_some() { None } else { Some(ms(end_us - submit.end_us)) },
    })
}

/// Sums rounds up, given with their wall times.
pub(super) fn share<'a>(
    rounds: impl Iterator<Item = (u64, &'a Checklist)>,
) -> Option<ChecklistShare> {
    let mut sum = ChecklistShare::default();
    for (wall_ms, checklist) in rounds {
        sum.rounds += 1;
        sum.wall_ms += wall_ms;
        sum.evaluation_ms += checklist.evaluation_ms;
        sum.to_propose_ms += checklist.to_propose_ms.unwrap_or(0);
        sum.implementation_ms += checklist.implementation_ms.unwrap_or(0);
        sum.post_checklist_ms += checklist.post_checklist_ms.unwrap_or(0);
    }
    let share = |ms: u64| {
        if sum.wall_ms == 0 {
            0.0
        } else {
            (ms as f64 / sum.wall_ms as f64 * 1000.0).round() / 1000.0
        }
    };
    sum.evaluation_share = share(sum.evaluation_ms);
    sum.implementation_share = share(sum.implementation_ms);
    (sum.rounds > 0).then_some(sum)
}
