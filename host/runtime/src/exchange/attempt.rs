//! One attempt at an exchange: a fresh guest, its requests, and one reply.

use std::time::Duration;

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{Observer, Reply};
use massgen_models::request::Request;

use super::collector::Collector;
use super::failed_reply::reject_failed;
use super::relay::Relay;
use super::reply_builder::{ContractBreach, ReplyBuilder};
use crate::component::{Guest, GuestError};
use crate::provider::ConnectedPlugin;
use crate::transport::framing::Framing;
use crate::transport::http::HttpReply;
use crate::transport::outgoing::{self, CheckedRequest, PluginRequest};

/// Maximum number of requests in one exchange, follow-ups included.
const REQUESTS_MAX: usize = 64;
const FOLLOW_UP_DELAY_MS_MAX: u32 = 60_000;

/// An attempt that ended without a complete reply.
#[derive(Debug)]
pub(crate) struct AttemptError {
    pub(crate) failure: Failure,
    /// The service had accepted the request.
    pub(crate) begun: bool,
    /// The service's `x-should-retry`.
    pub(crate) should_retry: Option<bool>,
    /// The reply up to the failure.
    pub(crate) reply: ReplyBuilder,
}

/// Runs one attempt.
pub(crate) async fn run(
    connected: &ConnectedPlugin,
    request: &Request,
    observer: &mut dyn Observer,
) -> Result<Reply, Box<AttemptError>> {
    let mut attempt = Attempt {
        connected,
        collector: Collector::new(connected, observer),
        begun: false,
        should_retry: None,
        request_id: None,
    };
    match attempt.exchange(request).await {
        Ok(()) => attempt.into_reply(),
        Err(failure) => Err(attempt.into_error(failure)),
    }
}

struct Attempt<'a> {
    connected: &'a ConnectedPlugin,
    collector: Collector<'a>,
    begun: bool,
    should_retry: Option<bool>,
    request_id: Option<String>,
}

impl Attempt<'_> {
    /// Sends the plugin's first request and its follow-ups, and relays each reply to the plugin.
    async fn exchange(&mut self, request: &Request) -> Result<(), Failure> {
        let connected = self.connected;
        let mut guest = Guest::open(&connected.plugin, &connected.context(), request)
            .map_err(GuestError::into_failure)?;
        let mut next = guest.request().map_err(GuestError::into_failure)?;
        if let Some(recorder) = &connected.recorder {
            recorder.begin();
        }
        for _ in 0..REQUESTS_MAX {
            let framing = next.framing;
            let reply = self.send(next).await?;
            let mut relay = Relay { connected, guest: &mut guest, collector: &mut self.collector };
            let relayed = relay.reply(reply, framing).await;
            connected.log(guest.take_lines());
            let Some(follow_up) = relayed? else { return Ok(()) };
            let delay_ms = follow_up.delay_ms.min(FOLLOW_UP_DELAY_MS_MAX);
            tokio::time::sleep(Duration::from_millis(delay_ms.into())).await;
            next = follow_up.request;
        }
        let message = format!(
            "plugin {} sent more than {REQUESTS_MAX} requests in one exchange",
            connected.plugin.manifest.label()
        );
        Err(Failure::new(FailureKind::Plugin, message))
    }

    /// Sends one request; returns the reply if the service accepted it, with its body unread.
    async fn send(&mut self, request: PluginRequest) -> Result<HttpReply, Failure> {
        let recorder = self.connected.recorder.as_deref();
        recorder.inspect(|recorder| recorder.sent(&request));
        let streamed = request.framing != Framing::Whole;
        let checked = check_request(self.connected, request)?;
        // A reply without content, such as a model's description, does not count if the follow-up is refused.
        self.begun = self.collector.reply.has_content();
        let mut reply = self.connected.client.send(checked, streamed).await?;
        recorder.inspect(|recorder| recorder.head(&reply.head));
        self.request_id = reply.head.request_id();
        self.should_retry = reply.head.should_retry();
        reject_failed(self.connected, &mut reply).await?;
        self.begun = true;
        Ok(reply)
    }

    fn into_reply(mut self) -> Result<Reply, Box<AttemptError>> {
        let reply = &mut self.collector.reply;
        if let Some(call) = reply.malformed_call() {
            let message =
                format!("the arguments of the call to {} are not a JSON object", call.name);
            return Err(self.into_error(Failure::new(FailureKind::Protocol, message)));
        }
        let Some(stop) = reply.stop.take() else {
            let message = ContractBreach::NoStop.to_string();
            return Err(self.into_error(Failure::new(FailureKind::Plugin, message)));
        };
        let reply = self.collector.reply;
        Ok(Reply {
            parts: reply.parts,
            stop,
            usage: reply.usage,
            notices: reply.notices,
            request_id: self.request_id,
            served_model: reply.served_model,
            billed_usd: reply.billed_usd,
            attempts: 1,
        })
    }

    fn into_error(self, mut failure: Failure) -> Box<AttemptError> {
        failure.request_id = failure.request_id.or(self.request_id);
        Box::new(AttemptError {
            failure,
            begun: self.begun,
            should_retry: self.should_retry,
            reply: self.collector.reply,
        })
    }
}

/// Checks a plugin's request against its manifest.
pub(crate) fn check_request(
    connected: &ConnectedPlugin,
    request: PluginRequest,
) -> Result<CheckedRequest, Failure> {
    let manifest = &connected.plugin.manifest;
    outgoing::check(manifest, request, |endpoint| connected.base_url(endpoint)).map_err(|error| {
        let message = format!("a request of plugin {} is not allowed: {error}", manifest.label());
        Failure::new(FailureKind::Plugin, message)
    })
}
