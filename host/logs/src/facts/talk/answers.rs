//! Answers and their progress: how each differs from the agent's previous one and from other agents' answers.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::interval::ms;
use super::super::log_lines::LogLines;
use crate::events::MomentKind;
use crate::run::{AnswerText, Attempt};

/// An answer that was submitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Label, e.g. `agent1.2`.
    pub label: Arc<str>,
    /// Agent that submitted it.
    pub agent: Arc<str>,
    /// Number among the agent's answers, from 1.
    pub number: u64,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Line in `events.jsonl`; 0 if it comes from another file.
    pub line: u64,
    /// Characters of the whole text; `null` without the text.
    pub chars: Option<u64>,
    /// Characters more than in the agent's previous answer; negative if it is shorter.
    pub growth_chars: Option<i64>,
    /// Similarity to the agent's previous answer, 0 to 1, by shared word triples.
    pub similarity_to_previous: Option<f64>,
    /// The most similar earlier answer of another agent.
    pub most_alike: Option<Box<Alike>>,
    /// Beginning of the text.
    pub opening: Arc<str>,
    /// File and lines of the whole text.
    pub text: Option<Box<LogLines>>,
}

/// Another answer and its similarity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    /// Label of the other answer.
    pub label: Arc<str>,
    /// Similarity, 0 to 1.
    pub similarity: f64,
}

pub(super) fn answers(attempt: &Attempt, origin_us: i64) -> Vec<Answer> {
    let mut found = match &attempt.events {
        Some(_) => from_events(attempt, origin_us),
        None => from_coordination(attempt),
    };
    compare(&mut found, &attempt.answer_texts);
    found
}

/// An answer that was not compared yet.
fn uncompared(
    label: Arc<str>,
    agent: Arc<str>,
    at_ms: u64,
    line: u64,
    opening: Arc<str>,
) -> Answer {
    Answer {
        label,
        agent,
        number: 0,
        at_ms,
        line,
        chars: None,
        growth_chars: None,
        similarity_to_previous: None,
        most_alike: None,
        opening,
        text: None,
    }
}

fn from_events(attempt: &Attempt, origin_us: i64) -> Vec<Answer> {
    let events = attempt.events.iter();
    let moments =
        events.flat_map(|events| events.moments.iter().map(move |moment| (events, moment)));
    let answers = moments.filter_map(|(events, moment)| match &moment.kind {
        MomentKind::Answer(answer) => Some(uncompared(
            answer.label.clone(),
            events.agent_name(moment.agent),
            ms(moment.at_us - origin_us),
            u64::from(moment.line),
            answer.text.clone(),
        )),
        _ => None,
    });
    answers.collect()
}

fn from_coordination(attempt: &Attempt) -> Vec<Answer> {
    let start = attempt.status.as_ref().map_or(0, |status| status.start_ms);
    let submitted = attempt.coordination.iter().filter(|event| event.kind == "new_answer");
    let answers = submitted.map(|event| {
        uncompared(
            event.subject.as_deref().unwrap_or_default().into(),
            event.agent.as_deref().unwrap_or_default().into(),
            u64::try_from(event.at_ms - start).unwrap_or(0),
            0,
            "".into(),
        )
    });
    answers.collect()
}

/// Compares each answer with the same agent's previous one and with the newest one of every other agent.
fn compare(answers: &mut [Answer], texts: &[AnswerText]) {
    let mut of_agent: HashMap<&str, Vec<&AnswerText>> = HashMap::new();
    for text in texts {
        of_agent.entry(&text.agent).or_default().push(text);
    }
    // Label and text of each agent's newest answer.
    let mut newest: HashMap<Arc<str>, (Arc<str>, &AnswerText)> = HashMap::new();
    let mut counts: HashMap<Arc<str>, u64> = HashMap::new();
    for answer in answers {
        let number = counts.entry(answer.agent.clone()).or_default();
        *number += 1;
        answer.number = *number;
        let index = usize::try_from(*number - 1).unwrap_or(usize::MAX);
        let Some(text) = of_agent.get(&*answer.agent).and_then(|texts| texts.get(index)) else {
            continue;
        };
        answer.chars = Some(text.chars);
        answer.opening = text.opening.as_str().into();
        let lines = LogLines { file: text.file.clone(), line_start: 1, line_end: text.lines };
        answer.text = Some(Box::new(lines));
        if let Some((_, previous)) = newest.get(&answer.agent) {
            answer.similarity_to_previous = text.shape.similarity(&previous.shape);
            answer.growth_chars = Some(signed(text.chars) - signed(previous.chars));
        }
        let others = newest.iter().filter(|(agent, _)| **agent != answer.agent);
        let alike = others.filter_map(|(_, (label, other))| {
            let similarity = text.shape.similarity(&other.shape)?;
            Some(Alike { label: label.clone(), similarity })
        });
        let most_alike = alike.max_by(|a, b| {
            a.similarity.total_cmp(&b.similarity).then_with(|| b.label.cmp(&a.label))
        });
        answer.most_alike = most_alike.map(Box::new);
        newest.insert(answer.agent.clone(), (answer.label.clone(), text));
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
