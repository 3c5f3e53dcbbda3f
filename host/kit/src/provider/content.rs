//! Checks that conversations and requested features reach the service.

use massgen_models::event::Event;
use massgen_models::failure::FailureKind;
use massgen_models::request::{
    Message, NamedSchema, OutputFormat, Part, Reasoning, Request, Role, Tool, ToolCall, ToolChoice,
    ToolResult,
};
use massgen_runtime::rehearsal::{Ending, Recorded, Rehearsed};
use serde_json::Value;

use super::bodies::{self, Data, Style};
use super::subject::{Subject, ending};
use crate::report::{Verdict, failed};

fn tool(name: &str) -> Tool {
    Tool {
        name: name.into(),
        description: "reads a massgen-description".into(),
        input_schema_json: r#"{"type":"object","properties":{"massgen-property":{"type":"string"}},"required":["massgen-property"],"additionalProperties":false}"#.into(),
    }
}

/// Returns whether the plugin refuses a part of the request at or below `below`.
fn refuses(done: &Rehearsed, below: &str) -> bool {
    matches!(&done.ending, Ending::Failed(failure)
        if matches!(failure.kind, FailureKind::Unsupported | FailureKind::InvalidRequest)
            && failure.pointer.as_deref().is_some_and(|pointer| pointer.starts_with(below)))
}

/// Returns whether a text is in one of the bodies, verbatim or as JSON.
fn sends(done: &Rehearsed, wanted: &str) -> bool {
    done.sent.iter().any(|sent| {
        let mut found = false;
        if let Ok(mut value) = serde_json::from_slice::<Value>(&sent.body) {
            bodies::texts(&mut value, "", &mut |_, text| found |= text.contains(wanted));
            // Field names count too: a schema holds its texts there.
            found |= value.to_string().contains(&format!("\"{wanted}\":"));
        }
        found || String::from_utf8_lossy(&sent.body).contains(wanted)
    })
}

pub(super) fn content(subject: &Subject<'_>) -> Verdict {
    let mut request = subject.ask("massgen-user-words");
    request.messages.insert(0, Message::text(Role::System, "massgen-system-words"));
    let expected = ["massgen-user-words", "massgen-system-words"];
    if let Some(verdict) = all_sent(subject, &request, &expected, "/messages") {
        return verdict;
    }
    request.messages.push(Message::text(Role::Assistant, "massgen-assistant-words"));
    request.messages.push(Message::text(Role::User, "massgen-more-words"));
    let expected = ["massgen-assistant-words", "massgen-more-words"];
    if let Some(verdict) = all_sent(subject, &request, &expected, "/messages") {
        return verdict;
    }
    request.tools.push(tool("massgen_tool"));
    let expected = ["massgen_tool", "massgen-description", "massgen-property"];
    if let Some(verdict) = all_sent(subject, &request, &expected, "/tools") {
        return verdict;
    }
    if refuses(&subject.play_prompt(&request, &[]), "/tools") {
        return Verdict::Passed { inputs: 3 };
    }
    let call = ToolCall {
        id: "massgen-call".into(),
        name: "massgen_tool".into(),
        arguments_json: r#"{"massgen-property":"massgen-argument"}"#.into(),
    };
    let result = ToolResult {
        call_id: "massgen-call".into(),
        name: "massgen_tool".into(),
        is_error: false,
        text: "massgen-result".into(),
    };
    for (role, part) in
        [(Role::Assistant, Part::ToolCall(call)), (Role::User, Part::ToolResult(result))]
    {
        request.messages.push(Message { role, parts: vec![part], cache_hint: false });
    }
    let expected = ["massgen-argument", "massgen-result"];
    all_sent(subject, &request, &expected, "/messages").unwrap_or(Verdict::Passed { inputs: 4 })
}

fn all_sent(
    subject: &Subject<'_>,
    request: &Request,
    words: &[&str],
    below: &str,
) -> Option<Verdict> {
    let done = subject.play_prompt(request, &[]);
    if refuses(&done, below) || refuses(&done, "/messages") {
        return None;
    }
    if done.sent.is_empty() {
        return Some(failed(
            format!("a conversation with {}", words.join(", ")),
            format!("{}, without a pointer at or below {below}", ending(&done.ending)),
        ));
    }
    let missing = words.iter().find(|word| !sends(&done, word))?;
    Some(failed(
        format!("a conversation with {}", words.join(", ")),
        format!("{missing} is missing from the request, and the plugin did not refuse it"),
    ))
}

/// A feature that a user may request.
struct Feature {
    /// Shown in failures.
    name: &'static str,
    /// JSON Pointer of the feature in the request.
    pointer: &'static str,
    add: fn(&mut Request),
}

const fn feature(name: &'static str, pointer: &'static str, add: fn(&mut Request)) -> Feature {
    Feature { name, pointer, add }
}

const FEATURES: &[Feature] = &[
    feature("temperature", "/sampling/temperature", |r| r.sampling.temperature = Some(0.25)),
    feature("top-p", "/sampling/top-p", |r| r.sampling.top_p = Some(0.75)),
    feature("max-output-tokens", "/sampling/max-output-tokens", |r| {
        r.sampling.max_output_tokens = Some(2_345);
    }),
    feature("seed", "/sampling/seed", |r| r.sampling.seed = Some(42)),
    feature("stop", "/sampling/stop", |r| r.sampling.stop = vec!["END".into()]),
    feature("json-object", "/output", |r| r.output = OutputFormat::JsonObject),
    feature("json-schema", "/output", |r| {
        r.output = OutputFormat::JsonSchema(NamedSchema {
            name: "shape".into(),
            schema_json: r#"{"type":"object","properties":{},"additionalProperties":false}"#.into(),
            strict: true,
        });
    }),
    feature("a tool", "/tools", |r| r.tools = vec![tool("look")]),
    feature("a tool that must be called", "/tool", |r| {
        r.tools = vec![tool("look")];
        r.tool_choice = ToolChoice::Named("look".into());
    }),
    feature("reasoning off", "/reasoning", |r| r.reasoning = Reasoning::Off),
    feature("reasoning high", "/reasoning", |r| r.reasoning = Reasoning::Level("high".into())),
    feature("a reasoning budget", "/reasoning", |r| r.reasoning = Reasoning::BudgetTokens(4_096)),
    feature("an unknown option", "/options", |r| {
        r.options = vec![("massgen-option".into(), "true".into())];
    }),
];

pub(super) fn unsupported(subject: &Subject<'_>) -> Verdict {
    let nothing = [Recorded { status: 200, complete: true, ..Recorded::default() }];
    let notices = |done: &Rehearsed| {
        done.events.iter().filter(|event| matches!(event, Event::Notice(_))).count()
    };
    let plain = subject.play_prompt(&subject.ask("hello"), &nothing);
    let mut with_tool = subject.ask("hello");
    with_tool.tools = vec![tool("look")];
    let with_tool = subject.play_prompt(&with_tool, &nothing);
    for Feature { name, pointer, add } in FEATURES {
        let mut request = subject.ask("hello");
        add(&mut request);
        let done = subject.play_prompt(&request, &nothing);
        // A tool choice needs a tool, so it is compared with a request that has one.
        let base =
            if request.tools.is_empty() || *pointer == "/tools" { &plain } else { &with_tool };
        // The service may not reason by default.
        let may_be_default = *name == "reasoning off";
        let expressed = done.sent != base.sent && !done.sent.is_empty();
        let handled = expressed || refuses(&done, pointer) || notices(&done) > notices(base);
        if !handled && !may_be_default {
            return failed(
                format!("a request with {name}"),
                match done.ending {
                    Ending::Failed(_) if done.sent.is_empty() => {
                        format!("{}, without a pointer at or below {pointer}", ending(&done.ending))
                    }
                    _ => "the feature is silently dropped".into(),
                },
            );
        }
    }
    Verdict::Passed { inputs: FEATURES.len() }
}

/// An emoji, a sequence of joined emoji, a right-to-left ligature, quotes and a backslash.
const UNUSUAL: &str = "🦜👩\u{200d}👩\u{200d}👧 ﷽ \"q\" \\ é";

pub(super) fn unicode(subject: &Subject<'_>) -> Verdict {
    let text = format!("{UNUSUAL}\n\t\u{7f}\u{2028}end");
    let done = subject.play_prompt(&subject.ask(&text), &[]);
    if !done.sent.is_empty() && !sends(&done, &text) {
        return failed("text with unusual characters", "the service receives different text");
    }
    let mut inputs = 1;
    for tape in &subject.tapes {
        let piece = tape.done.events.iter().find_map(|event| match event {
            Event::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        });
        let Some(piece) = piece else { continue };
        let at = tape.replies.len() - 1;
        let Some(pieces) = bodies::parse(tape.shape(at), &tape.body(at)) else { continue };
        let mut found = 0;
        let mut swap = |mark: &str| {
            bodies::map(&pieces, |value| {
                bodies::texts(value, "", &mut |_, text| {
                    if *text == piece {
                        found += 1;
                        *text = mark.to_string();
                    }
                });
            })
        };
        let marked = swap("MASSGEN-MARK");
        let body = |written: &str| {
            let pieces = bodies::replace(&marked, "MASSGEN-MARK", written);
            tape.reply(at, bodies::print(tape.shape(at), &pieces, Style::default()))
        };
        if found == 0 {
            continue;
        }
        let words = |events: &[Event]| -> String {
            events
                .iter()
                .filter_map(|e| if let Event::Text(t) = e { Some(t.as_str()) } else { None })
                .collect()
        };
        let want = words(&tape.done.events).replacen(&piece, UNUSUAL, 1);
        let quoted = Data::Json(Value::from(vec![UNUSUAL])).as_json_text();
        for (how, written) in [("verbatim", quoted.clone()), ("escaped", escaped(UNUSUAL))] {
            let now = tape.with(subject, at, body(&written));
            if words(&now.events).replacen(UNUSUAL, "", 1) != want.replacen(UNUSUAL, "", 1)
                || !words(&now.events).contains(UNUSUAL)
            {
                return tape.failed(
                    &format!("{UNUSUAL} {how} in the reply"),
                    format!("{} ({})", words(&now.events), ending(&now.ending)),
                );
            }
            inputs += 1;
        }
        let lone = tape.with(subject, at, body(r"a\ud83db"));
        if let Ending::Crashed(why) = lone.ending {
            return tape.failed("an unpaired surrogate in the reply", why);
        }
    }
    Verdict::Passed { inputs }
}

/// Escapes every UTF-16 unit, as JSON allows.
fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

impl Data {
    /// Returns the JSON text of an array of one string, without brackets and quotes.
    fn as_json_text(&self) -> String {
        match self {
            Self::Json(value) => {
                let text = value.to_string();
                text.trim_start_matches("[\"").trim_end_matches("\"]").to_string()
            }
            Self::Text(text) | Self::Comment(text) => text.clone(),
        }
    }
}

pub(super) fn opaque(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        for event in &tape.done.events {
            let Event::Opaque(opaque) = event else { continue };
            let mut request = tape.request.clone();
            let parts = vec![Part::Opaque(opaque.clone()), Part::Text("so it is".into())];
            request.messages.push(Message { role: Role::Assistant, parts, cache_hint: false });
            request.messages.push(Message::text(Role::User, "go on"));
            let done = subject.play(&tape.stage, &request, &[]);
            let mark = bodies::longest_text(&opaque.data);
            if !sends(&done, &mark) {
                return tape.failed(
                    &format!("provider state {}, sent back", opaque.kind),
                    format!("{mark} is not in the next request ({})", ending(&done.ending)),
                );
            }
            inputs += 1;
        }
    }
    match inputs {
        0 => Verdict::Untried { why: "no cassette contains provider state".into() },
        inputs => Verdict::Passed { inputs },
    }
}
