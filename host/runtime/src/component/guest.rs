//! One exchange with a guest, in a store of its own. After any failure the store is dropped: a component
//! that trapped can't be entered again.

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
use super::plugin::Shared;
use super::ticker::Ticker;
use crate::manifest::Manifest;
use crate::sentinel;
use crate::transport::framing::{Frame, Framing};
use crate::transport::http::Head;
use crate::transport::outgoing::Asked;

/// Events of one call; a network read completes a handful.
const EVENTS_MAX: usize = 10_000;

/// Why a call into a guest gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    /// It did not come back in time.
    #[error("plugin {plugin} did not come back within its time and was stopped ({call})")]
    Deadline { plugin: String, call: &'static str },
    /// It crashed or ran into a limit.
    #[error("plugin {plugin} crashed ({call}): {why}")]
    Crashed { plugin: String, call: &'static str, why: String },
    /// It handed over more than is allowed.
    #[error("plugin {plugin} handed over {count} events at once; {EVENTS_MAX} are allowed")]
    TooManyEvents { plugin: String, count: usize },
    /// It says itself that it failed.
    #[error("{}", .0.message)]
    Reported(Failure),
}

impl GuestError {
    pub(super) fn reported(failure: contract::Failure) -> Self {
        Self::Reported(convert::failure(failure))
    }

    /// The failure of an exchange.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Reported(failure) => failure,
            other => Failure::new(FailureKind::Plugin, other.to_string()),
        }
    }
}

/// What a guest is told about the exchange.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) idempotency_key: String,
    pub(crate) now_unix_ms: u64,
    pub(crate) host: String,
    pub(crate) settings: Vec<(String, String)>,
}

/// A guest's side of one exchange.
pub(crate) struct Guest {
    shared: Arc<Shared>,
    store: Store<GuestState>,
    model: contract::Guest,
    exchange: ResourceAny,
}

impl Guest {
    /// Encodes a request.
    pub(crate) fn open(
        shared: &Arc<Shared>,
        context: &Context,
        request: &Request,
    ) -> Result<Self, GuestError> {
        let (context, request) = (convert::context(context), convert::request(request));
        let call = Call::new(&shared.manifest, &shared.ticker, "open");
        let (mut store, instance) = instance(shared, &call)?;
        let model = call.run(&mut store, |store| shared.model.load(store, &instance))?;
        let opened =
            call.run(&mut store, |store| model.exchange().call_open(store, &context, &request))?;
        let exchange = opened.map_err(GuestError::reported)?;
        Ok(Self { shared: shared.clone(), store, model, exchange })
    }

    /// What to send first.
    pub(crate) fn request(&mut self) -> Result<(Asked, Framing), GuestError> {
        let asked = self.call("request", |model, store, exchange| {
            model.exchange().call_request(store, exchange)
        })?;
        Ok(convert::asked(asked))
    }

    /// The head arrived.
    pub(crate) fn head(&mut self, head: &Head) -> Result<Vec<Event>, GuestError> {
        let head = convert::head(head);
        let events = self.call("head", |model, store, exchange| {
            model.exchange().call_head(store, exchange, &head)
        })?;
        self.events(events)
    }

    /// Frames arrived.
    pub(crate) fn push(&mut self, frames: Vec<Frame>) -> Result<Vec<Event>, GuestError> {
        let frames: Vec<_> = frames.into_iter().map(convert::frame).collect();
        let events = self.call("push", |model, store, exchange| {
            model.exchange().call_push(store, exchange, &frames)
        })?;
        self.events(events)
    }

    /// The body is over. Gives the last events and, perhaps, what to send next.
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
            let (asked, framing) = convert::asked(next.request);
            FollowUp { asked, framing, delay_ms: next.delay_ms }
        });
        Ok((self.events(Ok(finished.events))?, next))
    }

    /// Lines that the plugin logged since the last time.
    pub(crate) fn take_lines(&mut self) -> Vec<DiagnosticLine> {
        std::mem::take(&mut self.store.data_mut().lines)
    }

    fn call<T>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&contract::Guest, &mut Store<GuestState>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, GuestError> {
        let (model, exchange) = (&self.model, self.exchange);
        Call::new(&self.shared.manifest, &self.shared.ticker, name)
            .run(&mut self.store, |store| call(model, store, exchange))
    }

    fn events(
        &self,
        events: Result<Vec<convert::WitEvent>, convert::WitFailure>,
    ) -> Result<Vec<Event>, GuestError> {
        let events = events.map_err(GuestError::reported)?;
        if events.len() > EVENTS_MAX {
            return Err(GuestError::TooManyEvents {
                plugin: self.shared.manifest.label(),
                count: events.len(),
            });
        }
        Ok(events.into_iter().map(convert::event).collect())
    }
}

/// What a guest wants to send next.
#[derive(Debug)]
pub(crate) struct FollowUp {
    pub(crate) asked: Asked,
    pub(crate) framing: Framing,
    pub(crate) delay_ms: u32,
}

/// Who the component says that it is: `id version`. The companions that it has must fit, too.
pub(super) fn describe(shared: &Arc<Shared>) -> Result<String, GuestError> {
    let call = Call::new(&shared.manifest, &shared.ticker, "describe");
    let (mut store, instance) = instance(shared, &call)?;
    companion::fit(shared, &mut store, &instance)?;
    let model = call.run(&mut store, |store| shared.model.load(store, &instance))?;
    let info = call.run(&mut store, |store| model.call_describe(store))?;
    Ok(format!("{} {}", info.id, info.version).chars().take(200).collect())
}

/// The models that the component knows.
pub(crate) fn models(shared: &Arc<Shared>) -> Result<Vec<ListedModel>, GuestError> {
    let models = called(shared, "models", |model, store| model.call_models(store))?;
    Ok(models.into_iter().map(convert::listed).collect())
}

/// What a status of 400 or above means.
pub(crate) fn explain(
    shared: &Arc<Shared>,
    head: &Head,
    body: &[u8],
) -> Result<Failure, GuestError> {
    let head = convert::head(head);
    sentinel::watch(body);
    let failure = called(shared, "explain", |model, store| model.call_explain(store, &head, body))?;
    Ok(convert::failure(failure))
}

/// A call that needs no exchange, in a store of its own.
fn called<T>(
    shared: &Shared,
    name: &'static str,
    call: impl FnOnce(&contract::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Result<T, GuestError> {
    let this = Call::new(&shared.manifest, &shared.ticker, name);
    let (mut store, instance) = instance(shared, &this)?;
    let model = this.run(&mut store, |store| shared.model.load(store, &instance))?;
    this.run(&mut store, |store| call(&model, store))
}

/// The component, made anew for a call or an exchange.
pub(super) fn instance(
    shared: &Shared,
    call: &Call<'_>,
) -> Result<(Store<GuestState>, Instance), GuestError> {
    let mut store = new_store(shared.instance.engine(), &shared.manifest);
    let instance = call.run(&mut store, |store| shared.instance.instantiate(store))?;
    Ok((store, instance))
}

/// A store with its limits, for one exchange or one session.
pub(super) fn new_store(engine: &wasmtime::Engine, manifest: &Manifest) -> Store<GuestState> {
    let mut store = Store::new(engine, GuestState::new(manifest));
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(limits::HANDED_OVER_BYTES_MAX);
    store.epoch_deadline_trap();
    store
}

/// One call into a guest, within its time.
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
        // A panic's message went to the diagnostics; the trap itself only says "unreachable".
        let said = store
            .data()
            .lines
            .iter()
            .rev()
            .find(|line| line.level == "error")
            .map(|line| line.message.clone());
        let why = match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) if said.is_some() => said.unwrap_or_default(),
            Some(trap) => trap.to_string(),
            None => format!("{error:#}"),
        };
        GuestError::Crashed { plugin, call, why: why.chars().take(500).collect() }
    }
}
