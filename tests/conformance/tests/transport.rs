//! The transport and misbehaving servers.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use massgen_conformance::MISBEHAVE;
use massgen_models::failure::FailureKind;
use massgen_models::provider::{ExchangeError, Provider, Reply, Unobserved};
use massgen_models::request::{Message, Request, Role};
use massgen_runtime::{Connection, HttpOptions, Runtime, RuntimeOptions, Secret};

/// Starts a server that answers requests with these replies in order, then repeats the last one. Returns its URL and the
/// number of requests.
fn server(answers: Vec<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten().take(20) {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(number).or(answers.last()).cloned().unwrap_or_default();
            let mut bytes = [0; 4096];
            drop(stream.read(&mut bytes).and_then(|_| stream.write_all(&answer)));
        }
    });
    (url, count)
}

fn ask(url: &str) -> Result<Reply, ExchangeError> {
    let plugin = Runtime::new(&RuntimeOptions::default()).unwrap().load(MISBEHAVE).unwrap();
    let http = HttpOptions { idle_timeout_ms: 2_000, ..HttpOptions::default() };
    let connection = Connection {
        credential: Some(Secret::new("sentinel-key").into()),
        base_url: Some(url.into()),
        http,
        ..Connection::default()
    };
    let provider = plugin.connect(connection).unwrap();
    let request = Request::new("echo", vec![Message::text(Role::User, "hello")]);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(provider.exchange(&request, &mut Unobserved))
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn redirects_are_not_followed() {
    let (elsewhere, seen) = server(vec![reply("200 OK", "", b"gotcha")]);
    let (url, _) =
        server(vec![reply("307 Moved", &format!("location: {elsewhere}/echo/once\r\n"), b"")]);
    let error = ask(&url).unwrap_err();
    assert!(error.failure.message.contains("redirects are not followed"), "{error}");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn a_decompression_bomb_is_stopped() {
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..100 {
        zipped.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    let body = zipped.finish().unwrap();
    assert!(body.len() < 2 << 20);
    let (url, count) = server(vec![reply("200 OK", "content-encoding: gzip\r\n", &body)]);
    let error = ask(&url).unwrap_err();
    let stopped = error.failure.message.contains("larger than");
    assert!(stopped, "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1, "a reply that has begun is not retried");
}

#[test]
fn retry_headers_are_obeyed() {
    let busy = |headers: &str| reply("429 Busy", headers, b"slow down");
    let good = || reply("200 OK", "", b"fine");
    let (url, count) = server(vec![busy("retry-after-ms: 300\r\n"), good()]);
    let started = std::time::Instant::now();
    let reply_text = ask(&url).unwrap();
    assert!(
        started.elapsed().as_millis() >= 300
            && reply_text.text() == "fine"
            && reply_text.attempts == 2
    );
    assert_eq!(count.load(Ordering::SeqCst), 2);
    for (headers, requests) in [("retry-after: 121\r\n", 1), ("x-should-retry: false\r\n", 1)] {
        let (url, count) = server(vec![busy(headers), good()]);
        assert_eq!(ask(&url).unwrap_err().failure.kind, FailureKind::RateLimited, "{headers}");
        assert_eq!(count.load(Ordering::SeqCst), requests, "{headers}");
    }
}

#[test]
fn html_pages_and_truncated_bodies_are_failures() {
    let (url, _) = server(vec![reply(
        "200 OK",
        "content-type: text/html\r\n",
        b"<html>Sign in, sentinel-key</html>",
    )]);
    let error = ask(&url).unwrap_err();
    assert!(
        error.failure.message.contains("an HTML page")
            && !error.failure.message.contains("sentinel"),
        "{error}"
    );
    let (url, count) = server(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\nonly this much, and it is longer than the key".to_vec()]);
    let error = ask(&url).unwrap_err();
    assert_eq!((error.failure.kind, error.begun), (FailureKind::Protocol, true), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_closed_port_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&url).unwrap_err();
    assert_eq!(
        (error.failure.kind, error.begun, error.attempts),
        (FailureKind::Unavailable, false, 3)
    );
    assert!(error.failure.message.contains(&format!("failed to connect to {url}")), "{error}");
}
