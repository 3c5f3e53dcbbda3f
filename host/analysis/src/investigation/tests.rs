use massgen_models::event::{StopReason, Usage};
use massgen_models::request::{OutputFormat, Part, ToolChoice};

use super::*;
use crate::schema::REPORT_NAME;
use crate::tools;

struct Flat;

impl Rates for Flat {
    fn cost_usd(&self, usage: &Usage) -> Option<f64> {
        Some((usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0)) as f64 / 1e6)
    }
    fn worst_case_usd(&self, input: u64, output: u64) -> Option<f64> {
        Some((input + output) as f64 / 1e6)
    }
}

struct Unpriced;

impl Rates for Unpriced {
    fn cost_usd(&self, _: &Usage) -> Option<f64> {
        None
    }
    fn worst_case_usd(&self, _: u64, _: u64) -> Option<f64> {
        None
    }
}

const REPORT: &str = r#"{"summary":"s","findings":[{"title":"t","severity":"low","category":"cost","claim":"c","recommendation":"r","evidence":[]}]}"#;

fn plan(features: &[&str]) -> Plan {
    let features: Vec<String> = features.iter().map(ToString::to_string).collect();
    Plan {
        model: "m".into(),
        capabilities: Capabilities::from_features(Some(&features), Some(100_000), Some(8_000)),
        budget: Budget::default(),
        reasoning: Reasoning::Unset,
        stream: true,
        prompt: Prompt { system: "rules".into(), user: "facts".into() },
        counted: None,
    }
}

const ALL: &[&str] = &["tools", "json-schema", "json-schema-with-tools"];

fn text_reply(text: &str) -> Observation {
    Observation::Reply(Reply {
        parts: vec![Part::Text(text.into())],
        stop: StopReason::EndTurn,
        usage: Usage { input_tokens: Some(100), output_tokens: Some(10), ..Usage::default() },
        notices: vec![],
        request_id: None,
        served_model: None,
        billed_usd: None,
        attempts: 1,
    })
}

fn calls(names: &[&str]) -> Observation {
    let call = |(at, name): (usize, &&str)| {
        Part::ToolCall(ToolCall {
            id: format!("c{at}"),
            name: (*name).into(),
            arguments_json: "{}".into(),
        })
    };
    let Observation::Reply(reply) = text_reply("") else { unreachable!() };
    Observation::Reply(Reply {
        parts: names.iter().enumerate().map(call).collect(),
        stop: StopReason::ToolCalls,
        ..reply
    })
}

fn failed(kind: FailureKind, begun: bool, pointer: Option<&str>) -> Observation {
    let failure = Failure { pointer: pointer.map(String::from), ..Failure::new(kind, "x") };
    Observation::Failed(ExchangeError { begun, ..failure.into() })
}

fn ask(investigation: &mut Investigation<'_>) -> Request {
    match investigation.next_step() {
        Step::Ask(request) => *request,
        other => panic!("{other:?}"),
    }
}

/// Feeds observations to an investigation, a step before each, and returns its ending.
fn run(plan: Plan, observations: Vec<Observation>) -> Ending {
    let mut investigation = Investigation::new(plan, &Flat);
    for observation in observations {
        if let Step::Read(calls) = investigation.next_step() {
            let results = calls.iter().map(|call| tools::refused(call, "r")).collect();
            investigation.accept(Observation::Results(results));
            investigation.next_step();
        }
        investigation.accept(observation);
    }
    investigation.next_step();
    investigation.into_ending()
}

#[test]
fn the_model_reads_and_then_reports() {
    let ending = run(
        plan(ALL),
        vec![calls(&["list_files"]), calls(&["read_lines", "search"]), text_reply(REPORT)],
    );
    assert_eq!(
        (ending.stop, ending.report.findings.len(), ending.spent.requests),
        (Stop::Finished, 1, 3)
    );
    assert!((ending.spent.cost_usd.unwrap() - 330e-6).abs() < 1e-12);
}

#[test]
fn requests_match_the_models_capabilities() {
    let request = |features: &[&str]| ask(&mut Investigation::new(plan(features), &Flat));
    let all = request(ALL);
    assert!(matches!(all.output, OutputFormat::JsonSchema(_)) && all.tools[0].name == "list_files");
    let apart = request(&["tools", "json-schema"]);
    assert!(apart.output == OutputFormat::Text && !apart.tools.is_empty());
    let forced = request(&["tools"]);
    assert!(forced.tools.iter().any(|tool| tool.name == REPORT_NAME));
    let plain = request(&[]);
    assert!(plain.tools.is_empty() && plain.output == OutputFormat::Text);
    assert_eq!(all.sampling.max_output_tokens, Some(8_000));
}

#[test]
fn a_schema_that_excludes_tools_comes_in_the_last_request() {
    let mut investigation = Investigation::new(plan(&["tools", "json-schema"]), &Flat);
    ask(&mut investigation);
    investigation.accept(calls(&["list_files"]));
    let Step::Read(calls) = investigation.next_step() else { panic!() };
    investigation.accept(Observation::Results(vec![tools::refused(&calls[0], "r")]));
    ask(&mut investigation);
    investigation.accept(text_reply("I have seen enough."));
    let last = ask(&mut investigation);
    assert!(last.tools.is_empty() && matches!(last.output, OutputFormat::JsonSchema(_)));
    assert!(
        !last
            .messages
            .iter()
            .flat_map(|m| &m.parts)
            .any(|p| matches!(p, Part::ToolCall(_) | Part::ToolResult(_)))
    );
}

#[test]
fn the_forced_tool_carries_the_report() {
    let mut investigation = Investigation::new(plan(&["tools"]), &Flat);
    ask(&mut investigation);
    investigation.accept(text_reply("no json here"));
    let request = ask(&mut investigation);
    assert_eq!(request.tool_choice, ToolChoice::Named(REPORT_NAME.into()));
    let Observation::Reply(mut reply) = calls(&[REPORT_NAME]) else { unreachable!() };
    reply.parts = vec![Part::ToolCall(ToolCall {
        id: "c".into(),
        name: REPORT_NAME.into(),
        arguments_json: REPORT.into(),
    })];
    investigation.accept(Observation::Reply(reply));
    assert_eq!(investigation.next_step(), Step::Finish);
    assert_eq!(investigation.into_ending().stop, Stop::Finished);
}

#[test]
fn bad_json_is_repaired_once() {
    let repaired = run(plan(ALL), vec![text_reply("{\"findings\": 3}"), text_reply(REPORT)]);
    assert_eq!(repaired.stop, Stop::Finished);
    let failed_twice = run(plan(ALL), vec![text_reply("{\"findings\": 3}"), text_reply("{}")]);
    assert_eq!((failed_twice.stop, failed_twice.begun), (Stop::Protocol, true));
    let chatter =
        run(plan(ALL), vec![text_reply("hello"), text_reply("hello"), text_reply("hello")]);
    assert_eq!(chatter.stop, Stop::Protocol);
}

#[test]
fn every_call_gets_a_result() {
    let names = vec!["search"; CALLS_MAX + 4];
    let mut investigation = Investigation::new(plan(ALL), &Flat);
    ask(&mut investigation);
    investigation.accept(calls(&names));
    let Step::Read(calls) = investigation.next_step() else { panic!() };
    assert_eq!(calls.len(), CALLS_MAX);
    investigation
        .accept(Observation::Results(calls.iter().map(|call| tools::refused(call, "r")).collect()));
    let last = ask(&mut investigation).messages.pop().unwrap();
    assert_eq!(last.parts.len(), CALLS_MAX + 4);
}

#[test]
fn endings() {
    use FailureKind as Kind;
    for (observation, stop, begun) in [
        (failed(Kind::Authentication, false, None), Stop::Unavailable, false),
        (failed(Kind::Billing, false, None), Stop::Unavailable, false),
        (failed(Kind::Unavailable, false, None), Stop::Unavailable, false),
        (failed(Kind::ModelUnknown, false, None), Stop::Unavailable, false),
        (failed(Kind::Stalled, true, None), Stop::Unavailable, true),
        (failed(Kind::Protocol, true, None), Stop::Protocol, true),
        (failed(Kind::ContextTooLong, false, None), Stop::Overflow, true),
        (failed(Kind::Refused, false, None), Stop::Refused, true),
        (Observation::Interrupted { reply_begun: false }, Stop::Interrupted, false),
        (Observation::TimeUp { reply_begun: false }, Stop::Unavailable, false),
        (Observation::TimeUp { reply_begun: true }, Stop::Budget, true),
    ] {
        let ending = run(plan(ALL), vec![observation.clone()]);
        assert_eq!((ending.stop, ending.begun), (stop, begun), "{observation:?}");
    }
    let Observation::Reply(reply) = text_reply("I can't help with that.") else { unreachable!() };
    let refused = run(
        plan(ALL),
        vec![Observation::Reply(Reply { stop: StopReason::Refusal, ..reply.clone() })],
    );
    assert_eq!((refused.stop, refused.begun), (Stop::Refused, true));
    let cut =
        run(plan(ALL), vec![Observation::Reply(Reply { stop: StopReason::MaxTokens, ..reply })]);
    assert_eq!(cut.stop, Stop::Truncated);
    let late = run(plan(ALL), vec![calls(&["search"]), failed(Kind::Unavailable, false, None)]);
    assert_eq!((late.stop, late.begun), (Stop::Unavailable, true));
}

#[test]
fn each_rejected_part_is_dropped_once() {
    let ending = run(
        plan(ALL),
        vec![
            failed(FailureKind::Unsupported, false, Some("/output")),
            failed(FailureKind::InvalidRequest, false, Some("/tools/0")),
            text_reply(REPORT),
        ],
    );
    assert_eq!((ending.stop, ending.notices.len()), (Stop::Finished, 2));
    let unrelated =
        run(plan(ALL), vec![failed(FailureKind::InvalidRequest, false, Some("/model"))]);
    assert_eq!((unrelated.stop, unrelated.begun), (Stop::Unavailable, false));
}

#[test]
fn the_budget_ends_the_investigation() {
    let with = |change: fn(&mut Budget)| {
        let mut plan = plan(ALL);
        change(&mut plan.budget);
        plan
    };
    let too_small = run(with(|b| b.max_cost_usd = Some(0.0001)), vec![]);
    assert_eq!(
        (too_small.stop, too_small.begun, too_small.spent.requests),
        (Stop::Budget, false, 0)
    );
    let tokens = run(with(|b| b.max_tokens = Some(10)), vec![]);
    assert_eq!(tokens.stop, Stop::Budget);
    let mut investigation = Investigation::new(with(|b| b.max_steps = 2), &Flat);
    assert_eq!(ask(&mut investigation).tool_choice, ToolChoice::Auto);
    investigation.accept(calls(&["search"]));
    let Step::Read(calls) = investigation.next_step() else { panic!() };
    investigation.accept(Observation::Results(vec![tools::refused(&calls[0], "r")]));
    assert_eq!(ask(&mut investigation).tool_choice, ToolChoice::None);
    investigation.accept(text_reply("still no report"));
    assert_eq!(investigation.next_step(), Step::Finish);
    assert_eq!(investigation.into_ending().stop, Stop::Steps);
    let mut unpriced = Investigation::new(with(|b| b.max_cost_usd = Some(9.0)), &Unpriced);
    assert_eq!(unpriced.next_step(), Step::Finish);
}
