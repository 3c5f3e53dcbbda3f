//! Answers and how they progress: what each adds to the one before, and whose answer it repeats.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::interval::ms;
use super::super::place::Place;
use crate::events::MomentKind;
use crate::run::{AnswerText, Attempt};

/// An answer that was handed in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// `agent1.2`.
    pub label: Arc<str>,
    /// Whose it is.
    pub agent: Arc<str>,
    /// Which of the agent's answers, from 1.
    pub number: u64,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Line in `events.jsonl`; 0 where it comes from elsewhere.
    pub line: u64,
    /// Characters of the whole text; none where the text is not there.
    pub chars: Option<u64>,
    /// Characters more than the agent's answer before; negative if it is shorter.
    pub growth_chars: Option<i64>,
    /// How alike the agent's answer before is, 0 to 1: common word triples.
    pub similarity_to_previous: Option<f64>,
    /// The answer of another agent that was there before and is most alike.
    pub most_alike: Option<Box<Alike>>,
    /// The beginning of the text.
    pub opening: Arc<str>,
    /// Where the whole text is.
    pub text: Option<Box<Place>>,
}

/// Another answer and how alike it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    /// Its label.
    pub label: Arc<str>,
    /// 0 to 1.
    pub similarity: f64,
}

pub(in crate::facts) fn answers(attempt: &Attempt, origin_us: i64) -> Vec<Answer> {
    let mut found = match &attempt.events {
        Some(_) => from_events(attempt, origin_us),
        None => from_coordination(attempt),
    };
    compare(&mut found, &attempt.answer_texts);
    found
}

fn plain(label: Arc<str>, agent: Arc<str>, at_ms: u64, line: u64, opening: Arc<str>) -> Answer {
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
        MomentKind::Answer(answer) => Some(plain(
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
    let handed_in = attempt.coordination.iter().filter(|event| event.kind == "new_answer");
    let answers = handed_in.map(|event| {
        plain(
            event.subject.as_deref().unwrap_or_default().into(),
            event.agent.as_deref().unwrap_or_default().into(),
            u64::try_from(event.at_ms - start).unwrap_or(0),
            0,
            "".into(),
        )
    });
    answers.collect()
}

/// Sets each answer beside the same agent's one before, and beside the newest one of every other agent.
fn compare(answers: &mut [Answer], texts: &[AnswerText]) {
    let mut of_agent: HashMap<&str, Vec<&AnswerText>> = HashMap::new();
    for text in texts {
        of_agent.entry(&text.agent).or_default().push(text);
    }
    // Newest answer of each agent: its label and text.
    let mut newest: HashMap<Arc<str>, (Arc<str>, &AnswerText)> = HashMap::new();
    let mut counts: HashMap<Arc<str>, u64> = HashMap::new();
    for answer in answers {
        let number = counts.entry(answer.agent.clone()).or_default();
        *number += 1;
        answer.number = *number;
        let place = usize::try_from(*number - 1).unwrap_or(usize::MAX);
        let Some(text) = of_agent.get(&*answer.agent).and_then(|texts| texts.get(place)) else {
            continue;
        };
        answer.chars = Some(text.chars);
        answer.opening = text.opening.as_str().into();
        let place = Place { file: text.file.clone(), line_start: 1, line_end: text.lines };
        answer.text = Some(Box::new(place));
        if let Some((_, before)) = newest.get(&answer.agent) {
            answer.similarity_to_previous = text.shape.similarity(&before.shape);
            answer.growth_chars = Some(signed(text.chars) - signed(before.chars));
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
