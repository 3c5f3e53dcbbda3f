//! The companion `token-counter`: it must follow the rules of an exchange, and plugins without it still work.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::io::{Read, Write};
use std::net::TcpListener;

use massgen_conformance::{MISBEHAVE, PLAIN};
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{Provider, Unobserved};
use massgen_models::request::{Message, Request, Role};
use massgen_runtime::{
    ComponentProvider, Connection, HttpOptions, Runtime, RuntimeOptions, Secret,
};

const KEY: &str = "sentinel-key/with+signs";

/// Starts a server that returns each request's head and body, with this status.
fn echo_server(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten().take(20) {
            let mut bytes = vec![0; 64 << 10];
            let Ok(read) = stream.read(&mut bytes) else { continue };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {read}\r\nconnection: close\r\n\r\n");
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes[..read])));
        }
    });
    url
}

fn provider(component: &[u8], url: &str) -> ComponentProvider {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let connection = Connection {
        credential: Some(Secret::new(KEY).into()),
        base_url: Some(url.into()),
        http: HttpOptions { max_retries: 0, ..HttpOptions::default() },
        ..Connection::default()
    };
    runtime.load(component).unwrap().connect(connection).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

fn count(component: &[u8], model: &str, url: &str) -> Result<u64, Failure> {
    let request = Request::new(model, vec![Message::text(Role::User, "hello there")]);
    block_on(provider(component, url).count_tokens(&request))
}

#[test]
fn a_plugin_without_companions_still_works() {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let plugin = runtime.load(PLAIN).unwrap();
    assert!(!plugin.has_counter() && !plugin.has_catalog());
    let url = echo_server("200 OK");
    let provider = provider(PLAIN, &url);
    let request = Request::new("plain-1", vec![Message::text(Role::User, "hello there")]);
    let reply = block_on(provider.exchange(&request, &mut Unobserved)).unwrap();
    assert!(reply.text().contains("hello there"), "{reply:?}");
    for failure in [
        block_on(provider.count_tokens(&request)).unwrap_err(),
        block_on(provider.list_models()).unwrap_err(),
    ] {
        assert_eq!(failure.kind, FailureKind::Unsupported, "{failure}");
        assert!(failure.message.starts_with("plain cannot "), "{failure}");
    }
}

#[test]
fn the_key_never_reaches_the_guest() {
    let counted = count(MISBEHAVE, "echo", &echo_server("200 OK")).unwrap();
    // The guest sees the echoed head with the key redacted.
    assert!(counted > 100, "{counted}");
}

#[test]
fn an_error_of_the_service_is_explained() {
    let failure = count(MISBEHAVE, "echo", &echo_server("429 Slow down")).unwrap_err();
    assert_eq!((failure.kind, failure.http_status), (FailureKind::RateLimited, Some(429)));
    assert!(failure.message.contains("hello there"), "{failure}");
    assert!(!failure.message.contains("sentinel"), "{failure}");
}

#[test]
fn a_counter_must_follow_the_rules_of_an_exchange() {
    let url = echo_server("200 OK");
    for (misdeed, message) in [
        ("spin", "exceeded its time limit"),
        ("allocate", "crashed (count-request)"),
        ("panic", "this is what I do"),
        ("giant-request", "crashed (count-request)"),
        ("bad-header", "may set the header \"Authorization\""),
        ("undeclared-endpoint", "endpoint \"elsewhere\""),
        ("bad-path", "\"/admin\" matches no pattern"),
        ("bad-method", "method \"DELETE\""),
    ] {
        let failure = count(MISBEHAVE, misdeed, &url).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Plugin, "{misdeed}: {failure}");
        assert!(failure.message.contains(message), "{misdeed}: {failure}");
        assert!(failure.message.contains("misbehave 0.1.0"), "{misdeed}: {failure}");
    }
    assert!(count(MISBEHAVE, "echo", &url).is_ok(), "the host still works");
}
