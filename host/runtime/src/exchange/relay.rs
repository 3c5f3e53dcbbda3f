//! Passes one HTTP reply through the plugin.

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};

use super::collector::Collector;
use crate::component::{FollowUp, Guest, GuestError};
use crate::provider::ConnectedPlugin;
use crate::transport::framing::{Frame, Framer, Framing};
use crate::transport::http::{BodyRead, HttpReply};
use crate::transport::scrub::Scrubber;

/// The way of a reply: from the network, through the guest, to the collector.
pub(super) struct Relay<'a, 'c> {
    pub(super) connected: &'a ConnectedPlugin,
    pub(super) guest: &'a mut Guest,
    pub(super) collector: &'a mut Collector<'c>,
}

/// How a body ended.
enum BodyEnd {
    /// Completely, with these last frames.
    Complete(Vec<Frame>),
    Broken(Failure),
}

impl Relay<'_, '_> {
    /// Relays head and body; returns the plugin's next request, if any.
    pub(super) async fn reply(
        &mut self,
        mut reply: HttpReply,
        framing: Framing,
    ) -> Result<Option<FollowUp>, Failure> {
        let events = self.guest.head(&reply.head).map_err(GuestError::into_failure)?;
        self.collector.add(events)?;
        let end = self.body(&mut reply, framing).await?;
        if let Some(recorder) = &self.connected.recorder {
            let complete = matches!(end, BodyEnd::Complete(_));
            recorder.end(complete, &self.connected.client.scrubber);
        }
        match end {
            BodyEnd::Complete(frames) => self.finish(frames),
            BodyEnd::Broken(failure) => self.salvage(failure),
        }
    }

    /// Pushes the body to the guest, frame by frame, as it arrives.
    async fn body(&mut self, reply: &mut HttpReply, framing: Framing) -> Result<BodyEnd, Failure> {
        let connected = self.connected;
        let mut reader = FrameReader::new(framing, &connected.client.scrubber);
        loop {
            match reply.read().await {
                Ok(BodyRead::Bytes(bytes)) => {
                    connected.recorder.as_deref().inspect(|recorder| recorder.read(&bytes));
                    self.push(reader.push(&bytes)?)?;
                }
                Ok(BodyRead::End) => return Ok(BodyEnd::Complete(reader.finish())),
                Err(failure) => return Ok(BodyEnd::Broken(failure)),
            }
        }
    }

    fn push(&mut self, frames: Vec<Frame>) -> Result<(), Failure> {
        if frames.is_empty() {
            return Ok(());
        }
        let events = self.guest.push(frames).map_err(GuestError::into_failure)?;
        self.collector.add(events)
    }

    fn finish(&mut self, last: Vec<Frame>) -> Result<Option<FollowUp>, Failure> {
        self.push(last)?;
        let (events, next) = self.guest.finish(true).map_err(GuestError::into_failure)?;
        self.collector.add(events)?;
        Ok(next)
    }

    /// Accepts a broken body if the plugin has seen the end of the reply: some services close the connection early.
    fn salvage(&mut self, failure: Failure) -> Result<Option<FollowUp>, Failure> {
        let Ok((events, next)) = self.guest.finish(false) else { return Err(failure) };
        let stopped = self.collector.reply.stop.is_some()
            || events.iter().any(|event| matches!(event, Event::Stopped(_)));
        if !stopped {
            return Err(failure);
        }
        self.collector.add(events)?;
        Ok(next)
    }
}

/// Cuts a body into frames and removes credentials from them.
struct FrameReader<'a> {
    framer: Framer,
    framing: Framing,
    scrubber: &'a Scrubber,
    /// Raw bytes that may be the beginning of a credential; other framings join reads before they are scrubbed.
    held: Vec<u8>,
}

impl<'a> FrameReader<'a> {
    fn new(framing: Framing, scrubber: &'a Scrubber) -> Self {
        Self { framer: Framer::new(framing), framing, scrubber, held: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, Failure> {
        let frames = if self.framing == Framing::Raw {
            let safe = self.hold_back(bytes);
            self.framer.push(&safe)
        } else {
            self.framer.push(bytes)
        };
        let frames =
            frames.map_err(|error| Failure::new(FailureKind::Protocol, error.to_string()))?;
        Ok(scrub(frames, self.scrubber))
    }

    /// Returns the last frames of a complete body.
    fn finish(self) -> Vec<Frame> {
        let mut frames = self.framer.finish(true);
        if !self.held.is_empty() {
            frames.push(Frame::Bytes(self.held));
        }
        scrub(frames, self.scrubber)
    }

    /// Returns the bytes that can be passed on, and holds the rest back.
    fn hold_back(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut clean = self.scrubber.bytes(std::mem::take(&mut self.held));
        let held_len = self.scrubber.tail_len().min(clean.len());
        self.held = clean.split_off(clean.len() - held_len);
        clean
    }
}

fn scrub(frames: Vec<Frame>, scrubber: &Scrubber) -> Vec<Frame> {
    frames.into_iter().map(|frame| scrubber.frame(frame)).collect()
}
