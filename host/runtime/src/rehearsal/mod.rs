//! An exchange without a network: a plugin is given recorded replies, and what it does is written down.
//! The same guest, framing, rules and scrubbing as in a real exchange; only the wire is missing.

mod count;
mod recorder;
mod strategy;

use massgen_models::event::Event;
use massgen_models::failure::Failure;
use massgen_models::provider::ListedModel;
use massgen_models::request::Request;

pub use count::Counting;
pub use recorder::Recorder;
pub use strategy::StrategyRehearsal;

use crate::component::{self, Context, Guest, GuestError, LoadedPlugin};
use crate::exchange::Joiner;
use crate::manifest::{Endpoint, Manifest};
use crate::provider::ConnectError;
use crate::secret::Secret;
use crate::transport::endpoint;
use crate::transport::framing::{Frame, Framer, Framing};
use crate::transport::http::Head;
use crate::transport::outgoing::{self, Asked, RefuseError};
use crate::transport::scrub::Scrubber;

/// What surrounds a rehearsed exchange.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What the plugin is told to be the time.
    pub now_unix_ms: u64,
    /// What the plugin is told to be the exchange's own key.
    pub idempotency_key: String,
    /// Values of settings that differ from the manifest's defaults.
    pub settings: Vec<(String, String)>,
    /// A credential that the replies may echo; it is scrubbed as in a real exchange.
    pub credential: Option<Secret>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            now_unix_ms: 1_795_338_000_000,
            idempotency_key: "rehearsal".into(),
            settings: Vec::new(),
            credential: None,
        }
    }
}

/// What a plugin asked to send, before a credential is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Name of an endpoint of its manifest.
    pub endpoint: String,
    /// `GET` or `POST`.
    pub method: String,
    /// The path below the endpoint's base URL.
    pub path: String,
    /// Query pairs.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it wants the reply cut.
    pub framing: Framing,
}

impl Sent {
    fn of(asked: &Asked, framing: Framing) -> Self {
        Self {
            endpoint: asked.endpoint.clone(),
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            headers: asked.headers.clone(),
            body: asked.body.clone(),
            framing,
        }
    }
}

/// A reply that was recorded, or made up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, as it was read piece by piece.
    pub reads: Vec<Vec<u8>>,
    /// The body ended as its sender meant it to.
    pub complete: bool,
}

/// How a rehearsed exchange ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// With a reason that the reply gave.
    Finished,
    /// More was asked than was recorded.
    Waiting,
    /// The plugin said that it failed.
    Failed(Failure),
    /// The host does not send what it asked for.
    Refused {
        /// It is about a header, not about the place.
        header: bool,
        /// Why.
        why: String,
    },
    /// It crashed, or ran out of time, memory or another limit.
    Crashed(String),
    /// It broke the rules of events.
    Breach(String),
}

/// What a plugin did.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// What it asked to send, in order.
    pub sent: Vec<Sent>,
    /// What it made of the replies.
    pub events: Vec<Event>,
    /// How it ended.
    pub ending: Ending,
    /// Every text and byte string that crossed into the guest.
    pub crossed: Vec<Vec<u8>>,
}

impl LoadedPlugin {
    /// Plays an exchange. Without replies it ends after the first request.
    pub fn rehearse(
        &self,
        stage: &Stage,
        request: &Request,
        replies: &[Recorded],
    ) -> Result<Rehearsed, ConnectError> {
        let context = self.stage_context(stage)?;
        let mut play = Play {
            plugin: self,
            scrubber: Scrubber::new(stage.credential.as_ref()),
            joiner: Joiner::default(),
            done: Rehearsed {
                sent: Vec::new(),
                events: Vec::new(),
                ending: Ending::Finished,
                crossed: Vec::new(),
            },
        };
        for (name, value) in &context.settings {
            play.cross(name.as_bytes());
            play.cross(value.as_bytes());
        }
        if let Err(ending) = play.run(&context, request, replies) {
            play.done.ending = ending;
        }
        Ok(play.done)
    }

    /// What the plugin says of a status of 400 or above; the error is its crash.
    pub fn rehearse_explain(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Failure, String> {
        let head = Head { status, headers: headers.to_vec() };
        component::explain(&self.shared, &head, body).map_err(|error| error.to_string())
    }

    /// The models that the plugin knows without asking its service; the error is its crash.
    pub fn models(&self) -> Result<Vec<ListedModel>, String> {
        component::models(&self.shared).map_err(|error| error.to_string())
    }

    fn stage_context(&self, stage: &Stage) -> Result<Context, ConnectError> {
        Ok(Context {
            idempotency_key: stage.idempotency_key.clone(),
            now_unix_ms: stage.now_unix_ms,
            host: concat!("massgen/", env!("CARGO_PKG_VERSION")).into(),
            settings: self.settings(&stage.settings)?,
        })
    }
}

/// The frames of each read of a reply, and of its end: what a plugin is given, and when.
pub fn frames(framing: Framing, reply: &Recorded) -> Result<Vec<Vec<Frame>>, String> {
    let mut framer = Framer::new(framing);
    let mut all = Vec::new();
    for read in &reply.reads {
        let frames = framer.push(read).map_err(|error| error.to_string())?;
        if !frames.is_empty() {
            all.push(frames);
        }
    }
    let last = if reply.complete { framer.finish(true) } else { Vec::new() };
    if !last.is_empty() {
        all.push(last);
    }
    Ok(all)
}

/// Whether the host would send it.
fn allowed(manifest: &Manifest, asked: Asked) -> Result<(), RefuseError> {
    let base = |place: &Endpoint| {
        // A service without a place of its own, and what the user fills in, are somewhere all the same.
        let filled = manifest.filled(&place.base, |_| Some("x"));
        let base = if filled.is_empty() { "https://unset.invalid" } else { filled.as_str() };
        endpoint::base_url(base).expect("the manifest was checked")
    };
    outgoing::check(manifest, asked, base).map(drop)
}

struct Play<'a> {
    plugin: &'a LoadedPlugin,
    scrubber: Scrubber,
    joiner: Joiner,
    done: Rehearsed,
}

impl Play<'_> {
    fn run(
        &mut self,
        context: &Context,
        request: &Request,
        replies: &[Recorded],
    ) -> Result<(), Ending> {
        let shared = &self.plugin.shared;
        let mut guest = Guest::open(shared, context, request).map_err(failed)?;
        let (mut asked, mut framing) = guest.request().map_err(failed)?;
        let mut replies = replies.iter();
        loop {
            self.send(asked, framing)?;
            let Some(reply) = replies.next() else { return Err(Ending::Waiting) };
            match self.turn(&mut guest, framing, reply)? {
                Some(next) => (asked, framing) = next,
                None => break,
            }
        }
        if let Some(call) = self.joiner.broken_call() {
            let why = format!(
                "the arguments of the call of {} are no JSON object: {:?}",
                call.name, call.arguments_json
            );
            return Err(Ending::Breach(why));
        }
        match self.joiner.stop {
            Some(_) => Ok(()),
            None => Err(Ending::Breach("it ended the reply without a reason".into())),
        }
    }

    fn send(&mut self, asked: Asked, framing: Framing) -> Result<(), Ending> {
        self.done.sent.push(Sent::of(&asked, framing));
        allowed(self.plugin.manifest(), asked).map_err(|refused| Ending::Refused {
            header: matches!(
                refused,
                RefuseError::OwnHeader(_)
                    | RefuseError::MalformedHeader(_)
                    | RefuseError::TooManyHeaders(_)
            ),
            why: refused.to_string(),
        })
    }

    fn turn(
        &mut self,
        guest: &mut Guest,
        framing: Framing,
        reply: &Recorded,
    ) -> Result<Option<(Asked, Framing)>, Ending> {
        let headers = reply
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), self.scrubber.text(value.clone())))
            .collect();
        let head = Head { status: reply.status, headers };
        for (_, value) in &head.headers {
            self.cross(value.as_bytes());
        }
        if reply.status >= 400 {
            let body = self.scrubber.bytes(reply.reads.concat());
            self.cross(&body);
            let explained = component::explain(&self.plugin.shared, &head, &body);
            return Err(explained.map_or_else(failed, Ending::Failed));
        }
        let events = guest.head(&head).map_err(failed)?;
        self.take(events)?;
        for frames in frames(framing, reply).map_err(Ending::Breach)? {
            let frames: Vec<Frame> = frames.into_iter().map(|frame| self.scrub(frame)).collect();
            let events = guest.push(frames).map_err(failed)?;
            self.take(events)?;
        }
        let (events, next) = guest.finish(reply.complete).map_err(failed)?;
        self.take(events)?;
        Ok(next.map(|next| (next.asked, next.framing)))
    }

    fn scrub(&mut self, frame: Frame) -> Frame {
        let scrubber = &self.scrubber;
        let clean = match frame {
            Frame::Body(bytes) => Frame::Body(scrubber.bytes(bytes)),
            Frame::Event { event, data, id } => {
                Frame::Event { event, data: scrubber.text(data), id: scrubber.text(id) }
            }
            Frame::Line(line) => Frame::Line(scrubber.text(line)),
            Frame::Bytes(bytes) => Frame::Bytes(scrubber.bytes(bytes)),
        };
        match &clean {
            Frame::Body(bytes) | Frame::Bytes(bytes) => self.cross(bytes),
            Frame::Event { event, data, id } => {
                [event, data, id].iter().for_each(|text| self.cross(text.as_bytes()));
            }
            Frame::Line(line) => self.cross(line.as_bytes()),
        }
        clean
    }

    /// Kept only where somebody looks for a credential in it.
    fn cross(&mut self, bytes: &[u8]) {
        if self.scrubber.tail_len() > 0 {
            self.done.crossed.push(bytes.to_vec());
        }
    }

    fn take(&mut self, events: Vec<Event>) -> Result<(), Ending> {
        for event in events {
            self.done.events.push(event.clone());
            self.joiner.accept(event).map_err(|breach| Ending::Breach(breach.to_string()))?;
        }
        Ok(())
    }
}

fn failed(error: GuestError) -> Ending {
    match error {
        GuestError::Reported(failure) => Ending::Failed(failure),
        fault => Ending::Crashed(fault.to_string()),
    }
}
