//! A provider whose protocol is a component.

mod connect;
mod connected;
mod connection;
mod queries;
mod rate_limit;

use massgen_models::failure::Failure;
use massgen_models::provider::{BoxFuture, ExchangeError, ListedModel, Observer, Provider, Reply};
use massgen_models::request::Request;

pub(crate) use connected::ConnectedPlugin;
pub use connection::{ConnectError, Connection, HttpOptions, LogSink};

/// A connected plugin that implements [`Provider`].
pub struct ComponentProvider {
    connected: ConnectedPlugin,
}

impl Provider for ComponentProvider {
    fn id(&self) -> &str {
        &self.connected.plugin.manifest.id
    }

    fn exchange<'a>(
        &'a self,
        request: &'a Request,
        observer: &'a mut dyn Observer,
    ) -> BoxFuture<'a, Result<Reply, ExchangeError>> {
        Box::pin(self.connected.exchange(request, observer))
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, Failure>> {
        Box::pin(self.connected.list_models())
    }

    fn count_tokens<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<u64, Failure>> {
        Box::pin(self.connected.count_tokens(request))
    }
}

impl std::fmt::Debug for ComponentProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentProvider")
            .field("plugin", &self.connected.plugin.manifest.id)
            .finish_non_exhaustive()
    }
}
