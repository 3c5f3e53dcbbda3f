//! Exchanges without a network: a plugin receives recorded replies, and its actions are recorded. Guest, framing,
//! rules and scrubbing are those of a real exchange.

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
use crate::exchange::{ContractBreach, ReplyBuilder};
use crate::manifest::{Endpoint, Manifest};
use crate::provider::ConnectError;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::transport::endpoint;
use crate::transport::framing::{Frame, Framer, Framing};
use crate::transport::http::HttpHead;
use crate::transport::outgoing::{self, PluginRequest, RequestError};
use crate::transport::scrub::Scrubber;

/// The surroundings of a rehearsed exchange.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The time the plugin sees, in Unix milliseconds.
    pub now_unix_ms: u64,
    /// The exchange's idempotency key.
    pub idempotency_key: String,
    /// Values of settings that differ from the manifest's defaults: name and plain text.
    pub settings: Vec<(String, String)>,
    /// A credential that the replies may echo. It is scrubbed as in a real exchange.
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

/// A recorded or synthetic reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The HTTP status.
    pub status: u16,
    /// Headers with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, one item per read.
    pub reads: Vec<Vec<u8>>,
    /// The body arrived in full.
    pub complete: bool,
}

/// How a rehearsed exchange ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The reply ended with a stop reason.
    Finished,
    /// The plugin sent more requests than there are recorded replies.
    Waiting,
    /// The plugin reported a failure.
    Failed(Failure),
    /// The host refused to send the plugin's request.
    Refused {
        /// The reason is a header, not the address.
        header: bool,
        /// The reason.
        why: String,
    },
    /// The plugin crashed, or exceeded a limit.
    Crashed(String),
    /// The plugin broke the contract's rules on events.
    Breach(String),
}

/// The record of a rehearsed exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The plugin's requests, in order.
    pub sent: Vec<PluginRequest>,
    /// The plugin's events.
    pub events: Vec<Event>,
    /// How it ended.
    pub ending: Ending,
    /// Every text and byte string that was passed to the guest; empty without a credential.
    pub crossed: Vec<Vec<u8>>,
}

impl LoadedPlugin {
    /// Rehearses an exchange. Without replies it ends after the first request.
    pub fn rehearse(
        &self,
        stage: &Stage,
        request: &Request,
        replies: &[Recorded],
    ) -> Result<Rehearsed, ConnectError> {
        let context = self.stage_context(stage)?;
        let mut rehearsal = Rehearsal {
            plugin: self,
            scrubber: Scrubber::new(stage.credential.as_ref()),
            reply: ReplyBuilder::default(),
            record: Rehearsed {
                sent: Vec::new(),
                events: Vec::new(),
                ending: Ending::Finished,
                crossed: Vec::new(),
            },
        };
        for (name, value) in &context.settings {
            rehearsal.record_crossing(name.as_bytes());
            rehearsal.record_crossing(value.as_bytes());
        }
        if let Err(ending) = rehearsal.run(&context, request, replies) {
            rehearsal.record.ending = ending;
        }
        Ok(rehearsal.record)
    }

    /// Has the plugin explain a status of 400 or above. The error is the plugin's crash.
    pub fn rehearse_explain(
        &self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Failure, String> {
        let head = HttpHead { status, headers: headers.to_vec() };
        component::explain(&self.inner, &head, body).map_err(|error| error.to_string())
    }

    /// Returns the models that the plugin knows without asking its service. The error is the plugin's crash.
    pub fn models(&self) -> Result<Vec<ListedModel>, String> {
        component::models(&self.inner).map_err(|error| error.to_string())
    }

    fn stage_context(&self, stage: &Stage) -> Result<Context, ConnectError> {
        Ok(Context {
            idempotency_key: stage.idempotency_key.clone(),
            now_unix_ms: stage.now_unix_ms,
            host: concat!("massgen/", env!("CARGO_PKG_VERSION")).into(),
            settings: Settings::resolve(self.manifest(), &stage.settings)?.to_json(),
        })
    }
}

/// Returns the frames that a plugin receives: a list for each read that completes any, and one for the end.
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

/// Checks whether the host would send a request.
fn check_request(manifest: &Manifest, request: PluginRequest) -> Result<(), RequestError> {
    let base_url = |endpoint: &Endpoint| {
        // Placeholders stand in for addresses that only the user's configuration has.
        let filled = manifest.fill_base(&endpoint.base, |_| Some("x"));
        let url = if filled.is_empty() { "https://unset.invalid" } else { filled.as_str() };
        endpoint::base_url(url).expect("the manifest was checked")
    };
    outgoing::check(manifest, request, base_url).map(drop)
}

struct Rehearsal<'a> {
    plugin: &'a LoadedPlugin,
    scrubber: Scrubber,
    reply: ReplyBuilder,
    record: Rehearsed,
}

impl Rehearsal<'_> {
    fn run(
        &mut self,
        context: &Context,
        request: &Request,
        replies: &[Recorded],
    ) -> Result<(), Ending> {
        let mut guest = Guest::open(&self.plugin.inner, context, request).map_err(guest_ending)?;
        let mut next = guest.request().map_err(guest_ending)?;
        let mut replies = replies.iter();
        loop {
            let framing = next.framing;
            self.send(next)?;
            let Some(reply) = replies.next() else { return Err(Ending::Waiting) };
            match self.relay(&mut guest, framing, reply)? {
                Some(request) => next = request,
                None => break,
            }
        }
        if let Some(call) = self.reply.malformed_call() {
            let why = format!(
                "the arguments of the call to {} are not a JSON object: {:?}",
                call.name, call.arguments_json
            );
            return Err(Ending::Breach(why));
        }
        match self.reply.stop {
            Some(_) => Ok(()),
            None => Err(Ending::Breach(ContractBreach::NoStop.to_string())),
        }
    }

    fn send(&mut self, request: PluginRequest) -> Result<(), Ending> {
        self.record.sent.push(request.clone());
        check_request(self.plugin.manifest(), request)
            .map_err(|error| Ending::Refused { header: error.is_header(), why: error.to_string() })
    }

    /// Passes a reply to the plugin; returns its next request, if any.
    fn relay(
        &mut self,
        guest: &mut Guest,
        framing: Framing,
        reply: &Recorded,
    ) -> Result<Option<PluginRequest>, Ending> {
        let headers = reply
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), self.scrubber.text(value.clone())))
            .collect();
        let head = HttpHead { status: reply.status, headers };
        for (_, value) in &head.headers {
            self.record_crossing(value.as_bytes());
        }
        if reply.status >= 400 {
            let body = self.scrubber.bytes(reply.reads.concat());
            self.record_crossing(&body);
            let explained = component::explain(&self.plugin.inner, &head, &body);
            return Err(explained.map_or_else(guest_ending, Ending::Failed));
        }
        let events = guest.head(&head).map_err(guest_ending)?;
        self.add(events)?;
        for frames in frames(framing, reply).map_err(Ending::Breach)? {
            let frames: Vec<Frame> = frames.into_iter().map(|frame| self.scrub(frame)).collect();
            let events = guest.push(frames).map_err(guest_ending)?;
            self.add(events)?;
        }
        let (events, next) = guest.finish(reply.complete).map_err(guest_ending)?;
        self.add(events)?;
        Ok(next.map(|next| next.request))
    }

    fn scrub(&mut self, frame: Frame) -> Frame {
        let clean = self.scrubber.frame(frame);
        match &clean {
            Frame::Body(bytes) | Frame::Bytes(bytes) => self.record_crossing(bytes),
            Frame::Event { event, data, id } => {
                [event, data, id].iter().for_each(|text| self.record_crossing(text.as_bytes()));
            }
            Frame::Line(line) => self.record_crossing(line.as_bytes()),
        }
        clean
    }

    /// Records bytes that are passed to the guest. Without a credential there is nothing to look for in them.
    fn record_crossing(&mut self, bytes: &[u8]) {
        if self.scrubber.tail_len() > 0 {
            self.record.crossed.push(bytes.to_vec());
        }
    }

    fn add(&mut self, events: Vec<Event>) -> Result<(), Ending> {
        for event in events {
            self.record.events.push(event.clone());
            self.reply.add(event).map_err(|breach| Ending::Breach(breach.to_string()))?;
        }
        Ok(())
    }
}

fn guest_ending(error: GuestError) -> Ending {
    match error {
        GuestError::Reported(failure) => Ending::Failed(failure),
        crash => Ending::Crashed(crash.to_string()),
    }
}
