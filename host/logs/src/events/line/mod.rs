//! One line of `events.jsonl`. What has no meaning for a measurement is passed over without being built.

mod args;
mod body;
mod call;
mod command;
mod failure;
mod fields;
mod header;
mod result;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::args::Args;
pub(super) use self::args::sorted;
pub(super) use self::call::ToolEnd;
use self::failure::failure;
pub(crate) use self::failure::is_reader;
use self::fields::{Fields, Text};
use self::header::{Header, header, swallows_a_line};
use super::{AnswerText, FinalText, MomentKind, VoteText};
use crate::time::naive_us;

/// Text of reasons and messages that is kept.
const TEXT_CHARS_MAX: usize = 400;

/// Text of an answer that is kept; MassGen cuts it at 500 anyway.
const ANSWER_CHARS_MAX: usize = 500;

/// A line, taken apart.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    pub(super) at_us: i64,
    pub(super) agent: Option<Cow<'a, str>>,
    pub(super) what: What<'a>,
}

/// What a line tells.
#[derive(Debug)]
pub(super) enum What<'a> {
    ToolStart { id: Cow<'a, str>, tool: Cow<'a, str>, args: Args },
    ToolEnd(Box<ToolEnd<'a>>),
    Moment(MomentKind),
    Activity,
    Nothing,
}

/// Takes a line apart, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Parsed<'_>, String> {
    match plain(text) {
        Some(parsed) => Ok(parsed),
        None => parsed(text),
    }
}

/// Events whose data is parsed, and thereby found whole.
const READ: &[&str] = &[
    "tool_start",
    "tool_complete",
    "agent_restart",
    "answer_submitted",
    "vote",
    "final_presentation_start",
    "final_answer",
    "orchestrator_timeout",
    "restart_banner",
    "error",
];

/// A line as MassGen writes it; none for the parser's say, also where something is wrong.
fn plain(text: &str) -> Option<Parsed<'_>> {
    let Header { timestamp, event, agent, data } = header(text)?;
    let at_us = naive_us(timestamp)?;
    if !READ.contains(&event) && swallows_a_line(data) {
        return None;
    }
    let what = what(event, data).ok()?;
    Some(Parsed { at_us, agent: agent.map(Cow::Borrowed), what })
}

fn parsed(text: &str) -> Result<Parsed<'_>, String> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        timestamp: Text<'a>,
        #[serde(borrow)]
        event_type: Text<'a>,
        #[serde(borrow)]
        agent_id: Option<Text<'a>>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let line: Line<'_> =
        serde_json::from_str(text).map_err(|error| format!("is no event: {error}"))?;
    let at_us = naive_us(&line.timestamp.0)
        .ok_or_else(|| format!("has no time that can be read: {:?}", line.timestamp.0))?;
    let data = line.data.map_or("{}", RawValue::get);
    let what = what(&line.event_type.0, data)
        .map_err(|error| format!("{} has unexpected data: {error}", line.event_type.0))?;
    Ok(Parsed { at_us, agent: line.agent_id.map(|id| id.0), what })
}

fn what<'a>(event: &str, data: &'a str) -> Result<What<'a>, serde_json::Error> {
    Ok(match event {
        "tool_start" => call::start(data)?,
        "tool_complete" => call::end(data)?,
        "text" if holds_a_cross(data) => {
            let [content] = fields(data, &["content"])?;
            trouble(&content)
        }
        "text" => What::Activity,
        "thinking" | "hook_execution" | "injection_received" | "final_presentation_chunk" => {
            What::Activity
        }
        _ => moment(event, data)?.map_or(What::Nothing, What::Moment),
    })
}

/// Errors and forced retries are texts with a cross, written as it is or as an escape.
fn holds_a_cross(data: &str) -> bool {
    static CROSS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("❌"));
    static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u274c"));
    let data = data.as_bytes();
    CROSS.find(data).is_some() || ESCAPED.find(data).is_some()
}

fn trouble(text: &str) -> What<'static> {
    text.find('❌')
        .map_or(What::Activity, |at| What::Moment(MomentKind::Trouble(cut(&text[at..]).into())))
}

fn moment(event: &str, data: &str) -> Result<Option<MomentKind>, serde_json::Error> {
    Ok(Some(match event {
        "round_start" => MomentKind::RoundStart,
        "agent_restart" => {
            let [reason] = fields(data, &["restart_reason"])?;
            MomentKind::Restart(cut(&reason).into())
        }
        "answer_submitted" => {
            let [label, content] = fields(data, &["answer_label", "content"])?;
            MomentKind::Answer(Box::new(AnswerText {
                label: cut(&label).into(),
                chars: content.chars().count() as u64,
                text: beginning(&content, ANSWER_CHARS_MAX).into(),
            }))
        }
        "vote" => {
            let [target, reason] = fields(data, &["target_id", "reason"])?;
            MomentKind::Vote(Box::new(VoteText {
                target: cut(&target).into(),
                reason: cut(&reason).into(),
            }))
        }
        "final_presentation_start" => {
            #[derive(Deserialize)]
            struct Start {
                #[serde(default)]
                is_tie: Option<bool>,
            }
            let start: Start = serde_json::from_str(data)?;
            MomentKind::PresentationStart(start.is_tie.unwrap_or(false))
        }
        "final_answer" => {
            let [content] = fields(data, &["content"])?;
            MomentKind::FinalAnswer(Box::new(FinalText {
                chars: content.chars().count() as u64,
                failure: no_answer(&content),
            }))
        }
        "orchestrator_timeout" => {
            let [reason, agent] = fields(data, &["timeout_reason", "selected_agent"])?;
            let agent = Some(cut(&agent).to_string()).filter(|agent| !agent.is_empty());
            MomentKind::Timeout(Box::new((cut(&reason).into(), agent)))
        }
        "restart_banner" => {
            let [reason] = fields(data, &["reason"])?;
            MomentKind::AttemptRestart(cut(&reason).into())
        }
        "error" => MomentKind::Trouble(cut(&format!("❌ {}", message(data)?)).into()),
        _ => return Ok(mark(event).map(MomentKind::Mark)),
    }))
}

/// Events that are worth a mark on a timeline.
fn mark(event: &str) -> Option<&'static str> {
    const MARKS: &[&str] = &[
        "agent_stopped",
        "subtasks_set",
        "personas_set",
        "post_evaluation",
        "phase_change",
        "checkpoint_activated",
        "checkpoint_completed",
        "winner_selected",
        "evaluation_criteria_set",
        "round_evaluator_stage_start",
        "round_evaluator_stage_complete",
        "pre_collab_start",
        "pre_collab_complete",
    ];
    MARKS.iter().find(|mark| **mark == event).copied()
}

/// How a final answer shows that it is none.
fn no_answer(content: &str) -> Option<String> {
    let text = content.trim();
    if text.is_empty() {
        return Some("it is empty".into());
    }
    let is_message = text.starts_with('❌')
        || text.starts_with("Error: ")
        || text.starts_with("Error executing ");
    (is_message && !text.contains('\n')).then(|| failure("", text)).flatten()
}

/// The words of an event of type `error`, whatever the field is called.
fn message(data: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    let texts = fields(data, &["message", "error", "content"])?;
    Ok(texts.into_iter().find(|text| !text.is_empty()).unwrap_or("error".into()))
}

/// Texts of an event's data by their names; empty where one is missing or no text.
fn fields<'a, const N: usize>(
    data: &'a str,
    names: &'static [&'static str; N],
) -> Result<[Cow<'a, str>; N], serde_json::Error> {
    let fields = Fields::pick(data, names)?;
    Ok(names.map(|name| fields.text(name)))
}

fn cut(text: &str) -> &str {
    beginning(text, TEXT_CHARS_MAX)
}

/// At most `chars` characters of a text.
fn beginning(text: &str, chars: usize) -> &str {
    // No text has more characters than bytes.
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}
