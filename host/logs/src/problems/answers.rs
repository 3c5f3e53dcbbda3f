//! Rules on answers and votes: repetition, progress, changed votes.

use super::words::counted;
use super::{Case, ProblemKind};
use crate::similarity::NEAR_IDENTICAL;

/// Shorter answers are alike by chance: two agents that answer `42` did not copy.
const CHARS_MIN: u64 = 40;

pub(super) fn detect(case: &mut Case<'_>) {
    near_identical(case);
    no_progress(case);
    changed_votes(case);
}

/// Answers that repeat an earlier one of another agent.
fn near_identical(case: &mut Case<'_>) {
    let mut pairs = Vec::new();
    let mut evidence = Vec::new();
    for answer in &case.facts.answers {
        let Some(alike) = &answer.most_alike else { continue };
        if alike.similarity < NEAR_IDENTICAL || answer.chars.unwrap_or(0) < CHARS_MIN {
            continue;
        }
        pairs.push(format!(
            "{} and {} ({:.0} %)",
            alike.label,
            answer.label,
            alike.similarity * 100.0
        ));
        evidence.extend(case.lines(&[answer.line], "\"content\""));
    }
    if !pairs.is_empty() {
        let title =
            format!("answers of different agents are nearly identical: {}", pairs.join(", "));
        case.report(ProblemKind::NearIdenticalAnswers, title, evidence);
    }
}

/// Answers that repeat the same agent's previous one.
fn no_progress(case: &mut Case<'_>) {
    let mut labels = Vec::new();
    let mut evidence = Vec::new();
    for answer in &case.facts.answers {
        let same = answer.similarity_to_previous.is_some_and(|share| share >= NEAR_IDENTICAL);
        if same && answer.chars.unwrap_or(0) >= CHARS_MIN {
            labels.push(&*answer.label);
            evidence.extend(case.lines(&[answer.line], "\"content\""));
        }
    }
    if !labels.is_empty() {
        let title = format!(
            "{} almost nothing: {}",
            counted(labels.len() as u64, "new answer changed", "new answers changed"),
            labels.join(", ")
        );
        case.report(ProblemKind::AnswerWithoutProgress, title, evidence);
    }
}

fn changed_votes(case: &mut Case<'_>) {
    let changed = &case.facts.vote_summary.changed;
    if changed.is_empty() {
        return;
    }
    let changes: Vec<_> = changed
        .iter()
        .map(|vote| format!("{} from {} to {}", vote.voter, vote.from, vote.to))
        .collect();
    let lines: Vec<u64> = changed.iter().map(|vote| vote.line).collect();
    let title = format!("agents changed their votes: {}", changes.join(", "));
    let evidence = case.lines(&lines, "\"target_id\"");
    case.report(ProblemKind::ChangedVotes, title, evidence);
}
