//! Hostile guests: each is stopped with an error that names it, and the host continues.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::io::{Read, Write};
use std::net::TcpListener;

use massgen_conformance::MISBEHAVE;
use massgen_models::failure::FailureKind;
use massgen_models::provider::{ExchangeError, Provider, Reply, Unobserved};
use massgen_models::request::{Message, Request, Role};
use massgen_runtime::{
    ComponentProvider, Connection, LoadPluginError, Runtime, RuntimeOptions, Secret,
};

const KEY: &str = "sentinel-key/with+signs";

/// Starts a server that returns each request's head and body, so that an echoed key would be visible.
fn echo_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten().take(50) {
            let mut bytes = vec![0; 64 << 10];
            let Ok(read) = stream.read(&mut bytes) else { continue };
            let body = &bytes[..read];
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-echo: {KEY}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)));
        }
    });
    url
}

fn provider(runtime: &Runtime, url: &str) -> ComponentProvider {
    let plugin = runtime.load(MISBEHAVE).unwrap();
    let connection = Connection {
        credential: Some(Secret::new(KEY).into()),
        base_url: Some(url.into()),
        ..Connection::default()
    };
    plugin.connect(connection).unwrap()
}

fn ask(provider: &ComponentProvider, model: &str) -> Result<Reply, ExchangeError> {
    let request = Request::new(model, vec![Message::text(Role::User, "hello there")]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(provider.exchange(&request, &mut Unobserved))
}

/// Checks that a misdeed is reported with the plugin's name, and that plugin and host still work afterwards.
fn assert_stopped(misdeed: &str, message: &str) {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let provider = provider(&runtime, &echo_server());
    let error = ask(&provider, misdeed).unwrap_err();
    assert_eq!(error.failure.kind, FailureKind::Plugin, "{error}");
    assert!(error.failure.message.contains(message), "expected {message:?}: {error}");
    let named = error.failure.message.contains("misbehave 0.1.0") || misdeed == "no-stop";
    assert!(named, "the plugin is not named: {error}");
    assert_eq!(error.attempts, 1, "errors of plugins are not retried");
    let good = ask(&provider, "echo").unwrap();
    assert!(good.text().contains("hello there"), "{good:?}");
}

macro_rules! misdeeds {
    ($($name:ident: $misdeed:literal, $message:literal;)*) => {
        $(
            #[test]
            fn $name() {
                assert_stopped($misdeed, $message);
            }
        )*
    };
}

misdeeds! {
    spin: "spin", "exceeded its time limit";
    allocate: "allocate", "crashed (open)";
    panic: "panic", "this is what I do";
    deep_recursion: "deep-recursion", "crashed (open)";
    giant_list: "giant-list", "crashed (push)";
    giant_request: "giant-request", "crashed (request)";
    bad_header: "bad-header", "may set the header \"Authorization\"";
    bad_header_value: "bad-header-value", "header \"x-note\" is malformed";
    undeclared_endpoint: "undeclared-endpoint", "endpoint \"elsewhere\"";
    bad_path: "bad-path", "\"/admin\" matches no pattern";
    climbing_path: "climbing-path", "path \"/echo/../admin\"";
    bad_method: "bad-method", "method \"DELETE\"";
    many_events: "many-events", "events at once";
    delta_without_start: "delta-without-start", "continued call 7";
    content_after_stop: "content-after-stop", "after the end of the reply";
    two_stops: "two-stops", "a second end";
    no_stop: "no-stop", "without a reason";
    panic_late: "panic-late", "not now";
}

#[test]
fn no_byte_of_the_key_reaches_a_guest() {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let provider = provider(&runtime, &echo_server());
    // The server echoes the head with the key, and the guest returns whatever it receives.
    let reply = ask(&provider, "echo").unwrap().text();
    assert!(reply.contains("authorization: Bearer [redacted]"), "{reply}");
    assert!(!reply.contains("sentinel"), "{reply}");
}

#[test]
fn imports_are_refused_before_compilation() {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let refused = |import: &str| {
        let text = format!("(component (import {import:?} (instance)))");
        let mut component = wat::parse_str(text).unwrap();
        append_manifest(&mut component, "1");
        format!("{:?}", runtime.load(&component).unwrap_err())
    };
    let sockets = refused("wasi:sockets/tcp@0.2.0");
    assert!(
        sockets.contains("wasi:sockets/tcp@0.2.0")
            && sockets.contains("wasm32-unknown-unknown")
            && sockets.contains("evil 0.1.0"),
        "{sockets}"
    );
    assert!(refused("wasi:filesystem/types@0.2.0").contains("wasi:filesystem"));
    assert!(refused("acme:host/secrets@1.0.0").contains("acme:host/secrets"));
}

#[test]
fn false_and_missing_manifests_are_refused() {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let load = |bytes: &[u8]| runtime.load(bytes).unwrap_err();
    assert!(matches!(load(b"not wasm at all"), LoadPluginError::Manifest(_)));
    assert!(matches!(load(&wat::parse_str("(component)").unwrap()), LoadPluginError::Manifest(_)));
    let mut twice = MISBEHAVE.to_vec();
    append_manifest(&mut twice, "1");
    assert!(matches!(load(&twice), LoadPluginError::Manifest(_)));
    let mut future = wat::parse_str("(component)").unwrap();
    append_manifest(&mut future, "9");
    assert!(matches!(load(&future), LoadPluginError::Manifest(_)));
    let mut empty = wat::parse_str("(component)").unwrap();
    append_manifest(&mut empty, "1");
    assert!(format!("{:?}", load(&empty)).contains("massgen:analyzer-model/analyzer-model@0.1.0"));
    // The manifest has another name than the code.
    let at = MISBEHAVE.windows(14).rposition(|window| window == b"id = \"misbehav").unwrap();
    let mut forged = MISBEHAVE.to_vec();
    forged[at + 6] = b'n';
    assert!(matches!(load(&forged), LoadPluginError::Identity { .. }));
}

#[test]
fn a_compiled_component_is_loaded_from_the_cache() {
    let dir = tempfile::tempdir().unwrap();
    let options = RuntimeOptions { cache_dir: Some(dir.path().join("massgen")) };
    let url = echo_server();
    for _ in 0..2 {
        let runtime = Runtime::new(&options).unwrap();
        assert!(ask(&provider(&runtime, &url), "echo").is_ok());
    }
    let cached = std::fs::read_dir(dir.path().join("massgen/aot"))
        .unwrap()
        .flatten()
        .find(|entry| entry.path().is_dir())
        .unwrap();
    assert_eq!(std::fs::read_dir(cached.path()).unwrap().count(), 2);
}

#[test]
fn the_bundled_providers_load() {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let is_provider = |id: &str| !["copy", "worktree"].contains(&id);
    for bundled in massgen_bundle::PLUGINS.iter().filter(|plugin| is_provider(plugin.id)) {
        let plugin = runtime.load(bundled.component).unwrap();
        assert_eq!(plugin.manifest().id, bundled.id);
        assert!(plugin.has_catalog() && plugin.has_counter(), "{}", bundled.id);
    }
}

/// Appends the manifest of a plugin named evil.
fn append_manifest(component: &mut Vec<u8>, schema: &str) {
    let manifest = format!(
        "schema = {schema}\nid = \"evil\"\nname = \"Evil\"\nversion = \"0.1.0\"\nkind = \"analyzer-model\"\n[[endpoint]]\nname = \"api\"\nbase = \"https://evil.invalid\"\nmethods = [\"POST\"]\npaths = [\"/x\"]\n"
    );
    massgen_componentise::embed(component, manifest.as_bytes());
}
