//! Chat Completions: each quirk in isolation, then replies and errors in the formats of several services.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use massgen_plugin_sdk::testing::{check_every_cut, context, decode, head, lines, request, sse};
use massgen_plugin_sdk::{
    BodyEnd, Context, FailureKind, Frame, HttpHead, Message, NamedSchema, Opaque, OutputFormat,
    Part, Provider, Reasoning, Request, Role, Tool, ToolCall, ToolChoice, ToolOutput, ToolResult,
};
use massgen_provider_openai_compatible::OpenAiCompatible;
use massgen_provider_openai_compatible::codec::decode::Reply;
use serde_json::{Value, json};

fn with(settings: &[(&str, &str)]) -> Context {
    let setting = |(name, value): &(&str, &str)| ((*name).to_string(), format!("{value:?}"));
    Context { settings: settings.iter().map(setting).collect(), ..context() }
}

fn full() -> Request {
    let mut asked = request("m/x", "hi");
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
    asked.sampling.max_output_tokens = Some(100);
    asked
}

fn body(settings: &[(&str, &str)], change: impl FnOnce(&mut Request)) -> Value {
    let mut asked = full();
    change(&mut asked);
    let (http, _) =
        OpenAiCompatible::open(&with(settings), &asked).map_err(|failure| failure.message).unwrap();
    serde_json::from_slice(&http.body).unwrap()
}

fn refused(settings: &[(&str, &str)], change: impl FnOnce(&mut Request)) -> String {
    let mut asked = full();
    change(&mut asked);
    let failure = OpenAiCompatible::open(&with(settings), &asked).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    failure.pointer.unwrap()
}

#[test]
fn each_quirk_in_isolation() {
    let plain = body(&[], |_| {});
    assert_eq!(
        (&plain["max_tokens"], &plain["stream_options"]["include_usage"]),
        (&json!(100), &json!(true))
    );
    assert_eq!(plain["response_format"]["json_schema"]["strict"], true);
    assert!(plain["tools"][0]["function"].get("strict").is_none());
    assert!(plain.get("parallel_tool_calls").is_none());
    let one = |name: &str, value: &str| body(&[(name, value)], |_| {});
    assert_eq!(one("output-limit", "max_completion_tokens")["max_completion_tokens"], 100);
    assert_eq!(one("strict-tools", "yes")["tools"][0]["function"]["strict"], true);
    assert_eq!(one("parallel-calls", "yes")["parallel_tool_calls"], true);
    assert!(one("stream-usage", "given").get("stream_options").is_none());
    let object = one("schema", "json-object");
    assert_eq!(object["response_format"], json!({"type": "json_object"}));
    assert!(object["messages"][0]["content"].as_str().unwrap().contains("JSON Schema"));
    assert_eq!(refused(&[("schema", "none")], |_| {}), "/output");
    assert_eq!(refused(&[("schema-with-tools", "no")], |_| {}), "/output");
    assert_eq!(refused(&[("tools", "no")], |_| {}), "/tools");
    let any = body(&[("some-tool", "any")], |r| r.tool_choice = ToolChoice::Required);
    assert_eq!(any["tool_choice"], "any");
    let seed = body(&[("seed", "random_seed")], |r| r.sampling.seed = Some(7));
    assert_eq!(seed["random_seed"], 7);
    assert_eq!(refused(&[("seed", "none")], |r| r.sampling.seed = Some(7)), "/sampling/seed");
}

#[test]
fn reasoning_styles() {
    let high = |style: &str| {
        body(&[("reasoning", style)], |r| r.reasoning = Reasoning::Level("high".into()))
    };
    let off = |style: &str, word: &str| {
        body(&[("reasoning", style), ("reasoning-off", word)], |r| r.reasoning = Reasoning::Off)
    };
    assert_eq!(high("effort")["reasoning_effort"], "high");
    assert_eq!(off("effort", "low")["reasoning_effort"], "low");
    assert_eq!(high("object")["reasoning"], json!({"effort": "high"}));
    assert_eq!(off("object", "none")["reasoning"], json!({"enabled": false}));
    assert_eq!(high("thinking")["thinking"], json!({"type": "enabled"}));
    assert_eq!(off("thinking", "none")["thinking"], json!({"type": "disabled"}));
    assert_eq!(high("flag")["enable_thinking"], true);
    assert_eq!(off("template", "none")["chat_template_kwargs"]["enable_thinking"], false);
    let not_sent = high("none");
    assert!(
        ["reasoning_effort", "reasoning", "thinking"]
            .iter()
            .all(|name| not_sent.get(name).is_none())
    );
    assert_eq!(
        refused(&[("reasoning-off", "unsupported")], |r| r.reasoning = Reasoning::Off),
        "/reasoning"
    );
}

#[test]
fn azure_paths() {
    let path = |settings: &[(&str, &str)]| {
        let (http, _) =
            OpenAiCompatible::open(&with(settings), &full()).map_err(|f| f.message).unwrap();
        (http.path, http.query)
    };
    assert_eq!(path(&[]).0, "/chat/completions");
    assert_eq!(path(&[("url-style", "azure")]), ("/openai/v1/chat/completions".into(), vec![]));
    assert_eq!(
        path(&[("url-style", "azure"), ("api-version", "2026-10-21")]),
        (
            "/openai/deployments/m%2Fx/chat/completions".into(),
            vec![("api-version".into(), "2026-10-21".into())]
        )
    );
}

#[test]
fn a_conversation_with_tool_calls() {
    let turns = |asked: &mut Request| {
        let details = Opaque { kind: "reasoning_details".into(), data: "[{\"d\":1}]".into() };
        let call = |id: &str| {
            Part::ToolCall(ToolCall {
                id: id.into(),
                name: "t".into(),
                arguments_json: "{}".into(),
            })
        };
        let result = |id: &str| {
            Part::ToolResult(ToolResult {
                call_id: id.into(),
                name: "t".into(),
                is_error: false,
                content: vec![ToolOutput::Text("out".into())],
            })
        };
        let thought = Part::Reasoning("thought".into());
        let parts = vec![Part::Opaque(details), thought, call("c1"), call("c2")];
        asked.messages.push(Message { role: Role::Assistant, parts, cache_hint: false });
        let parts = vec![result("c1"), result("c2"), Part::Text("go on".into())];
        asked.messages.push(Message { role: Role::User, parts, cache_hint: true });
    };
    let plain = body(&[], turns);
    let roles: Vec<&str> =
        plain["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "user"]);
    let assistant = &plain["messages"][2];
    assert!(assistant["content"].is_null() && assistant.get("reasoning_content").is_none());
    assert!(assistant.get("reasoning_details").is_none());
    let echo = body(&[("reasoning-echo", "reasoning_content")], turns);
    assert_eq!(echo["messages"][2]["reasoning_content"], "thought");
    let details = body(&[("reasoning-echo", "reasoning_details")], turns);
    assert_eq!(details["messages"][2]["reasoning_details"], json!([{"d": 1}]));
    let cached = body(&[("cache-hints", "yes")], |asked| {
        asked.model = "anthropic/claude".into();
        turns(asked);
    });
    assert_eq!(cached["messages"][5]["content"][0]["cache_control"]["type"], "ephemeral");
}

const STREAM: &str = r#"data: {"id":"1","model":"m-2026","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

data: {"choices":[{"index":0,"delta":{"reasoning_content":"thïnk"}}]}

data: {"choices":[{"index":0,"delta":{"content":"let me"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"list","arguments":""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"find","arguments":"{\"x\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"1}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}

data: {"choices":[],"usage":{"prompt_tokens":50,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":4},"cost":0.00025}}

data: [DONE]

"#;

fn reply() -> Reply {
    Reply::new("Acme".into(), Vec::new())
}

fn decoded(stream: &str) -> Vec<String> {
    lines(&decode(reply(), &head(&[]), sse(stream), BodyEnd::Complete).unwrap())
}

#[test]
fn a_stream_with_reasoning_and_parallel_calls() {
    assert_eq!(
        decoded(STREAM),
        [
            "other served-model",
            "reasoning: thïnk",
            "text: let me",
            "call 0 a list",
            "call 1 b find",
            r#"args 1: {"x":1}"#,
            "args 0: {}",
            "end 0",
            "end 1",
            "usage 50 9 4 20 -",
            "other billed-usd",
            "stopped StopReason::ToolCalls",
        ]
    );
    // The stop reason ends the reply: only usage follows, which some services omit.
    let until_reason = &STREAM[..STREAM.find("data: {\"choices\":[],").unwrap()];
    check_every_cut(reply, &head(&[]), until_reason);
}

#[test]
fn streams_with_peculiarities_of_services() {
    let event = |data: Value| format!("data: {data}\n\n");
    let usage_last = event(json!({"choices": [{"delta": {"content": "hi"}}]}))
        + &event(
            json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
        );
    assert_eq!(decoded(&usage_last)[1..], ["usage 1 2 - - -", "stopped StopReason::EndTurn"]);
    let own_field = event(
        json!({"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}], "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}}),
    );
    assert_eq!(decoded(&own_field)[1], "usage 3 4 - - -");
    let cache_hits = event(
        json!({"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8}}),
    );
    assert_eq!(decoded(&cache_hits)[1], "usage 9 1 - 8 -");
    let pieces = event(
        json!({"choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "so"}]}, "finish_reason": "stop"}]}),
    );
    assert_eq!(decoded(&pieces), ["reasoning: hm", "text: so", "stopped StopReason::EndTurn"]);
    let without_index = event(
        json!({"choices": [{"delta": {"tool_calls": [{"function": {"name": "t", "arguments": {"a": 1}}}]}, "finish_reason": "stop"}]}),
    );
    assert_eq!(
        decoded(&without_index),
        ["call 0 call-0 t", r#"args 0: {"a":1}"#, "end 0", "stopped StopReason::ToolCalls"]
    );
    let only_done = event(json!({"choices": [{"delta": {"content": "hi"}}]})) + "data: [DONE]\n\n";
    assert_eq!(decoded(&only_done)[1], "stopped StopReason::Other(\"no finish_reason\")");
    let details = event(
        json!({"choices": [{"delta": {"reasoning_details": [{"data": "S"}], "content": "x"}, "finish_reason": "stop"}]}),
    );
    assert!(decoded(&details).contains(&r#"opaque reasoning_details [{"data":"S"}]"#.to_string()));
    let refusal =
        event(json!({"choices": [{"delta": {"refusal": "no"}, "finish_reason": "stop"}]}));
    assert_eq!(decoded(&refusal), ["text: no", "stopped StopReason::Refusal"]);
}

#[test]
fn errors_in_replies_and_malformed_replies() {
    let fails = |frames: Vec<Frame>| {
        decode(reply(), &head(&[]), frames, BodyEnd::Complete).unwrap_err().kind
    };
    let in_stream = "data: {\"error\":{\"code\":429,\"message\":\"busy\"}}\n\n";
    assert_eq!(fails(sse(in_stream)), FailureKind::RateLimited);
    let with_200 = json!({"error": {"code": 402, "message": "Insufficient credits"}}).to_string();
    assert_eq!(fails(vec![Frame::Body(with_200.into_bytes())]), FailureKind::Billing);
    let ended = json!({"choices": [{"message": {"content": "x"}, "finish_reason": "error"}]});
    assert_eq!(fails(vec![Frame::Body(ended.to_string().into_bytes())]), FailureKind::Protocol);
    assert_eq!(fails(vec![Frame::Body(b"{\"half".to_vec())]), FailureKind::Protocol);
    assert_eq!(fails(Vec::new()), FailureKind::Protocol);
}

#[test]
fn errors_are_classified_in_every_format() {
    let explain = |status: u16, body: &str| {
        OpenAiCompatible::explain(&HttpHead { status, headers: vec![] }, body.as_bytes())
    };
    for (status, body, kind, message) in [
        (
            401,
            r#"{"error":{"message":"bad key","type":"auth","code":"invalid_api_key"}}"#,
            FailureKind::Authentication,
            "bad key",
        ),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, FailureKind::Billing, "Balance"),
        (
            429,
            r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#,
            FailureKind::Billing,
            "quota",
        ),
        (
            429,
            r#"{"object":"error","message":"Requests rate limit exceeded","type":"rate","code":"1300"}"#,
            FailureKind::RateLimited,
            "rate",
        ),
        (
            422,
            r#"{"detail":[{"loc":["body","tools",0],"msg":"Field required","type":"missing"}]}"#,
            FailureKind::InvalidRequest,
            "body.tools.0: Field required",
        ),
        (400, r#"{"error":"model is loading"}"#, FailureKind::InvalidRequest, "model is loading"),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8}}"#,
            FailureKind::ContextTooLong,
            "context size",
        ),
        (400, "", FailureKind::ContextTooLong, "too long"),
        (413, "  ", FailureKind::ContextTooLong, "too long"),
        (
            400,
            r#"{"object":"error","message":"This model's maximum context length is 8192 tokens","code":40303}"#,
            FailureKind::ContextTooLong,
            "8192",
        ),
        (
            404,
            r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#,
            FailureKind::ModelUnknown,
            "does not exist",
        ),
        (
            400,
            r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#,
            FailureKind::ModelUnknown,
            "Not Exist",
        ),
        (404, r#"{"detail":"Not Found"}"#, FailureKind::Other, "Not Found"),
        (
            502,
            r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"upstream said no"}}}"#,
            FailureKind::Unavailable,
            "upstream said no",
        ),
        (
            498,
            r#"{"error":{"message":"Flex tier capacity exceeded"}}"#,
            FailureKind::Overloaded,
            "capacity",
        ),
        (503, "<html>oops</html>", FailureKind::Unavailable, "oops"),
    ] {
        let failure = explain(status, body);
        assert_eq!(failure.kind, kind, "{status} {body}");
        assert!(failure.message.contains(message), "{status} {body}: {}", failure.message);
    }
    let param = explain(400, r#"{"error":{"message":"bad","param":"reasoning_effort"}}"#);
    assert_eq!(param.pointer.as_deref(), Some("/reasoning"));
    let named = explain(400, r#"{"error":{"message":"'response_format' is not supported"}}"#);
    assert_eq!(named.pointer.as_deref(), Some("/output"));
}

#[test]
fn model_lists_of_several_services() {
    let models = |body: Value| {
        OpenAiCompatible::list_response(&head(&[]), body.to_string().as_bytes())
            .map_err(|f| f.message)
            .unwrap()
            .models
    };
    let broker = models(
        json!({"data": [{"id": "a/b", "name": "B", "context_length": 1000, "top_provider": {"max_completion_tokens": 10},
        "supported_parameters": ["tools", "structured_outputs"], "pricing": {"prompt": "0.0000015", "completion": "0.000006", "input_cache_read": "0.0000001"}}]}),
    );
    assert_eq!((broker[0].context_tokens, broker[0].max_output_tokens), (Some(1000), Some(10)));
    let price = broker[0].pricing.unwrap();
    assert_eq!(
        (price.input, price.output, price.cache_read),
        (1_500_000, 6_000_000, Some(100_000))
    );
    assert_eq!(broker[0].features, ["tools", "json-schema"]);
    let bare = models(
        json!([{"id": "x", "type": "chat", "context_length": 5, "pricing": {"input": 0.5, "output": 1.5}}, {"id": "y", "type": "image"}, {"id": "z", "type": "chat", "pricing": {"input": 0, "output": 0}}]),
    );
    assert_eq!(
        (bare.len(), bare[0].pricing.unwrap().input, bare[1].pricing.is_none()),
        (2, 500_000, true)
    );
    let flags = models(
        json!({"data": [{"id": "m", "max_context_length": 7, "capabilities": {"completion_chat": true, "function_calling": true}}, {"id": "e", "capabilities": {"completion_chat": false}}]}),
    );
    assert_eq!(
        (flags.len(), flags[0].context_tokens, flags[0].features[0].as_str()),
        (1, Some(7), "tools")
    );
    let local = models(
        json!({"data": [{"id": "l", "meta": {"n_ctx": 8192}}, {"id": "v", "max_model_len": 4096}, {"id": "nomic-embed"}]}),
    );
    assert_eq!(
        (local.len(), local[0].context_tokens, local[1].context_tokens),
        (2, Some(8192), Some(4096))
    );
}
