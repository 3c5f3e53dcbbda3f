//! Companions of the contract: what a component may offer besides, and does without. Each call has a store of its
//! own; none means that the component has no such companion.

use massgen_models::provider::ListedModel;
use massgen_models::request::Request;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::provider::{model_catalog, token_counter};
use super::convert;
use super::guest::{Call, Context, GuestError, instance};
use super::limits::GuestState;
use super::plugin::Shared;
use crate::sentinel;
use crate::transport::framing::Framing;
use crate::transport::http::Head;
use crate::transport::outgoing::Asked;

/// A page of a listing.
pub(crate) struct Listing {
    pub(crate) models: Vec<ListedModel>,
    pub(crate) next: Option<(Asked, Framing)>,
}

/// The request for the first page of the service's list of models.
pub(crate) fn list_request(
    shared: &Shared,
    context: &Context,
) -> Option<Result<(Asked, Framing), GuestError>> {
    let context = convert::context(context);
    let asked = catalog(shared, "list-request", |catalog, store| {
        catalog.call_list_request(store, &context)
    })?;
    Some(asked.map(convert::asked))
}

/// A page of that list arrived.
pub(crate) fn list_response(
    shared: &Shared,
    head: &Head,
    body: &[u8],
) -> Option<Result<Listing, GuestError>> {
    let head = convert::head(head);
    sentinel::watch(body);
    let page = catalog(shared, "list-response", |catalog, store| {
        catalog.call_list_response(store, &head, body)
    })?;
    Some(page.and_then(|page| {
        let page = page.map_err(GuestError::reported)?;
        Ok(Listing {
            models: page.models.into_iter().map(convert::listed).collect(),
            next: page.next.map(convert::asked),
        })
    }))
}

/// The request that has a prompt's tokens counted.
pub(crate) fn count_request(
    shared: &Shared,
    context: &Context,
    request: &Request,
) -> Option<Result<(Asked, Framing), GuestError>> {
    let (context, request) = (convert::context(context), convert::request(request));
    let asked = counter(shared, "count-request", |counter, store| {
        counter.call_count_request(store, &context, &request)
    })?;
    Some(asked.and_then(|asked| asked.map(convert::asked).map_err(GuestError::reported)))
}

/// The count arrived.
pub(crate) fn count_response(
    shared: &Shared,
    head: &Head,
    body: &[u8],
) -> Option<Result<u64, GuestError>> {
    let head = convert::head(head);
    sentinel::watch(body);
    let count = counter(shared, "count-response", |counter, store| {
        counter.call_count_response(store, &head, body)
    })?;
    Some(count.and_then(|count| count.map_err(GuestError::reported)))
}

/// Holds the types of the companions that a component has against the host's.
pub(super) fn fit(
    shared: &Shared,
    store: &mut Store<GuestState>,
    instance: &Instance,
) -> Result<(), GuestError> {
    let call = |name| Call::new(&shared.manifest, &shared.ticker, name);
    if let Some(catalog) = &shared.catalog {
        call("model-catalog").run(store, |store| catalog.load(store, instance))?;
    }
    if let Some(counter) = &shared.counter {
        call("token-counter").run(store, |store| counter.load(store, instance))?;
    }
    Ok(())
}

fn catalog<T>(
    shared: &Shared,
    name: &'static str,
    call: impl FnOnce(&model_catalog::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Option<Result<T, GuestError>> {
    let indices = shared.catalog.as_ref()?;
    Some(called(shared, name, |store, instance| indices.load(store, instance), call))
}

fn counter<T>(
    shared: &Shared,
    name: &'static str,
    call: impl FnOnce(&token_counter::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Option<Result<T, GuestError>> {
    let indices = shared.counter.as_ref()?;
    Some(called(shared, name, |store, instance| indices.load(store, instance), call))
}

fn called<G, T>(
    shared: &Shared,
    name: &'static str,
    load: impl FnOnce(&mut Store<GuestState>, &Instance) -> wasmtime::Result<G>,
    call: impl FnOnce(&G, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Result<T, GuestError> {
    let this = Call::new(&shared.manifest, &shared.ticker, name);
    let (mut store, instance) = instance(shared, &this)?;
    let guest = this.run(&mut store, |store| load(store, &instance))?;
    this.run(&mut store, |store| call(&guest, store))
}
