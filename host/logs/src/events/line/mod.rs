//! Parses one line of `events.jsonl`. Fields that no fact needs are skipped without building values.

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
use self::header::{Header, contains_another_line, scan_header};
use super::{AnswerText, FinalText, MomentKind, VoteText};
use crate::time::naive_us;

/// Reasons and messages are truncated to this length.
const TEXT_CHARS_MAX: usize = 400;

/// Answers are truncated to this length; MassGen itself records at most 500 characters.
const ANSWER_CHARS_MAX: usize = 500;

/// A parsed line.
#[derive(Debug)]
pub(super) struct ParsedLine<'a> {
    pub(super) at_us: i64,
    pub(super) agent: Option<Cow<'a, str>>,
    pub(super) event: LineEvent<'a>,
}

/// The event in a line.
#[derive(Debug)]
pub(super) enum LineEvent<'a> {
    ToolStart {
        id: Cow<'a, str>,
        tool: Cow<'a, str>,
        args: Args,
    },
    ToolEnd(Box<ToolEnd<'a>>),
    Moment(MomentKind),
    Activity,
    /// An event that no fact needs.
    Irrelevant,
}

/// Parses a line, or describes what is wrong with it.
///
/// Lines formatted as MassGen writes them go through a scanner, which reads only the fields that are needed;
/// reading large logs fast is what this crate is for. All other lines, including broken ones, go to the parser.
pub(super) fn parse(text: &str) -> Result<ParsedLine<'_>, String> {
    match scan_line(text) {
        Some(line) => Ok(line),
        None => parse_line(text),
    }
}

/// Events whose data is parsed in full. A line that lost its end is detected by that.
const PARSED_EVENTS: &[&str] = &[
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

/// Scans a line formatted as MassGen writes it. Returns `None` for any other line.
fn scan_line(text: &str) -> Option<ParsedLine<'_>> {
    let Header { timestamp, event, agent, data } = scan_header(text)?;
    let at_us = naive_us(timestamp)?;
    if !PARSED_EVENTS.contains(&event) && contains_another_line(data) {
        return None;
    }
    let event = line_event(event, data).ok()?;
    Some(ParsedLine { at_us, agent: agent.map(Cow::Borrowed), event })
}

fn parse_line(text: &str) -> Result<ParsedLine<'_>, String> {
    #[derive(Deserialize)]
    struct EventLine<'a> {
        #[serde(borrow)]
        timestamp: Text<'a>,
        #[serde(borrow)]
        event_type: Text<'a>,
        #[serde(borrow)]
        agent_id: Option<Text<'a>>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let line: EventLine<'_> =
        serde_json::from_str(text).map_err(|error| format!("not an event: {error}"))?;
    let at_us = naive_us(&line.timestamp.0)
        .ok_or_else(|| format!("unreadable timestamp {:?}", line.timestamp.0))?;
    let data = line.data.map_or("{}", RawValue::get);
    let event = line_event(&line.event_type.0, data)
        .map_err(|error| format!("unexpected data in {} event: {error}", line.event_type.0))?;
    Ok(ParsedLine { at_us, agent: line.agent_id.map(|id| id.0), event })
}

fn line_event<'a>(event: &str, data: &'a str) -> Result<LineEvent<'a>, serde_json::Error> {
    Ok(match event {
        "tool_start" => call::start(data)?,
        "tool_complete" => call::end(data)?,
        "text" if has_cross(data) => {
            let [content] = fields(data, &["content"])?;
            trouble(&content)
        }
        "text" => LineEvent::Activity,
        "thinking" | "hook_execution" | "injection_received" | "final_presentation_chunk" => {
            LineEvent::Activity
        }
        _ => moment(event, data)?.map_or(LineEvent::Irrelevant, LineEvent::Moment),
    })
}

/// Detects errors and forced retries: texts with a cross, written literally or escaped.
fn has_cross(data: &str) -> bool {
    static CROSS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("❌"));
    static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u274c"));
    let data = data.as_bytes();
    CROSS.find(data).is_some() || ESCAPED.find(data).is_some()
}

fn trouble(text: &str) -> LineEvent<'static> {
    text.find('❌').map_or(LineEvent::Activity, |at| {
        LineEvent::Moment(MomentKind::Trouble(cut(&text[at..]).into()))
    })
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
                text: truncate(&content, ANSWER_CHARS_MAX).into(),
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
            struct PresentationData {
                #[serde(default)]
                is_tie: Option<bool>,
            }
            let start: PresentationData = serde_json::from_str(data)?;
            MomentKind::PresentationStart(start.is_tie.unwrap_or(false))
        }
        "final_answer" => {
            let [content] = fields(data, &["content"])?;
            MomentKind::FinalAnswer(Box::new(FinalText {
                chars: content.chars().count() as u64,
                failure: not_an_answer(&content),
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
        "error" => MomentKind::Trouble(cut(&format!("❌ {}", error_message(data)?)).into()),
        _ => return Ok(mark(event).map(MomentKind::Mark)),
    }))
}

/// Returns the name of an event that timelines show but no fact needs.
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

/// Returns why a final answer is not an answer: it is empty, or an error message.
fn not_an_answer(content: &str) -> Option<String> {
    let text = content.trim();
    if text.is_empty() {
        return Some("it is empty".into());
    }
    let is_message = text.starts_with('❌')
        || text.starts_with("Error: ")
        || text.starts_with("Error executing ");
    (is_message && !text.contains('\n')).then(|| failure("", text)).flatten()
}

/// Returns the message of an `error` event; the name of its field varies.
fn error_message(data: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    let texts = fields(data, &["message", "error", "content"])?;
    Ok(texts.into_iter().find(|text| !text.is_empty()).unwrap_or("error".into()))
}

/// Returns text fields of an event's data by name; empty if a field is missing or not a string.
fn fields<'a, const N: usize>(
    data: &'a str,
    names: &'static [&'static str; N],
) -> Result<[Cow<'a, str>; N], serde_json::Error> {
    let fields = Fields::pick(data, names)?;
    Ok(names.map(|name| fields.text(name)))
}

fn cut(text: &str) -> &str {
    truncate(text, TEXT_CHARS_MAX)
}

/// Truncates a text to `chars` characters.
fn truncate(text: &str, chars: usize) -> &str {
    // A text never has more characters than bytes.
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}
