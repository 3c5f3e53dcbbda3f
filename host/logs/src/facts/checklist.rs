//! Rounds with a checklist: time spent on evaluation, planning and implementation. Rejected calls count too, because
//! they take the agent's time as well.

use serde::Serialize;

use super::interval::ms;
use crate::events::{Call, Events};

/// Times of a round with a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checklist {
    /// Time from the round's start to the first `submit_checklist`.
    pub evaluation_ms: u64,
    /// Time from the end of the first `submit_checklist` to the first `draft_approach`.
    pub to_propose_ms: Option<u64>,
    /// Time from the end of the first `draft_approach` to the round's end.
    pub implementation_ms: Option<u64>,
    /// Time from the end of the first `submit_checklist` to the round's end, if there is no `draft_approach`.
    pub post_checklist_ms: Option<u64>,
}

/// Totals of the rounds with a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ChecklistShare {
    /// Number of rounds.
    pub rounds: u64,
    /// Wall time of the rounds.
    pub wall_ms: u64,
    /// Time spent on evaluation.
    pub evaluation_ms: u64,
    /// Time from the checklist to the proposal.
    pub to_propose_ms: u64,
    /// Time spent on implementation.
    pub implementation_ms: u64,
    /// Time after the checklist in rounds without a proposal.
    pub post_checklist_ms: u64,
    /// Evaluation's share of the wall time, 0 to 1.
    pub evaluation_share: f64,
    /// Implementation's share of the wall time, 0 to 1.
    pub implementation_share: f64,
}

/// Measures a round; `None` if no checklist was submitted in it.
pub(super) fn of_round(
    events: &Events,
    calls: &[&Call],
    start_us: i64,
    end_us: i64,
) -> Option<Checklist> {
    let first = |names: &[&str]| {
        calls.iter().find(|call| names.iter().any(|name| events.tool(call).contains(name)))
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

/// Sums up rounds, each with its wall time; `None` without rounds.
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
