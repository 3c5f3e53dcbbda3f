//! The plugin under test, and the exchanges to test it with.

use massgen_models::event::Event;
use massgen_models::request::{Message, Opaque, Request, Role};
use massgen_runtime::rehearsal::{Ending, Recorded, Rehearsed, Stage};
use massgen_runtime::{Framing, LoadedPlugin};

use super::bodies::Shape;
use super::{Options, bodies, dialects};
use crate::cassette::{Cassette, joined};
use crate::report::{Verdict, failed};

/// The plugin under test.
pub(super) struct Subject<'a> {
    pub(super) plugin: &'a LoadedPlugin,
    /// Size of the component, in bytes.
    pub(super) size: usize,
    pub(super) options: &'a Options,
    /// The plugin's own cassettes.
    pub(super) own: &'a [Cassette],
    /// Exchanges to vary: the plugin's own, or those of its dialect.
    pub(super) tapes: Vec<Tape>,
    /// A model id for test requests.
    pub(super) model: String,
    /// Replies that precede the one to the prompt, for plugins that send several requests.
    preamble: Vec<Recorded>,
}

/// A recorded exchange that ends in an answer.
pub(super) struct Tape {
    pub(super) name: String,
    pub(super) stage: Stage,
    pub(super) request: Request,
    pub(super) replies: Vec<Recorded>,
    /// The result of the recorded replies.
    pub(super) done: Rehearsed,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        plugin: &'a LoadedPlugin,
        size: usize,
        own: &'a [Cassette],
        options: &'a Options,
    ) -> Self {
        let model = own
            .first()
            .map(|cassette| cassette.request.model.clone())
            .or_else(|| plugin.manifest().default_model.clone())
            .or_else(|| Some(plugin.models().ok()?.first()?.id.clone()))
            .unwrap_or_else(|| "model".into());
        let mut preamble = own.first().map(|first| first.replies.clone()).unwrap_or_default();
        preamble.pop();
        let mut subject = Self { plugin, size, options, own, tapes: Vec::new(), model, preamble };
        let borrowed = if own.is_empty() { subject.borrowed() } else { Vec::new() };
        subject.tapes =
            own.iter().chain(&borrowed).filter_map(|cassette| subject.tape(cassette)).collect();
        subject
    }

    /// Returns recorded exchanges of the dialect of the plugin's requests.
    fn borrowed(&self) -> Vec<Cassette> {
        let sent = self.play(&self.stage(), &self.ask("hello"), &[]).sent;
        let mut cassettes =
            sent.first().map(|sent| dialects::of_path(&sent.path)).unwrap_or_default();
        for cassette in &mut cassettes {
            cassette.request.model.clone_from(&self.model);
        }
        cassettes
    }

    fn tape(&self, cassette: &Cassette) -> Option<Tape> {
        let mut stage = cassette.stage();
        stage.settings.extend(self.options.settings.iter().cloned());
        let done = self.play(&stage, &cassette.request, &cassette.replies);
        let answered = cassette.replies.iter().all(|reply| reply.status < 400);
        // The check `cassettes` covers recorded failures; there is nothing in them to vary.
        (answered && cassette.expect.failed.is_none()).then(|| Tape {
            name: cassette.name.clone(),
            stage,
            request: cassette.request.clone(),
            replies: cassette.replies.clone(),
            done,
        })
    }

    pub(super) fn stage(&self) -> Stage {
        Stage { settings: self.options.settings.clone(), ..Stage::default() }
    }

    /// Returns a request with a single user message.
    pub(super) fn ask(&self, text: &str) -> Request {
        let messages = vec![Message::text(Role::User, text)];
        let mut request = Request::new(self.model.clone(), messages);
        request.sampling.max_output_tokens = Some(1_000);
        request
    }

    pub(super) fn play(&self, stage: &Stage, request: &Request, replies: &[Recorded]) -> Rehearsed {
        self.plugin.rehearse(stage, request, replies).unwrap_or_else(|error| Rehearsed {
            sent: Vec::new(),
            events: Vec::new(),
            ending: Ending::Breach(error.to_string()),
            crossed: Vec::new(),
        })
    }

    /// Plays the recorded preamble, then `replies` to the prompt.
    pub(super) fn play_prompt(&self, request: &Request, replies: &[Recorded]) -> Rehearsed {
        let replies: Vec<Recorded> = self.preamble.iter().chain(replies).cloned().collect();
        self.play(&self.stage(), request, &replies)
    }

    /// The verdict of a check that has no exchange to vary.
    pub(super) fn no_tapes(&self) -> Verdict {
        Verdict::Untried {
            why: "no cassette contains an answer; record one with `massgen plugin record`".into(),
        }
    }
}

impl Tape {
    /// Returns the framing that the plugin requested for a reply.
    pub(super) fn framing(&self, at: usize) -> Framing {
        self.done.sent.get(at).map_or(Framing::Whole, |sent| sent.framing)
    }

    /// Returns the format of a reply, even if the plugin frames it itself.
    pub(super) fn shape(&self, at: usize) -> Shape {
        let is = |wanted: &str| {
            self.replies.get(at).is_some_and(|reply| {
                let kind = reply.headers.iter().find(|(name, _)| name == "content-type");
                kind.is_some_and(|(_, kind)| kind.starts_with(wanted))
            })
        };
        match self.framing(at) {
            Framing::Whole => Shape::Whole,
            Framing::Lines => Shape::Lines,
            Framing::Sse => Shape::Sse,
            Framing::Raw if is("text/event-stream") => Shape::Sse,
            Framing::Raw if is("application/vnd.amazon.eventstream") => Shape::EventStream,
            Framing::Raw => Shape::Unknown,
        }
    }

    /// Plays the exchange with one reply replaced.
    pub(super) fn with(&self, subject: &Subject<'_>, at: usize, reply: Recorded) -> Rehearsed {
        let mut replies = self.replies.clone();
        if let Some(recorded) = replies.get_mut(at) {
            *recorded = reply;
        }
        subject.play(&self.stage, &self.request, &replies)
    }

    /// Returns the body of a reply.
    pub(super) fn body(&self, at: usize) -> Vec<u8> {
        self.replies.get(at).map(|reply| reply.reads.concat()).unwrap_or_default()
    }

    /// Returns a reply with another body, in a single read.
    pub(super) fn reply(&self, at: usize, body: Vec<u8>) -> Recorded {
        let reply = self.replies.get(at).cloned().unwrap_or_default();
        Recorded { reads: vec![body], ..reply }
    }

    /// Describes the first difference from the recorded result. Unknown events and notices are ignored.
    pub(super) fn differs(&self, now: &Rehearsed) -> Option<String> {
        if now.ending != self.done.ending {
            return Some(format!("the exchange ended with {}", ending(&now.ending)));
        }
        let (was, is) = (essence(&self.done.events), essence(&now.events));
        let at = was.iter().zip(&is).take_while(|(a, b)| a == b).count();
        if at == was.len() && at == is.len() {
            return None;
        }
        let shown = |event: Option<&Event>| {
            event.map_or_else(|| "nothing".into(), |event| format!("{event:?}"))
        };
        Some(format!("{} became {}", shown(was.get(at)), shown(is.get(at))))
    }

    /// Builds a failure of this exchange.
    pub(super) fn failed(&self, input: &str, saw: impl Into<String>) -> Verdict {
        failed(format!("{}: {input}", self.name), saw)
    }
}

/// Returns the events to compare, with pieces joined. Provider state is reduced to its payload, since unknown fields
/// may be part of it.
pub(super) fn essence(events: &[Event]) -> Vec<Event> {
    let significant: Vec<Event> = events
        .iter()
        .filter(|event| !matches!(event, Event::Other { .. } | Event::Notice(_)))
        .map(|event| match event {
            Event::Opaque(opaque) => Event::Opaque(Opaque {
                kind: opaque.kind.clone(),
                data: bodies::longest_text(&opaque.data),
            }),
            event => event.clone(),
        })
        .collect();
    joined(&significant)
}

/// Describes an ending.
pub(super) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "an answer".into(),
        Ending::Waiting => "another request, where none was recorded".into(),
        Ending::Failed(failure) => format!("a failure ({:?}): {}", failure.kind, failure.message),
        Ending::Refused { why, .. } => format!("a request that the host refuses: {why}"),
        Ending::Crashed(why) => format!("a crash: {why}"),
        Ending::Breach(why) => format!("a broken rule: {why}"),
    }
}
