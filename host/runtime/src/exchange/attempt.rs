//! One attempt at an exchange: a fresh guest, a request, a reply.

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{Observer, Reply};
use massgen_models::request::Request;

use super::joiner::{Breach, Joiner};
use crate::component::{Guest, GuestError, to_failure};
use crate::provider::Connected;
use crate::transport::framing::{Frame, Framer, Framing};
use crate::transport::http::{self, Read};
use crate::transport::outgoing::{self, Asked, Outgoing};

/// Requests of one exchange: polls and pages.
const FOLLOW_UPS_MAX: usize = 64;
const FOLLOW_UP_DELAY_MS_MAX: u32 = 60_000;

/// An attempt that gave no whole reply.
#[derive(Debug)]
pub(crate) struct AttemptError {
    pub(crate) failure: Failure,
    /// The service had accepted the request.
    pub(crate) begun: bool,
    pub(crate) should_retry: Option<bool>,
    pub(crate) joined: Joiner,
}

/// The part of an attempt that survives its failure.
struct Progress {
    joined: Joiner,
    begun: bool,
    should_retry: Option<bool>,
    request_id: Option<String>,
}

/// Runs one attempt.
pub(crate) async fn run(
    connected: &Connected,
    request: &Request,
    observer: &mut dyn Observer,
) -> Result<Reply, Box<AttemptError>> {
    let mut progress =
        Progress { joined: Joiner::default(), begun: false, should_retry: None, request_id: None };
    match exchange(connected, request, observer, &mut progress).await {
        Ok(()) => finished(progress),
        Err(failure) => Err(progress.fail(failure)),
    }
}

fn finished(mut progress: Progress) -> Result<Reply, Box<AttemptError>> {
    if let Some(call) = progress.joined.broken_call() {
        let failure = Failure::new(
            FailureKind::Protocol,
            format!("the arguments of the call of {} are no JSON object", call.name),
        );
        return Err(progress.fail(failure));
    }
    let Some(stop) = progress.joined.stop.take() else {
        return Err(progress.fail(Failure::new(FailureKind::Plugin, Breach::NoStop.to_string())));
    };
    let joined = progress.joined;
    Ok(Reply {
        parts: joined.parts,
        stop,
        usage: joined.usage,
        notices: joined.notices,
        request_id: progress.request_id,
        served_model: joined.served_model,
        billed_usd: joined.billed_usd,
        attempts: 1,
    })
}

impl Progress {
    fn fail(self, mut failure: Failure) -> Box<AttemptError> {
        failure.request_id = failure.request_id.or(self.request_id);
        Box::new(AttemptError {
            failure,
            begun: self.begun,
            should_retry: self.should_retry,
            joined: self.joined,
        })
    }
}

async fn exchange(
    connected: &Connected,
    request: &Request,
    observer: &mut dyn Observer,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut guest = Guest::open(&connected.plugin, &connected.context(), request)
        .map_err(GuestError::into_failure)?;
    let (mut asked, mut framing) = guest.request().map_err(GuestError::into_failure)?;
    let recorder = connected.recorder.as_deref();
    recorder.inspect(|recorder| recorder.begin());
    for _ in 0..FOLLOW_UPS_MAX {
        recorder.inspect(|recorder| recorder.sent(&asked, framing));
        let outgoing = checked(connected, asked)?;
        // What came before a refused follow-up, say the description of a model, was no beginning of a reply.
        progress.begun = !progress.joined.parts.is_empty();
        let mut reply = connected.edge.send(outgoing, framing != Framing::Whole).await?;
        recorder.inspect(|recorder| recorder.head(&reply.head));
        progress.request_id = reply.head.request_id();
        progress.should_retry = reply.head.should_retry();
        refuse_foreign(connected, &mut reply).await?;
        progress.begun = true;
        let mut turn = Turn {
            connected,
            guest: &mut guest,
            observer: &mut *observer,
            progress: &mut *progress,
        };
        let next = turn.read(reply, framing).await;
        connected.log(guest.take_lines());
        match next? {
            None => return Ok(()),
            Some(next) => {
                let delay_ms = next.delay_ms.min(FOLLOW_UP_DELAY_MS_MAX);
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(delay_ms))).await;
                (asked, framing) = (next.asked, next.framing);
            }
        }
    }
    let message = format!(
        "plugin {} asked for more than {FOLLOW_UPS_MAX} requests in one exchange",
        connected.plugin.manifest.label()
    );
    Err(Failure::new(FailureKind::Plugin, message))
}

pub(crate) fn checked(connected: &Connected, asked: Asked) -> Result<Outgoing, Failure> {
    outgoing::check(&connected.plugin.manifest, asked, |place| connected.base(place)).map_err(
        |refused| {
            let plugin = connected.plugin.manifest.label();
            Failure::new(
                FailureKind::Plugin,
                format!("the request of plugin {plugin} is refused: {refused}"),
            )
        },
    )
}

/// Ends the attempt if the reply is an error, a redirect or a page for people.
pub(crate) async fn refuse_foreign(
    connected: &Connected,
    reply: &mut http::Reply,
) -> Result<(), Failure> {
    let head = reply.head.clone();
    let failure = match head.status {
        400.. => {
            let body = connected.edge.scrubber.bytes(reply.error_body().await);
            if let Some(recorder) = &connected.recorder {
                recorder.read(&body);
                recorder.over(true, &connected.edge.scrubber);
            }
            let mut explained = crate::component::explain(&connected.plugin, &head, &body)
                .map_err(GuestError::into_failure)?;
            explained.message = connected.edge.scrubber.text(explained.message);
            explained
        }
        300..400 => {
            let to = head.header("location").unwrap_or("elsewhere");
            Failure::new(
                FailureKind::Other,
                format!(
                    "the service redirects to {to}, and redirects are not followed: set the base URL to where it is"
                ),
            )
        }
        _ if head.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) => {
            let body = reply.error_body().await;
            let page: String = String::from_utf8_lossy(&body)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
                .take(120)
                .collect();
            Failure::new(
                FailureKind::Protocol,
                format!(
                    "a page for people came instead of the service's reply: {}",
                    connected.edge.scrubber.text(page)
                ),
            )
        }
        _ => return Ok(()),
    };
    Err(to_failure(failure, &head))
}

/// One request's reply on its way through the guest.
struct Turn<'a> {
    connected: &'a Connected,
    guest: &'a mut Guest,
    observer: &'a mut dyn Observer,
    progress: &'a mut Progress,
}

impl Turn<'_> {
    async fn read(
        &mut self,
        mut reply: http::Reply,
        framing: Framing,
    ) -> Result<Option<crate::component::FollowUp>, Failure> {
        let events = self.guest.head(&reply.head).map_err(GuestError::into_failure)?;
        self.take(events)?;
        let mut framer = Framer::new(framing);
        let mut held = Vec::new();
        let recorder = self.connected.recorder.as_deref();
        let broken = loop {
            match reply.read().await {
                Ok(Read::Bytes(bytes)) => {
                    recorder.inspect(|recorder| recorder.read(&bytes));
                    let bytes = if framing == Framing::Raw {
                        self.hold_back(&mut held, &bytes)
                    } else {
                        bytes.to_vec()
                    };
                    let frames = framer
                        .push(&bytes)
                        .map_err(|error| Failure::new(FailureKind::Protocol, error.to_string()))?;
                    self.push(frames)?;
                }
                Ok(Read::End) => break None,
                Err(failure) => break Some(failure),
            }
        };
        recorder.inspect(|recorder| {
            recorder.over(broken.is_none(), &self.connected.edge.scrubber);
        });
        if let Some(failure) = broken {
            // The guest may have what it needs: some services close without ceremony.
            return match self.guest.finish(false) {
                Ok((events, next))
                    if self.progress.joined.stop.is_some()
                        || events.iter().any(|e| matches!(e, Event::Stopped(_))) =>
                {
                    self.take(events)?;
                    Ok(next)
                }
                _ => Err(failure),
            };
        }
        self.push(if held.is_empty() { Vec::new() } else { vec![Frame::Bytes(held)] })?;
        self.push(framer.finish(true))?;
        let (events, next) = self.guest.finish(true).map_err(GuestError::into_failure)?;
        self.take(events)?;
        Ok(next)
    }

    /// Keeps back what may be the beginning of a credential that goes on in the next read.
    fn hold_back(&self, held: &mut Vec<u8>, bytes: &[u8]) -> Vec<u8> {
        held.extend_from_slice(bytes);
        let clean = self.connected.edge.scrubber.bytes(std::mem::take(held));
        let keep = self.connected.edge.scrubber.tail_len().min(clean.len());
        let (now, later) = clean.split_at(clean.len() - keep);
        held.extend_from_slice(later);
        now.to_vec()
    }

    fn push(&mut self, frames: Vec<Frame>) -> Result<(), Failure> {
        if frames.is_empty() {
            return Ok(());
        }
        let scrubber = &self.connected.edge.scrubber;
        let frames = frames.into_iter().map(|frame| match frame {
            Frame::Body(bytes) => Frame::Body(scrubber.bytes(bytes)),
            Frame::Event { event, data, id } => {
                Frame::Event { event, data: scrubber.text(data), id: scrubber.text(id) }
            }
            Frame::Line(line) => Frame::Line(scrubber.text(line)),
            Frame::Bytes(bytes) => Frame::Bytes(scrubber.bytes(bytes)),
        });
        let events = self.guest.push(frames.collect()).map_err(GuestError::into_failure)?;
        self.take(events)
    }

    fn take(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        for event in events {
            self.observer.event(&event);
            if let Event::RateLimit(limit) = &event {
                self.connected.pace(limit);
            }
            self.progress.joined.accept(event).map_err(|breach| {
                let plugin = self.connected.plugin.manifest.label();
                Failure::new(
                    FailureKind::Plugin,
                    format!("plugin {plugin} broke the contract: {breach}"),
                )
            })?;
        }
        Ok(())
    }
}
