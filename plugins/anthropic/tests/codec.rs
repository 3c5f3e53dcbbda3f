//! Recorded replies of the Messages API. Bodies follow the service's published types.

use massgen_plugin_sdk::testing::{check_every_cut, context, decode, head, lines, request, sse};
use massgen_plugin_sdk::{
    BodyEnd, FailureKind, Frame, HttpHead, Message, NamedSchema, Opaque, OutputFormat, Part,
    Provider, Reasoning, Role, Tool, ToolCall, ToolChoice, ToolOutput, ToolResult,
};
use massgen_provider_anthropic::Anthropic;
use massgen_provider_anthropic::codec::decode::Reply;
use massgen_provider_anthropic::codec::list;
use serde_json::{Value, json};

const STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":85,"output_tokens":1}}}

event: ping
data: {"type":"ping"}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm 🙂"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"XX"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"search","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"text\": \"a\\"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"nb\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t2","name":"list_files","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":42,"output_tokens_details":{"thinking_tokens":7}}}

event: message_stop
data: {"type":"message_stop"}

"#;

#[test]
fn a_stream_with_thinking_and_tool_calls() {
    let limits = head(&[
        ("anthropic-ratelimit-tokens-remaining", "0"),
        ("anthropic-ratelimit-tokens-reset", "2026-11-22T08:58:58Z"),
    ]);
    let events =
        decode(Reply::new(vec![], 1_795_337_936_000), &limits, sse(STREAM), BodyEnd::Complete)
            .unwrap();
    assert_eq!(
        lines(&events),
        [
            "limit tokens Some(0) Some(2000)",
            "reasoning: hm 🙂",
            r#"opaque thinking {"type":"thinking","thinking":"hm 🙂","signature":"SIG"}"#,
            r#"opaque redacted_thinking {"type":"redacted_thinking","data":"XX"}"#,
            "call 0 t1 search",
            r#"args 0: {"text": "a\nb"}"#,
            "end 0",
            "call 1 t2 list_files",
            "args 1: {}",
            "end 1",
            "usage 100 42 7 85 5",
            "stopped StopReason::ToolCalls",
        ]
    );
    check_every_cut(|| Reply::new(vec![], 0), &head(&[]), STREAM);
}

#[test]
fn endings() {
    let end = |reason: &str| {
        let whole = json!({"type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": reason, "usage": {"input_tokens": 1, "output_tokens": 1}});
        decode(
            Reply::new(vec![], 0),
            &head(&[]),
            vec![Frame::Body(whole.to_string().into_bytes())],
            BodyEnd::Complete,
        )
        .map(|events| lines(&events).pop().unwrap())
    };
    for (reason, expect) in [
        ("end_turn", "EndTurn"),
        ("max_tokens", "MaxTokens"),
        ("stop_sequence", "StopSequence"),
        ("refusal", "Refusal"),
        ("pause_turn", "Other(\"pause_turn\")"),
    ] {
        assert_eq!(end(reason).unwrap(), format!("stopped StopReason::{expect}"));
    }
    assert_eq!(end("model_context_window_exceeded").unwrap_err().kind, FailureKind::ContextTooLong);
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    assert_eq!(
        decode(Reply::new(vec![], 0), &head(&[]), sse(overloaded), BodyEnd::Complete)
            .unwrap_err()
            .kind,
        FailureKind::Overloaded
    );
    let stray = "data: {\"type\":\"content_block_delta\",\"index\":9,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n";
    assert_eq!(
        decode(Reply::new(vec![], 0), &head(&[]), sse(stray), BodyEnd::Complete).unwrap_err().kind,
        FailureKind::Protocol
    );
}

#[test]
fn errors_are_classified() {
    let explain = |status: u16, body: &str| {
        Anthropic::explain(&HttpHead { status, headers: vec![] }, body.as_bytes()).kind
    };
    let error = |kind: &str, message: &str| {
        json!({"type": "error", "error": {"type": kind, "message": message}}).to_string()
    };
    for (status, body, kind) in [
        (401, error("authentication_error", "m"), FailureKind::Authentication),
        (402, error("billing_error", "m"), FailureKind::Billing),
        (404, error("not_found_error", "model: x"), FailureKind::ModelUnknown),
        (400, error("invalid_request_error", "prompt is too long: 9 tokens > 1 maximum"), FailureKind::ContextTooLong),
        (413, error("request_too_large", "m"), FailureKind::ContextTooLong),
        (429, error("rate_limit_error", "m"), FailureKind::RateLimited),
        (429, json!({"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}).to_string(), FailureKind::Billing),
        (529, error("overloaded_error", "m"), FailureKind::Overloaded),
        (502, "<html>".into(), FailureKind::Unavailable),
    ] {
        assert_eq!(explain(status, &body), kind, "{status} {body}");
    }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, cache_hint: true }
}

#[test]
fn requests_are_encoded() {
    let mut asked = request("claude-haiku-5-5", "hi");
    asked.tools = vec![Tool {
        name: "t".into(),
        description: "d".into(),
        input_schema_json: "{\"type\":\"object\"}".into(),
    }];
    asked.output = OutputFormat::JsonSchema(NamedSchema {
        name: "r".into(),
        schema_json: "{}".into(),
        strict: true,
    });
    asked.reasoning = Reasoning::Level("minimal".into());
    asked.sampling.temperature = Some(0.0);
    let call = || {
        Part::ToolCall(ToolCall { id: "c".into(), name: "t".into(), arguments_json: "{}".into() })
    };
    let result = || {
        Part::ToolResult(ToolResult {
            call_id: "c".into(),
            name: "t".into(),
            is_error: true,
            content: vec![ToolOutput::Text("out".into())],
        })
    };
    let thinking = || {
        Part::Opaque(Opaque {
            kind: "thinking".into(),
            data: "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"s\"}".into(),
        })
    };
    for _ in 0..4 {
        asked.messages.push(turn(Role::Assistant, vec![thinking(), call()]));
        asked.messages.push(turn(Role::User, vec![Part::Text("and".into()), result()]));
    }
    let body = |asked: &massgen_plugin_sdk::Request| -> Value {
        let (http, _) =
            Anthropic::open(&context(), asked).map_err(|failure| failure.message).unwrap();
        assert!(http.headers.contains(&("anthropic-version".into(), "2026-10-21".into())));
        serde_json::from_slice(&http.body).unwrap()
    };
    let sent = body(&asked);
    assert!(sent.get("temperature").is_none() && sent["max_tokens"].as_u64().unwrap() > 1000);
    assert_eq!(
        (&sent["thinking"]["type"], &sent["output_config"]["effort"]),
        (&json!("adaptive"), &json!("low"))
    );
    assert_eq!(sent["messages"][2]["content"][0]["type"], "tool_result", "tool results come first");
    assert!(sent.to_string().matches("cache_control").count() <= 4);
    // A call without thinking before it: thinking must be off.
    asked.messages.push(turn(Role::Assistant, vec![call()]));
    asked.messages.push(turn(Role::User, vec![result()]));
    assert_eq!(body(&asked)["thinking"]["type"], "disabled");
    let mut forced = request("claude-sonnet-4-20250514", "hi");
    forced.tools.clone_from(&asked.tools);
    forced.reasoning = Reasoning::BudgetTokens(9_000);
    assert_eq!(body(&forced)["thinking"]["budget_tokens"], 8_000, "half of the default output");
    forced.tool_choice = ToolChoice::Named("t".into());
    assert_eq!(body(&forced)["thinking"]["type"], "disabled");
}

#[test]
fn model_lists_have_pages() {
    let page = list::page(json!({"data": [{"id": "a", "max_input_tokens": 9, "capabilities": {"structured_outputs": true}}, {"id": "b", "lifecycle": "retired"}], "has_more": true, "last_id": "b"}).to_string().as_bytes()).unwrap();
    assert_eq!(page.models.len(), 1);
    assert!(page.models[0].features.contains(&"json-schema".to_string()));
    assert!(page.next.unwrap().query.contains(&("after_id".into(), "b".into())));
    assert!(list::page(b"{\"data\": [], \"has_more\": false}").unwrap().next.is_none());
}

#[test]
fn only_the_prompt_is_counted() {
    let mut ask = request("claude-sonnet-5-5", "hi");
    ask.reasoning = Reasoning::Level("high".into());
    ask.tools = vec![Tool {
        name: "look".into(),
        description: "looks".into(),
        input_schema_json: r#"{"type":"object"}"#.into(),
    }];
    let http = Anthropic::count_request(&context(), &ask).unwrap();
    assert_eq!((http.method.as_str(), http.path.as_str()), ("POST", "/v1/messages/count_tokens"));
    assert!(http.headers.iter().any(|(name, _)| name == "anthropic-version"));
    let counted: Value = serde_json::from_slice(&http.body).unwrap();
    let (sent, _) = Anthropic::open(&context(), &ask).unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let prompt =
        ["model", "system", "messages", "tools", "tool_choice", "thinking", "output_config"];
    for part in prompt {
        assert!(!sent[part].is_null() && counted[part] == sent[part], "{part}: {counted}");
    }
    for other in ["max_tokens", "stream"] {
        assert!(!sent[other].is_null() && counted[other].is_null(), "{other}: {counted}");
    }
    let count = |body: &str| Anthropic::count_response(&head(&[]), body.as_bytes());
    assert_eq!(count(r#"{"input_tokens":2095}"#).ok(), Some(2_095));
    assert_eq!(count("{}").unwrap_err().kind, FailureKind::Protocol);
}
