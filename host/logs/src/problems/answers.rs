//! Rules on answers and votes: repetition, progress, changed minds.

use super::Case;
use super::Severity::{Info, Low};
use super::agents::counted;
use crate::similarity::NEAR_IDENTICAL;

/// An answer of fewer characters is alike by chance: `42` is right or wrong, not copied.
const CHARS_MIN: u64 = 40;

pub(super) fn detect(case: &mut Case<'_>) {
    near_identical(case);
    no_progress(case);
    changed_votes(case);
}

/// An agent handed in what another had handed in before.
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
            format!("answers of different agents are nearly the same: {}", pairs.join(", "));
        case.report("near_identical_answers", Low, title, "agents that find the same are paid for twice; give them different models, tools or roles", evidence);
    }
}

/// An agent handed in again what it had handed in before.
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
            "{} hardly anything: {}",
            counted(labels.len() as u64, "new answer changed", "new answers changed"),
            labels.join(", ")
        );
        case.report(
            "answer_without_progress",
            Low,
            title,
            "each new answer makes every agent vote again; a vote would have been enough",
            evidence,
        );
    }
}

fn changed_votes(case: &mut Case<'_>) {
    let changed = &case.facts.vote_summary.changed;
    if changed.is_empty() {
        return;
    }
    let words: Vec<_> = changed
        .iter()
        .map(|vote| format!("{} from {} to {}", vote.voter, vote.from, vote.to))
        .collect();
    let lines: Vec<u64> = changed.iter().map(|vote| vote.line).collect();
    let title = format!("voters changed their minds: {}", words.join(", "));
    let evidence = case.lines(&lines, "\"target_id\"");
    case.report(
        "changed_votes",
        Info,
        title,
        "read why: a new answer convinced them, or they vote by chance",
        evidence,
    );
}
