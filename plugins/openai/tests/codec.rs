//! Recorded replies of the Responses API. Bodies follow the service's published types.

use massgen_plugin_sdk::testing::{check_every_cut, context, decode, head, lines, request, sse};
use massgen_plugin_sdk::{
    BodyEnd, FailureKind, Frame, HttpHead, Message, NamedSchema, Opaque, OutputFormat, Part,
    Provider, Reasoning, Role, Tool, ToolCall, ToolOutput, ToolResult,
};
use massgen_provider_openai::OpenAi;
use massgen_provider_openai::codec::decode::Reply;
use serde_json::{Value, json};

const TOOLS: &str = r#"event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress"}}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[]}}

event: response.reasoning_summary_text.delta
data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"thïnk"}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"thïnk"}],"encrypted_content":"SEALED","status":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"list_files","arguments":""}}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c2","name":"search","arguments":""}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"text\":"}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"\"x\"}"}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"list_files","arguments":"{}"}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c2","name":"search","arguments":"{\"text\":\"x\"}"}}

event: response.brand_new
data: {"type":"response.brand_new","x":1}

event: response.completed
data: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":40},"output_tokens":30,"output_tokens_details":{"reasoning_tokens":20}}}}

"#;

#[test]
fn a_stream_with_reasoning_and_parallel_calls() {
    let limits =
        head(&[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1.5s")]);
    let events =
        decode(Reply::new(vec!["note".into()]), &limits, sse(TOOLS), BodyEnd::Complete).unwrap();
    assert_eq!(
        lines(&events),
        [
            "notice: note",
            "limit requests Some(0) Some(1500)",
            "reasoning: thïnk",
            r#"opaque reasoning {"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"thïnk"}],"encrypted_content":"SEALED"}"#,
            "call 0 c1 list_files",
            "call 1 c2 search",
            r#"args 1: {"text":"#,
            "args 0: {}",
            r#"args 1: "x"}"#,
            "end 0",
            "end 1",
            "other response.brand_new",
            "usage 100 30 20 40 -",
            "stopped StopReason::ToolCalls",
        ]
    );
    check_every_cut(|| Reply::new(Vec::new()), &head(&[]), TOOLS);
}

#[test]
fn endings() {
    let end = |response: Value| {
        let body =
            format!("data: {}\n\n", json!({"type": "response.completed", "response": response}));
        decode(Reply::new(vec![]), &head(&[]), sse(&body), BodyEnd::Complete)
            .map(|events| lines(&events).pop().unwrap())
    };
    for (response, expect) in [
        (json!({"status": "completed"}), "stopped StopReason::EndTurn"),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}),
            "stopped StopReason::MaxTokens",
        ),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}),
            "stopped StopReason::Refusal",
        ),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "steered"}}),
            "stopped StopReason::Other(\"steered\")",
        ),
        (json!({"status": "cancelled"}), "stopped StopReason::Other(\"cancelled\")"),
    ] {
        assert_eq!(end(response).unwrap(), expect);
    }
    let failed =
        end(json!({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}}))
            .unwrap_err();
    assert_eq!(failed.kind, FailureKind::RateLimited);
    let refusal = "data: {\"type\":\"response.refusal.delta\",\"output_index\":0,\"delta\":\"no\"}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n";
    let events = decode(Reply::new(vec![]), &head(&[]), sse(refusal), BodyEnd::Complete).unwrap();
    assert_eq!(lines(&events), ["text: no", "stopped StopReason::Refusal"]);
}

#[test]
fn a_whole_reply_and_malformed_ones() {
    let whole = json!({"status": "completed", "error": null, "output": [
        {"type": "message", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "c", "name": "t", "arguments": "{\"a\":1}"}]});
    let events = decode(
        Reply::new(vec![]),
        &head(&[]),
        vec![Frame::Body(whole.to_string().into_bytes())],
        BodyEnd::Complete,
    )
    .unwrap();
    assert_eq!(
        lines(&events),
        ["text: hi", "call 0 c t", "args 0: {\"a\":1}", "end 0", "stopped StopReason::ToolCalls"]
    );
    for frames in [vec![Frame::Body(b"{\"half".to_vec())], sse("data: {\"broken\n\n"), vec![]] {
        let failure =
            decode(Reply::new(vec![]), &head(&[]), frames, BodyEnd::Complete).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol);
    }
}

#[test]
fn errors_are_classified() {
    let explain = |status: u16, body: &str| {
        OpenAi::explain(&HttpHead { status, headers: vec![] }, body.as_bytes())
    };
    for (status, body, kind) in [
        (401, r#"{"error":{"message":"m","code":"invalid_api_key"}}"#, FailureKind::Authentication),
        (
            429,
            r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            FailureKind::Billing,
        ),
        (
            429,
            r#"{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}"#,
            FailureKind::RateLimited,
        ),
        (
            400,
            r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#,
            FailureKind::ContextTooLong,
        ),
        (
            400,
            r#"{"error":{"code":400,"type":"exceed_context_size_error","message":"m"}}"#,
            FailureKind::ContextTooLong,
        ),
        (404, r#"{"error":{"message":"m","code":"model_not_found"}}"#, FailureKind::ModelUnknown),
        (404, r#"{"error":{"message":"Invalid URL","code":"unknown_url"}}"#, FailureKind::Other),
        (500, "<html>oops</html>", FailureKind::Unavailable),
        (503, "", FailureKind::Unavailable),
        (422, "\u{fffd}", FailureKind::InvalidRequest),
    ] {
        assert_eq!(explain(status, body).kind, kind, "{status} {body}");
    }
    let schema = explain(
        400,
        r#"{"error":{"message":"Invalid schema","param":"text.format.schema","code":"invalid_json_schema"}}"#,
    );
    assert_eq!(schema.pointer.as_deref(), Some("/output"));
}

#[test]
fn requests_are_encoded() {
    let mut asked = request("gpt-6-luna", "hi");
    asked.messages.push(Message {
        role: Role::Assistant,
        parts: vec![
            Part::Opaque(Opaque {
                kind: "reasoning".into(),
                data: "{\"type\":\"reasoning\",\"encrypted_content\":\"S\"}".into(),
            }),
            Part::ToolCall(ToolCall {
                id: "c1".into(),
                name: "t".into(),
                arguments_json: "{}".into(),
            }),
        ],
        cache_hint: false,
    });
    asked.messages.push(Message {
        role: Role::User,
        parts: vec![Part::ToolResult(ToolResult {
            call_id: "c1".into(),
            name: "t".into(),
            is_error: false,
            content: vec![ToolOutput::Text("out".into())],
        })],
        cache_hint: false,
    });
    asked.tools = vec![Tool {
        name: "t".into(),
        description: "d".into(),
        input_schema_json: "{\"type\":\"object\"}".into(),
    }];
    asked.output = OutputFormat::JsonSchema(NamedSchema {
        name: "report".into(),
        schema_json: "{\"type\":\"object\"}".into(),
        strict: true,
    });
    asked.reasoning = Reasoning::BudgetTokens(4_000);
    asked.sampling.temperature = Some(0.2);
    asked.sampling.max_output_tokens = Some(3);
    let (http, _) = OpenAi::open(&context(), &asked).map_err(|failure| failure.message).unwrap();
    let body: Value = serde_json::from_slice(&http.body).unwrap();
    assert_eq!((http.method.as_str(), http.path.as_str()), ("POST", "/responses"));
    assert_eq!(
        (&body["store"], &body["instructions"], &body["stream"]),
        (&json!(false), &json!("rules"), &json!(true))
    );
    assert_eq!(
        body["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["type"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["message", "reasoning", "function_call", "function_call_output"]
    );
    assert_eq!(
        (&body["reasoning"]["effort"], &body["max_output_tokens"]),
        (&json!("medium"), &json!(16))
    );
    assert_eq!(body["text"]["format"]["type"], "json_schema");
    assert!(
        body.get("temperature").is_none() && body["include"][0] == "reasoning.encrypted_content"
    );
    asked.sampling.seed = Some(1);
    let refused = OpenAi::open(&context(), &asked).err().unwrap();
    assert_eq!(
        (refused.kind, refused.pointer.as_deref()),
        (FailureKind::Unsupported, Some("/sampling/seed"))
    );
    let again = OpenAi::open(&context(), &asked).err().map(|failure| failure.message);
    assert_eq!(again, Some(refused.message), "equal inputs give equal outputs");
}

#[test]
fn only_the_prompt_is_counted() {
    let mut ask = request("gpt-6-luna", "hi");
    ask.reasoning = Reasoning::Level("high".into());
    ask.sampling.max_output_tokens = Some(100);
    ask.output = OutputFormat::JsonSchema(NamedSchema {
        name: "report".into(),
        schema_json: "{}".into(),
        strict: true,
    });
    let http = OpenAi::count_request(&context(), &ask).unwrap();
    assert_eq!((http.method.as_str(), http.path.as_str()), ("POST", "/responses/input_tokens"));
    assert!(matches!(http.framing, massgen_plugin_sdk::Framing::Whole));
    let counted: Value = serde_json::from_slice(&http.body).unwrap();
    let (sent, _) = OpenAi::open(&context(), &ask).unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    for part in ["model", "instructions", "input", "reasoning", "text"] {
        assert!(!sent[part].is_null() && counted[part] == sent[part], "{part}: {counted}");
    }
    for other in ["store", "stream", "include", "max_output_tokens"] {
        assert!(!sent[other].is_null() && counted[other].is_null(), "{other}: {counted}");
    }
    ask.sampling.seed = Some(1);
    let refused = OpenAi::count_request(&context(), &ask).unwrap_err();
    assert_eq!(refused.pointer.as_deref(), Some("/sampling/seed"));
}

#[test]
fn counts_are_decoded() {
    let count = |body: &str| OpenAi::count_response(&head(&[]), body.as_bytes());
    assert_eq!(count(r#"{"object":"response.input_tokens","input_tokens":321}"#).ok(), Some(321));
    assert_eq!(count(r#"{"input_tokens":null}"#).unwrap_err().kind, FailureKind::Protocol);
}
