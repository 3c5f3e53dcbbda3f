//! Companions: optional interfaces beside the contract. Each call runs in a new store. Functions return `None` if the
//! component lacks the companion.

use massgen_models::provider::ListedModel;
use massgen_models::request::Request;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::provider::{model_catalog, token_counter};
use super::convert;
use super::guest::{Call, Context, GuestError, instance};
use super::limits::GuestState;
use super::plugin::PluginInner;
use crate::sentinel;
use crate::transport::http::HttpHead;
use crate::transport::outgoing::PluginRequest;

/// A page of a service's list of models.
pub(crate) struct Listing {
    pub(crate) models: Vec<ListedModel>,
    /// The request for the next page.
    pub(crate) next: Option<PluginRequest>,
}

/// Returns the request for the first page of the service's list of models.
pub(crate) fn list_request(
    inner: &PluginInner,
    context: &Context,
) -> Option<Result<PluginRequest, GuestError>> {
    let context = convert::context(context);
    let request = catalog(inner, "list-request", |catalog, store| {
        catalog.call_list_request(store, &context)
    })?;
    Some(request.map(convert::plugin_request))
}

/// Reads a page of the list from a reply.
pub(crate) fn list_response(
    inner: &PluginInner,
    head: &HttpHead,
    body: &[u8],
) -> Option<Result<Listing, GuestError>> {
    let head = convert::head(head);
    sentinel::check(body);
    let page = catalog(inner, "list-response", |catalog, store| {
        catalog.call_list_response(store, &head, body)
    })?;
    Some(page.and_then(|page| {
        let page = page.map_err(GuestError::reported)?;
        Ok(Listing {
            models: page.models.into_iter().map(convert::listed_model).collect(),
            next: page.next.map(convert::plugin_request),
        })
    }))
}

/// Returns the request for a token count of a prompt.
pub(crate) fn count_request(
    inner: &PluginInner,
    context: &Context,
    request: &Request,
) -> Option<Result<PluginRequest, GuestError>> {
    let (context, request) = (convert::context(context), convert::request(request));
    let request = counter(inner, "count-request", |counter, store| {
        counter.call_count_request(store, &context, &request)
    })?;
    Some(
        request
            .and_then(|request| request.map(convert::plugin_request).map_err(GuestError::reported)),
    )
}

/// Reads the count from a reply.
pub(crate) fn count_response(
    inner: &PluginInner,
    head: &HttpHead,
    body: &[u8],
) -> Option<Result<u64, GuestError>> {
    let head = convert::head(head);
    sentinel::check(body);
    let count = counter(inner, "count-response", |counter, store| {
        counter.call_count_response(store, &head, body)
    })?;
    Some(count.and_then(|count| count.map_err(GuestError::reported)))
}

/// Checks the types of the component's companions against the host's.
pub(super) fn check_types(
    inner: &PluginInner,
    store: &mut Store<GuestState>,
    instance: &Instance,
) -> Result<(), GuestError> {
    let call = |name| Call::new(&inner.manifest, &inner.ticker, name);
    if let Some(catalog) = &inner.catalog {
        call("model-catalog").run(store, |store| catalog.load(store, instance))?;
    }
    if let Some(counter) = &inner.counter {
        call("token-counter").run(store, |store| counter.load(store, instance))?;
    }
    Ok(())
}

fn catalog<T>(
    inner: &PluginInner,
    name: &'static str,
    call: impl FnOnce(&model_catalog::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Option<Result<T, GuestError>> {
    let indices = inner.catalog.as_ref()?;
    Some(call_companion(inner, name, |store, instance| indices.load(store, instance), call))
}

fn counter<T>(
    inner: &PluginInner,
    name: &'static str,
    call: impl FnOnce(&token_counter::Guest, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Option<Result<T, GuestError>> {
    let indices = inner.counter.as_ref()?;
    Some(call_companion(inner, name, |store, instance| indices.load(store, instance), call))
}

fn call_companion<G, T>(
    inner: &PluginInner,
    name: &'static str,
    load: impl FnOnce(&mut Store<GuestState>, &Instance) -> wasmtime::Result<G>,
    call: impl FnOnce(&G, &mut Store<GuestState>) -> wasmtime::Result<T>,
) -> Result<T, GuestError> {
    let this = Call::new(&inner.manifest, &inner.ticker, name);
    let (mut store, instance) = instance(inner, &this)?;
    let guest = this.run(&mut store, |store| load(store, &instance))?;
    this.run(&mut store, |store| call(&guest, store))
}
