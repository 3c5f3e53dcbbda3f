//! Fake LLM services on loopback, with scripted replies and a journal of requests. Dropping the value stops the server.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::wire::{self, Service, Step};

/// Maximum number of requests in a test. A client that sends more is in a loop.
const REQUESTS_MAX: usize = 200;

/// A received request.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Path with query.
    pub path: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as JSON, or null if it is not JSON.
    pub body: Value,
    /// Time of arrival.
    pub at: Instant,
}

/// The server.
pub struct FakeLlm {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    steps: Mutex<VecDeque<Step>>,
    count_steps: Mutex<VecDeque<Step>>,
    journal: Mutex<Vec<Recorded>>,
    over: AtomicBool,
}

impl FakeLlm {
    /// Starts the server. Without a script it replies like a model that calls one tool and then reports.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let served = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.over.load(Ordering::SeqCst) {
                    return;
                }
                let served = served.clone();
                std::thread::spawn(move || drop(serve(&stream, &served)));
            }
        });
        Self { port, shared }
    }

    /// Adds replies to the script.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.shared.steps.lock().unwrap().extend(steps);
    }

    /// Adds replies to token count requests. The default is a count of [`COUNTED_TOKENS`](crate::COUNTED_TOKENS).
    pub fn script_counts(&self, steps: impl IntoIterator<Item = Step>) {
        self.shared.count_steps.lock().unwrap().extend(steps);
    }

    /// Returns the requests received so far.
    pub fn journal(&self) -> Vec<Recorded> {
        self.shared.journal.lock().unwrap().clone()
    }

    /// Returns the URL, without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(path) = line.split_whitespace().nth(1).map(String::from) else { return Ok(()) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut journal = shared.journal.lock().unwrap();
    journal.push(Recorded { path: path.clone(), headers, body: body.clone(), at: Instant::now() });
    let number = journal.len();
    drop(journal);
    let mut out = stream;
    if number > REQUESTS_MAX {
        return out
            .write_all(b"HTTP/1.1 400 Too Many\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
    if let Some(count) = wire::count(&path) {
        let step = shared.count_steps.lock().unwrap().pop_front().unwrap_or_default();
        return answer_whole(stream, &step, &count);
    }
    let Some(service) = Service::of(&path) else {
        return out.write_all(
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    };
    let step = shared
        .steps
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or_else(|| wire::default_step(service, &body));
    answer(stream, service, &path, &body, &step, number)
}

fn answer(
    stream: &TcpStream,
    service: Service,
    path: &str,
    body: &Value,
    step: &Step,
    number: usize,
) -> std::io::Result<()> {
    let streamed = body["stream"] == true || path.contains("streamGenerateContent");
    if step.error.is_some() || !streamed {
        return answer_whole(stream, step, &wire::whole(service, step, number));
    }
    std::thread::sleep(Duration::from_millis(step.delay_ms));
    let mut out = stream;
    out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")?;
    for (index, (name, event)) in wire::events(service, step, number).into_iter().enumerate() {
        if step.cut_after == Some(index) {
            return stream.shutdown(Shutdown::Both);
        }
        if step.stall_after == Some(index) {
            std::thread::sleep(Duration::from_secs(15));
            return stream.shutdown(Shutdown::Both);
        }
        let data = if step.malformed && index == 1 {
            "{\"broken\": ".to_string()
        } else {
            event.to_string()
        };
        let text = if name.is_empty() {
            format!("data: {data}\n\n")
        } else {
            format!("event: {name}\ndata: {data}\n\n")
        };
        write!(out, "{:x}\r\n{text}\r\n", text.len())?;
    }
    out.write_all(b"0\r\n\r\n")
}

/// Sends an error or a reply in one piece.
fn answer_whole(stream: &TcpStream, step: &Step, reply: &Value) -> std::io::Result<()> {
    let mut out = stream;
    std::thread::sleep(Duration::from_millis(step.delay_ms));
    let (status, text) = match &step.error {
        Some((status, error)) => (*status, error.clone()),
        None if step.malformed => (200, "{\"broken\": [".into()),
        None => (200, reply.to_string()),
    };
    let extra: String =
        step.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{extra}connection: close\r\n\r\n",
        text.len()
    );
    out.write_all((head + &text).as_bytes())
}
