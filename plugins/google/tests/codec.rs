//! Recorded replies of generateContent. Bodies follow the service's published types.

use massgen_plugin_sdk::testing::{check_every_cut, context, decode, head, lines, request, sse};
use massgen_plugin_sdk::{
    BodyEnd, FailureKind, Frame, HttpHead, Message, NamedSchema, Opaque, OutputFormat, Part,
    Provider, Reasoning, Role, Tool, ToolCall, ToolOutput, ToolResult,
};
use massgen_provider_google::Google;
use massgen_provider_google::codec::decode::Reply;
use massgen_provider_google::codec::list;
use serde_json::{Value, json};

const STREAM: &str = r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true}]}}],"usageMetadata":{"promptTokenCount":50}}

data: {"candidates":[{"content":{"role":"model","parts":[{"text":"grü"}]}}]}

data: {"candidates":[{"content":{"role":"model","parts":[{"text":"n"}]}}]}

data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"f1","name":"search","args":{"text":"x"}},"thoughtSignature":"SIG"},{"functionCall":{"name":"list_files"}}]}}]}

data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":50,"cachedContentTokenCount":20,"candidatesTokenCount":8,"thoughtsTokenCount":4}}

"#;

#[test]
fn a_stream_with_thoughts_and_tool_calls() {
    let events = decode(Reply::new(vec![]), &head(&[]), sse(STREAM), BodyEnd::Complete).unwrap();
    assert_eq!(
        lines(&events),
        [
            "reasoning: hm",
            "text: grün",
            "opaque thought-signature SIG",
            "call 0 f1 search",
            r#"args 0: {"text":"x"}"#,
            "end 0",
            "call 1 massgen-call-1 list_files",
            "args 1: {}",
            "end 1",
            "usage 50 12 4 20 -",
            "stopped StopReason::ToolCalls",
        ]
    );
    check_every_cut_of_google();
}

/// The last event has the stop reason, but a body truncated right after it is still a failure.
fn check_every_cut_of_google() {
    check_every_cut(|| Reply::new(vec![]), &head(&[]), STREAM);
    assert!(decode(Reply::new(vec![]), &head(&[]), sse(STREAM), BodyEnd::Truncated).is_err());
}

#[test]
fn endings() {
    let end = |response: Value| {
        decode(
            Reply::new(vec![]),
            &head(&[]),
            vec![Frame::Body(response.to_string().into_bytes())],
            BodyEnd::Complete,
        )
        .map(|events| lines(&events).pop().unwrap())
    };
    for (reason, expect) in [
        ("STOP", "EndTurn"),
        ("MAX_TOKENS", "MaxTokens"),
        ("SAFETY", "Refusal"),
        ("PROHIBITED_CONTENT", "Refusal"),
        ("MALFORMED_FUNCTION_CALL", "Other(\"MALFORMED_FUNCTION_CALL\")"),
        ("BRAND_NEW", "Other(\"BRAND_NEW\")"),
    ] {
        assert_eq!(
            end(json!({"candidates": [{"finishReason": reason}]})).unwrap(),
            format!("stopped StopReason::{expect}")
        );
    }
    assert_eq!(
        end(json!({"promptFeedback": {"blockReason": "SAFETY"}})).unwrap(),
        "stopped StopReason::Refusal"
    );
    assert_eq!(end(json!({"candidates": [{}]})).unwrap_err().kind, FailureKind::Protocol);
    assert_eq!(
        end(json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}}))
            .unwrap_err()
            .kind,
        FailureKind::Overloaded
    );
}

#[test]
fn errors_are_classified() {
    let explain = |status: u16, body: Value| {
        Google::explain(&HttpHead { status, headers: vec![] }, body.to_string().as_bytes())
    };
    let bad_key = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}});
    assert_eq!(explain(400, bad_key.clone()).kind, FailureKind::Authentication);
    assert_eq!(
        explain(400, json!([bad_key])).kind,
        FailureKind::Authentication,
        "wrapped in an array"
    );
    let quota = |id: &str| json!({"error": {"status": "RESOURCE_EXHAUSTED", "message": "m", "details": [{"violations": [{"quotaId": id}]}, {"retryDelay": "2.5s"}]}});
    assert_eq!(explain(429, quota("PerDayPerProject")).kind, FailureKind::Billing);
    let busy = explain(429, quota("PerMinutePerProject"));
    assert_eq!((busy.kind, busy.retry_after_ms), (FailureKind::RateLimited, Some(2_500)));
    assert_eq!(
        explain(404, json!({"error": {"status": "NOT_FOUND", "message": "m"}})).kind,
        FailureKind::ModelUnknown
    );
    assert_eq!(explain(400, json!({"error": {"status": "INVALID_ARGUMENT", "message": "The input token count (9) exceeds the maximum number of tokens allowed (1)."}})).kind, FailureKind::ContextTooLong);
    assert_eq!(
        Google::explain(&HttpHead { status: 502, headers: vec![] }, b"<html>").kind,
        FailureKind::Unavailable
    );
}

#[test]
fn requests_are_encoded() {
    let mut asked = request("gemini-3.5-flash-lite", "hi");
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
    asked.reasoning = Reasoning::Level("high".into());
    let call = |id: &str| {
        Part::ToolCall(ToolCall { id: id.into(), name: "t".into(), arguments_json: "{}".into() })
    };
    let result = |id: &str| {
        Part::ToolResult(ToolResult {
            call_id: id.into(),
            name: "t".into(),
            is_error: false,
            content: vec![ToolOutput::Text("out".into())],
        })
    };
    asked.messages.push(Message {
        role: Role::Assistant,
        parts: vec![
            Part::Opaque(Opaque { kind: "thought-signature".into(), data: "SIG".into() }),
            call("f1"),
            call("massgen-call-1"),
        ],
        cache_hint: false,
    });
    asked.messages.push(Message {
        role: Role::User,
        parts: vec![result("f1"), result("massgen-call-1")],
        cache_hint: false,
    });
    let open =
        |asked: &massgen_plugin_sdk::Request| Google::open(&context(), asked).map(|(http, _)| http);
    let http = open(&asked).map_err(|failure| failure.message).unwrap();
    assert_eq!(http.path, "/v1/models/gemini-3.5-flash-lite:streamGenerateContent");
    let body: Value = serde_json::from_slice(&http.body).unwrap();
    let parts = &body["contents"][1]["parts"];
    assert_eq!(
        (&parts[0]["thoughtSignature"], &parts[0]["functionCall"]["id"]),
        (&json!("SIG"), &json!("f1"))
    );
    assert!(
        parts[1]["functionCall"].get("id").is_none() && parts[1].get("thoughtSignature").is_none()
    );
    assert_eq!(body["contents"][2]["parts"].as_array().unwrap().len(), 2);
    assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingLevel"], "HIGH");
    assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
    for (model, path) in [
        ("gemini-3-flash-preview", "/v1beta/models/gemini-3-flash-preview:"),
        ("gemini-flash-latest", "/v1beta/models/gemini-flash-latest:"),
        ("a/b", "/v1/models/a%2Fb:"),
    ] {
        let path_of = open(&request(model, "x")).map_err(|failure| failure.message).unwrap().path;
        assert!(path_of.starts_with(path), "{path_of}");
    }
    asked.model = "gemini-2.5-flash".into();
    let refused = open(&asked).err().unwrap();
    assert_eq!(
        (refused.kind, refused.pointer.as_deref()),
        (FailureKind::Unsupported, Some("/output"))
    );
}

#[test]
fn model_lists_have_pages() {
    let page = list::page(json!({"models": [{"name": "models/g", "supportedGenerationMethods": ["generateContent"], "inputTokenLimit": 9}, {"name": "models/e", "supportedGenerationMethods": ["embedContent"]}], "nextPageToken": "T"}).to_string().as_bytes()).unwrap();
    assert_eq!(page.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["g"]);
    assert!(page.next.unwrap().query.contains(&("pageToken".into(), "T".into())));
}

#[test]
fn the_count_request_names_the_model_in_full() {
    let mut ask = request("gemini-3.8-flash", "hi");
    ask.tools = vec![Tool {
        name: "look".into(),
        description: "looks".into(),
        input_schema_json: r#"{"type":"object"}"#.into(),
    }];
    let counted = |settings: &[(&str, &str)], ask: &massgen_plugin_sdk::Request| {
        let mut context = context();
        let set = |(name, value): &(&str, &str)| {
            ((*name).to_string(), serde_json::Value::from(*value).to_string())
        };
        context.settings = settings.iter().map(set).collect();
        let http = Google::count_request(&context, ask).unwrap();
        assert!(http.query.is_empty());
        (http.path, serde_json::from_slice::<Value>(&http.body).unwrap())
    };
    let (path, body) = counted(&[], &ask);
    assert_eq!(path, "/v1/models/gemini-3.8-flash:countTokens");
    let whole = &body["generateContentRequest"];
    assert_eq!(whole["model"], "models/gemini-3.8-flash");
    for part in ["contents", "systemInstruction", "tools", "toolConfig"] {
        assert!(!whole[part].is_null(), "{part}: {body}");
    }
    let vertex = [("url-style", "vertex"), ("auth-scheme", "google-adc"), ("project", "p")];
    let (path, body) = counted(&[&vertex[..], &[("location", "global")]].concat(), &ask);
    let model = "publishers/google/models/gemini-3.8-flash:countTokens";
    assert_eq!(path, format!("/v1/projects/p/locations/global/{model}"));
    for part in ["contents", "systemInstruction", "tools"] {
        assert!(!body[part].is_null(), "{part}: {body}");
    }
    assert!(body["toolConfig"].is_null() && body["generateContentRequest"].is_null(), "{body}");
    assert_eq!(counted(&vertex[..1], &ask).0, format!("/v1/{model}"));
    ask.model = "models/gemini-flash-latest".into();
    let (path, body) = counted(&[], &ask);
    assert_eq!(path, "/v1beta/models/gemini-flash-latest:countTokens");
    assert_eq!(body["generateContentRequest"]["model"], "models/gemini-flash-latest");
}

#[test]
fn counts_are_decoded() {
    let count = |body: &str| Google::count_response(&head(&[]), body.as_bytes());
    let reply = r#"{"totalTokens":31,"promptTokensDetails":[{"modality":"TEXT","tokenCount":31}]}"#;
    assert_eq!(count(reply).ok(), Some(31));
    assert_eq!(count("[]").unwrap_err().kind, FailureKind::Protocol);
}
