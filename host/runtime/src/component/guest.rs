//! One exchange with a guest, in a store used for nothing else. After any failure the store is dropped: a component
//! that trapped cannot be called again.

use std::sync::Arc;

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::ListedModel;
use massgen_models::request::Request;
use wasmtime::component::{Instance, ResourceAny};
use wasmtime::{Store, Trap};

use super::bindings::provider::analyzer_model as contract;
use super::companion;
use super::convert;
use super::limits::{self, DiagnosticLine, GuestState};
use super::plugin::PluginInner;
use super::ticker::Ticker;
use crate::manifest::Manifest;
use crate::sentinel;
use crate::transport::framing::Frame;
use crate::transport::http::HttpHead;
use crate::transport::outgoing::PluginRequest;

/// Maximum number of events of one call. A network read usually completes a handful.
const EVENTS_MAX: usize = 10_000;

/// Why a call into a guest failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    /// The call exceeded its time.
    #[error("plugin {plugin} exceeded its time limit and was stopped ({call})")]
    Deadline { plugin: String, call: &'static str },
    /// The guest crashed or exceeded a limit.
    #[error("plugin {plugin} crashed ({call}): {why}")]
    Crashed { plugin: String, call: &'static str, why: String },
    /// The call returned too many events.
    #[error("plugin {plugin} returned {count} events at once; the limit is {EVENTS_MAX}")]
    TooManyEvents { plugin: String, count: usize },
    /// The guest reported a failure.
    #[error("{}", .0.message)]
    Reported(Failure),
}

impl GuestError {
    pub(super) fn reported(failure: contract::Failure) -> Self {
        Self::Reported(convert::failure(failure))
    }

    /// Converts to the failure of an exchange.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Reported(failure) => failure,
            other => Failure::new(FailureKind::Plugin, other.to_string()),
        }
    }
}

/// What a guest is told about an exchange.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) idempotency_key: String,
    pub(crate) now_unix_ms: u64,
    /// The `User-Agent`.
    pub(crate) host: String,
    /// Name and JSON text.
    pub(crate) settings: Vec<(String, String)>,
}

/// A guest's side of one exchange.
pub(crate) struct Guest {
    inner: Arc<PluginInner>,
    store: Store<GuestState>,
    model: contract::Guest,
    exchange: ResourceAny,
}

impl Guest {
    /// Opens an exchange: the guest encodes the request.
    pub(crate) fn open(
        inner: &Arc<PluginInner>,
        context: &Context,
        request: &Request,
    ) -> Result<Self, GuestError> {
        let (context, request) = (convert::context(context), convert::request(request));
        let call = Call::new(&inner.manifest, &inner.ticker, "open");
        let (mut store, instance) = instance(inner, &call)?;
        let model = call.run(&mut store, |store| inner.model.load(store, &instance))?;
        let opened =
            call.run(&mut store, |store| model.exchange().call_open(store, &context, &request))?;
        let exchange = opened.map_err(GuestError::reported)?;
        Ok(Self { inner: inner.clone(), store, model, exchange })
    }

    /// Returns the first HTTP request.
    pub(crate) fn request(&mut self) -> Result<PluginRequest, GuestError> {
        let request = self.call("request", |model, store, exchange| {
            model.exchange().call_request(store, exchange)
        })?;
        Ok(convert::plugin_request(request))
    }

    /// Passes a reply's head; returns the guest's events.
    pub(crate) fn head(&mut self, head: &HttpHead) -> Result<Vec<Event>, GuestError> {
        let head = convert::head(head);
        let events = self.call("head", |model, store, exchange| {
            model.exchange().call_head(store, exchange, &head)
        })?;
        self.events(events)
    }

    /// Passes frames; returns the guest's events.
    pub(crate) fn push(&mut self, frames: Vec<Frame>) -> Result<Vec<Event>, GuestError> {
        let frames: Vec<_> = frames.into_iter().map(convert::frame).collect();
        let events = self.call("push", |model, store, exchange| {
            model.exchange().call_push(store, exchange, &frames)
        })?;
        self.events(events)
    }

    /// Ends the body; returns the last events and the next request, if any.
    pub(crate) fn finish(
        &mut self,
        complete: bool,
    ) -> Result<(Vec<Event>, Option<FollowUp>), GuestError> {
        let end = convert::body_end(complete);
        let finished = self.call("finish", |model, store, exchange| {
            model.exchange().call_finish(store, exchange, end)
        })?;
        let finished = finished.map_err(GuestError::reported)?;
        let next = finished.next.map(|next| {
            let request = convert::plugin_request(next.request);
            FollowUp { request, delay_ms: next.delay_ms }
        });
        Ok((self.events(Ok(finished.events))?, next))
    }

    /// Removes and returns the lines that the plugin has logged.
    pub(crate) fn take_lines(&mut self) -> Vec<DiagnosticLine> {
        std::mem::take(&mut self.store.data_mut().lines)
    }

    fn call<T>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&contract::Guest, &mut Store<GuestState>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, GuestError> {
        let (model, exchange) = (&self.model, self.exchange);
        Call::new(&self.inner.manifest, &self.inner.ticker, name)
            .run(&mut self.store, |store| call(model, store, exchange))
    }

    fn events(
        &self,
        events: Result<Vec<convert::WitEvent>, convert::WitFailure>,
    ) -> Result<Vec<Event>, GuestError> {
        let events = events.map_err(GuestError::reported)?;
        if events.len() > EVENTS_MAX {
            return Err(GuestError::TooManyEvents {
                plugin: self.inner.manifest.label(),
                count: events.len(),
            });
        }
        Ok(events.into_iter().map(convert::event).collect())
    }
}

/// A guest's next request in the same exchange.
#[derive(Debug)]
pub(crate) struct FollowUp {
    pub(crate) request: PluginRequest,
    pub(crate) delay_ms: u32,
}

/// Returns the identity that the component claims, `id version`, after checking its companions' types.
pub(super) fn describe(inner: &Arc<PluginInner>) -> Result<String, GuestError> {
    let call = Call::new(&inner.manifest, &inner.ticker, "describe");
    let (mut store, instance) = instance(inner, &call)?;
    companion::check_types(inner, &mut store, &instance)?;
    let model = call.run(&mut store, |store| inner.model.load(store, &instance))?;
    let info = call.run(&mut store, |store| model.call_describe(store))?;
    Ok(format!("{} {}", info.id, info.version).chars().take(200).collect())
}

/// Returns the models that the component knows without asking its service.
pub(crate) fn models(inner: &Arc<PluginInner>) -> Result<Vec<ListedModel>, GuestError> {
    let models = call_model(inner, "models", |model, store| model.call_models(store))?;
    Ok(models.into_iter().map(convert::listed_model).collect())
}

/// Has the component explain a status of 400 or above.
pub(crate) fn explain(
    inner: &Arc<PluginInner>,
    head: &HttpHead,
    body: &[u8],
) -> Result<Failure, GuestError> {
    let head = convert::head(head);
    sentinel::check(body);
    let failure =
        call_model(inner, "explain", |model, store| model.call_explain(store, &head, body))?;
    Ok(convert::failure(failure))
}

/// Makes a call that needs no exchange, in a new store.
fn call_model<T>(
    inner: &PluginInner,
    name: &'static str,
    call: impl FnOnce(&contract::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Result<T, GuestError> {
    let this = Call::new(&inner.manifest, &inner.ticker, name);
    let (mut store, instance) = instance(inner, &this)?;
    let model = this.run(&mut store, |store| inner.model.load(store, &instance))?;
    this.run(&mut store, |store| call(&model, store))
}

/// Instantiates the component for a call or an exchange.
pub(super) fn instance(
    inner: &PluginInner,
    call: &Call<'_>,
) -> Result<(Store<GuestState>, Instance), GuestError> {
    let mut store = new_store(inner.instance.engine(), &inner.manifest);
    let instance = call.run(&mut store, |store| inner.instance.instantiate(store))?;
    Ok((store, instance))
}

/// Makes a store with limits, for one exchange or one session.
pub(super) fn new_store(engine: &wasmtime::Engine, manifest: &Manifest) -> Store<GuestState> {
    let mut store = Store::new(engine, GuestState::new(manifest));
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(limits::RETURNED_BYTES_MAX);
    store.epoch_deadline_trap();
    store
}

/// One call into a guest, with its time limit.
pub(super) struct Call<'a> {
    manifest: &'a Manifest,
    ticker: &'a Arc<Ticker>,
    name: &'static str,
}

impl<'a> Call<'a> {
    pub(super) fn new(manifest: &'a Manifest, ticker: &'a Arc<Ticker>, name: &'static str) -> Self {
        Self { manifest, ticker, name }
    }

    pub(super) fn run<T>(
        &self,
        store: &mut Store<GuestState>,
        call: impl FnOnce(&mut Store<GuestState>) -> wasmtime::Result<T>,
    ) -> Result<T, GuestError> {
        store.set_epoch_deadline(limits::call_ticks(self.manifest));
        let running = self.ticker.running();
        let result = call(store);
        drop(running);
        result.map_err(|error| self.explain(&error, store))
    }

    fn explain(&self, error: &wasmtime::Error, store: &Store<GuestState>) -> GuestError {
        let (plugin, call) = (self.manifest.label(), self.name);
        if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
            return GuestError::Deadline { plugin, call };
        }
        // A panic's message is in the diagnostics; the trap itself only says "unreachable".
        let panic = store
            .data()
            .lines
            .iter()
            .rev()
            .find(|line| line.level == "error")
            .map(|line| line.message.clone());
        let why = match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) if panic.is_some() => panic.unwrap_or_default(),
            Some(trap) => trap.to_string(),
            None => format!("{error:#}"),
        };
        GuestError::Crashed { plugin, call, why: why.chars().take(500).collect() }
    }
}
