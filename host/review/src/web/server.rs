//! The server: as thin as it gets. What comes in goes through the gate, what goes out carries the same headers
//! always, and everything else is decided elsewhere.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, OnceCell};

use super::answer::{Fault, Web};
use super::gate::{Call, Gate, Idle, Refusal, Want};
use super::page;
use super::view::Stretch;
use crate::job::Outcome;
use crate::text::Highlighter;

const BODY_BYTES_MAX: usize = 64 << 10;
const HEAD_BYTES_MAX: usize = 32 << 10;
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
const CONNECTIONS_MAX: usize = 64;
/// How long the last answers may take to be read.
const GOODBYE: Duration = Duration::from_secs(2);

/// No source but the page's own files, nothing that draws it into another page, no address that leaves it.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("x-dns-prefetch-control"), "off"),
];

/// Why the server ended.
#[derive(Debug)]
pub(super) enum End {
    /// The review did.
    Review(Outcome),
    /// Ctrl-C, or a signal.
    Interrupted,
    /// Nobody asked for anything.
    Idle,
}

type Reply = Response<Full<Bytes>>;

struct Server<'s, 'a, 'j> {
    gate: RefCell<Gate>,
    web: &'s RefCell<Web<'a, 'j>>,
    last: Cell<Instant>,
    ended: Notify,
    highlighter: OnceCell<Arc<Highlighter>>,
}

/// Serves until the review ends, somebody interrupts, or nobody asks any more.
pub(super) async fn serve(
    listener: &TcpListener,
    gate: Gate,
    web: &RefCell<Web<'_, '_>>,
    idle: Idle,
    interrupted: impl Future<Output = ()>,
) -> End {
    let server = Server {
        gate: RefCell::new(gate),
        web,
        last: Cell::new(Instant::now()),
        ended: Notify::new(),
        highlighter: OnceCell::new(),
    };
    let mut interrupted = std::pin::pin!(interrupted);
    let mut connections = FuturesUnordered::new();
    let end = loop {
        let Some(left) = idle.left(server.last.get().elapsed()) else { break End::Idle };
        tokio::select! {
            () = &mut interrupted => break End::Interrupted,
            () = server.ended.notified() => {
                if let Some(outcome) = server.web.borrow_mut().outcome.take() {
                    break End::Review(outcome);
                }
            }
            () = tokio::time::sleep(left) => {}
            Some(_) = connections.next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                if let Ok((stream, _)) = accepted {
                    let answer = service_fn(|request| server.answer(request));
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEAD_PATIENCE)
                        .max_buf_size(HEAD_BYTES_MAX)
                        .serve_connection(TokioIo::new(stream), answer);
                    connections.push(connection);
                }
            }
        }
    };
    // Whoever ended the review still gets the answer.
    let goodbye = async { while connections.next().await.is_some() {} };
    _ = tokio::time::timeout(
        if matches!(end, End::Review(_)) { GOODBYE } else { Duration::ZERO },
        goodbye,
    )
    .await;
    end
}

impl Server<'_, '_, '_> {
    async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Infallible> {
        let (head, body) = request.into_parts();
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        let call = Call {
            method: head.method.as_str(),
            path: head.uri.path(),
            host: text(header::HOST),
            origin: text(header::ORIGIN),
            site: text(HeaderName::from_static("sec-fetch-site")),
            content_type: text(header::CONTENT_TYPE),
        };
        // More than one of these is a trick.
        let twice = [header::HOST, header::ORIGIN]
            .iter()
            .any(|name| head.headers.get_all(name).iter().count() > 1);
        let admitted = self.gate.borrow().admit(&call);
        let want = match admitted {
            Ok(want) if !twice => want,
            Ok(_) => return Ok(refused(Refusal::Host)),
            Err(refusal) => return Ok(refused(refusal)),
        };
        // Only those who may come in keep the server awake.
        self.last.set(Instant::now());
        Ok(match want {
            Want::Ticket => self.let_in(),
            Want::Page(part) => match page::part(part) {
                Some((kind, content)) => reply(200, kind, content.to_string()),
                None => plain(404, "there is no such page"),
            },
            Want::Ask(question) => self.ask(question, head.uri.query().unwrap_or_default()).await,
            Want::Do(order) => match Limited::new(body, BODY_BYTES_MAX).collect().await {
                Ok(body) => self.order(order, &body.to_bytes()),
                Err(_) => plain(413, "that is too much"),
            },
        })
    }

    /// Leads to the page, once.
    fn let_in(&self) -> Reply {
        let mut gate = self.gate.borrow_mut();
        gate.ticket = None;
        let mut reply = plain(303, "");
        if let Ok(url) = HeaderValue::from_str(&gate.url()) {
            reply.headers_mut().insert(header::LOCATION, url);
        }
        reply
    }

    async fn ask(&self, question: &str, query: &str) -> Reply {
        match question {
            "alive" => json_reply(200, &json!({})),
            "desk" => json_reply(200, &self.web.borrow().desk()),
            "file" => match stretch(query) {
                None => plain(400, "which file?"),
                Some(of) => answered(self.file(&of).await),
            },
            _ => plain(404, "there is no such question"),
        }
    }

    /// Words of the language are found on another thread: meanwhile, others are answered.
    async fn file(&self, of: &Stretch) -> Result<Value, Fault> {
        if of.words {
            let (wanted, edition) = {
                let mut web = self.web.borrow_mut();
                (web.wanted(of)?, web.edition)
            };
            let make = || async {
                let made = tokio::task::spawn_blocking(Highlighter::new).await;
                made.map(Arc::new)
            };
            let found = match self.highlighter.get_or_try_init(make).await.cloned() {
                Ok(highlighter) => {
                    tokio::task::spawn_blocking(move || wanted.find(&highlighter)).await
                }
                Err(error) => Err(error),
            };
            // Without them, it is shown plainly.
            self.web.borrow_mut().learn(of, edition, found.unwrap_or_default());
        }
        self.web.borrow_mut().file(of)
    }

    fn order(&self, order: &str, body: &[u8]) -> Reply {
        let mut web = self.web.borrow_mut();
        let told = web.order(order, body);
        let mut reply = answered(told);
        if web.outcome.is_some() {
            reply.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            self.ended.notify_one();
        }
        reply
    }
}

/// `tab=0&item=3&from=0&rows=200&split=1`
fn stretch(query: &str) -> Option<Stretch> {
    let value = |name: &str| -> Option<usize> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name)?.1.parse().ok()
    };
    Some(Stretch {
        tab: value("tab")?,
        item: value("item")?,
        from: value("from").unwrap_or(0),
        hunk: value("hunk"),
        rows: value("rows")?,
        split: value("split") == Some(1),
        words: value("words") == Some(1),
    })
}

fn answered(told: Result<Value, Fault>) -> Reply {
    match told {
        Ok(value) => json_reply(200, &value),
        Err(fault) => {
            let status = match fault {
                Fault::Order(_) => 400,
                Fault::Stale(_) => 409,
                Fault::Job(_) => 500,
            };
            json_reply(status, &json!({"error": crate::text::visible(&fault.to_string())}))
        }
    }
}

fn refused(refusal: Refusal) -> Reply {
    plain(refusal.status(), refusal.words())
}

fn plain(status: u16, text: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn json_reply(status: u16, value: &Value) -> Reply {
    reply(status, "application/json", value.to_string())
}

fn reply(status: u16, kind: &'static str, content: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(content)));
    *reply.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let headers = reply.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
