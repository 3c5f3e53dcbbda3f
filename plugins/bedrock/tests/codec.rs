//! Recorded replies of Converse.

use massgen_plugin_sdk::testing::{context, decode, head, lines, request};
use massgen_plugin_sdk::{
    BodyEnd, Decoder, FailureKind, Frame, HttpHead, Message, Opaque, Part, Provider, Role,
    ToolCall, ToolOutput, ToolResult,
};
use massgen_provider_bedrock::Bedrock;
use massgen_provider_bedrock::codec::decode::Reply;
use massgen_provider_bedrock::codec::event_stream::encode;
use serde_json::{Value, json};

fn stream() -> Vec<u8> {
    [
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "S"}}})),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("contentBlockStart", json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c", "name": "t"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{\"a\":"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"toolUse": {"input": "1}"}}})),
        ("contentBlockStop", json!({"contentBlockIndex": 1})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        ("metadata", json!({"usage": {"inputTokens": 5, "outputTokens": 7, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 2}})),
    ]
    .iter()
    .flat_map(|(name, payload)| encode("event", name, &payload.to_string()))
    .collect()
}

#[test]
fn a_stream_in_pieces_of_any_size() {
    let expect = [
        "reasoning: hm",
        r#"opaque reasoning-content {"reasoningText":{"text":"hm","signature":"S"}}"#,
        "call 0 c t",
        r#"args 0: {"a":1}"#,
        "end 0",
        "usage 10 7 - 3 2",
        "stopped StopReason::ToolCalls",
    ];
    let bytes = stream();
    for size in [1, 7, 64, bytes.len()] {
        let frames = bytes.chunks(size).map(|piece| Frame::Bytes(piece.to_vec())).collect();
        let events = decode(Reply::new(vec![]), &head(&[]), frames, BodyEnd::Complete).unwrap();
        assert_eq!(lines(&events), expect, "pieces of {size}");
    }
}

#[test]
fn a_truncated_stream_fails() {
    let bytes = stream();
    let metadata = encode("event", "metadata", "{}").len();
    for at in 0..bytes.len() - metadata - 200 {
        let frames = vec![Frame::Bytes(bytes[..at].to_vec())];
        assert!(
            decode(Reply::new(vec![]), &head(&[]), frames, BodyEnd::Truncated).is_err(),
            "{at}"
        );
    }
    let busy = encode("exception", "throttlingException", "{\"message\":\"slow down\"}");
    let failure = Reply::new(vec![]).frame(Frame::Bytes(busy)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
}

#[test]
fn a_conversation_with_tool_calls() {
    let mut asked = request("us.anthropic.claude-x:0", "hi");
    let thought = Opaque {
        kind: "reasoning-content".into(),
        data: "{\"reasoningText\":{\"text\":\"h\"}}".into(),
    };
    let call = ToolCall { id: "c".into(), name: "t".into(), arguments_json: "{\"a\":1}".into() };
    let parts = vec![Part::Opaque(thought), Part::ToolCall(call)];
    asked.messages.push(Message { role: Role::Assistant, parts, cache_hint: false });
    let result = ToolResult {
        call_id: "c".into(),
        name: "t".into(),
        is_error: true,
        content: vec![ToolOutput::Text("out".into())],
    };
    let parts = vec![Part::ToolResult(result)];
    asked.messages.push(Message { role: Role::User, parts, cache_hint: false });
    let (http, _) = Bedrock::open(&context(), &asked).map_err(|f| f.message).unwrap();
    assert_eq!(http.path, "/model/us.anthropic.claude-x%3A0/converse-stream");
    let body: Value = serde_json::from_slice(&http.body).unwrap();
    assert_eq!(body["system"][0]["text"], "rules");
    assert_eq!(body["messages"][1]["content"][1]["toolUse"]["input"]["a"], 1);
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["status"], "error");
}

#[test]
fn errors_are_classified() {
    for (status, name, message, kind) in [
        (
            429,
            "ThrottlingException",
            "Too many tokens, please wait before trying again.",
            FailureKind::RateLimited,
        ),
        (429, "ThrottlingException", "Too many tokens per day, please wait.", FailureKind::Billing),
        (
            400,
            "ValidationException:http://x/",
            "Input is too long for requested model.",
            FailureKind::ContextTooLong,
        ),
        (
            400,
            "ValidationException",
            "The provided model identifier is invalid.",
            FailureKind::ModelUnknown,
        ),
        (
            400,
            "ValidationException",
            "The provided request is not valid",
            FailureKind::InvalidRequest,
        ),
        (
            403,
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
            FailureKind::Authentication,
        ),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model.",
            FailureKind::Permission,
        ),
        (503, "ServiceUnavailableException", "busy", FailureKind::Overloaded),
    ] {
        let head = HttpHead { status, headers: vec![("x-amzn-errortype".into(), name.into())] };
        let failure = Bedrock::explain(&head, json!({"message": message}).to_string().as_bytes());
        assert_eq!(failure.kind, kind, "{name} {message}");
    }
}

#[test]
fn the_model_of_a_profile_counts_the_prompt() {
    let mut ask = request("us.anthropic.claude-haiku-5-5", "hi");
    ask.sampling.max_output_tokens = Some(100);
    let http = Bedrock::count_request(&context(), &ask).unwrap();
    assert_eq!(http.path, "/model/anthropic.claude-haiku-5-5/count-tokens");
    let body: Value = serde_json::from_slice(&http.body).unwrap();
    let converse = &body["input"]["converse"];
    assert!(converse["system"].is_array() && converse["messages"].is_array(), "{body}");
    assert!(converse["inferenceConfig"].is_null(), "{body}");
    for (id, path) in [
        ("anthropic.claude-haiku-5-5", "anthropic.claude-haiku-5-5"),
        ("global.anthropic.claude-haiku-5-5-v1:0", "anthropic.claude-haiku-5-5-v1%3A0"),
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0"),
    ] {
        ask.model = id.into();
        let http = Bedrock::count_request(&context(), &ask).unwrap();
        assert_eq!(http.path, format!("/model/{path}/count-tokens"));
    }
    ask.model = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x".into();
    let refused = Bedrock::count_request(&context(), &ask).unwrap_err();
    assert_eq!(
        (refused.kind, refused.pointer.as_deref()),
        (FailureKind::Unsupported, Some("/model"))
    );
    let count = Bedrock::count_response(&head(&[]), br#"{"inputTokens":38}"#);
    assert_eq!(count.ok(), Some(38));
}
