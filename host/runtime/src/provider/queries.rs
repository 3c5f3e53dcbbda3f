//! Single requests to a service, through companions of the contract: its list of models and the token count of a
//! prompt. They are not streamed and not retried.

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::ListedModel;
use massgen_models::request::Request;

use super::ConnectedPlugin;
use crate::component::{self, GuestError};
use crate::exchange;
use crate::transport::framing::Framing;
use crate::transport::http::{BodyRead, HttpHead};
use crate::transport::outgoing::PluginRequest;

const PAGES_MAX: usize = 64;
const LISTED_MODELS_MAX: usize = 20_000;

impl ConnectedPlugin {
    /// Returns the models that the service lists.
    pub(super) async fn list_models(&self) -> Result<Vec<ListedModel>, Failure> {
        let unsupported = || self.unsupported("list its models");
        let mut request = component::list_request(&self.plugin, &self.context())
            .ok_or_else(unsupported)?
            .map_err(GuestError::into_failure)?;
        // The plugin SDK's default for services without a list.
        if request.endpoint.is_empty() {
            return Err(unsupported());
        }
        let mut models = Vec::new();
        for _ in 0..PAGES_MAX {
            let (head, body) = self.send_and_read(request).await?;
            let page = component::list_response(&self.plugin, &head, &body)
                .ok_or_else(unsupported)?
                .map_err(GuestError::into_failure)?;
            models.extend(page.models);
            match page.next {
                Some(next)
                    if next.framing == Framing::Whole && models.len() < LISTED_MODELS_MAX =>
                {
                    request = next;
                }
                _ => break,
            }
        }
        Ok(models)
    }

    /// Returns the number of tokens of a prompt, as the service counts them.
    pub(super) async fn count_tokens(&self, request: &Request) -> Result<u64, Failure> {
        let unsupported = || self.unsupported("count tokens");
        let request = component::count_request(&self.plugin, &self.context(), request)
            .ok_or_else(unsupported)?
            .map_err(GuestError::into_failure)?;
        let (head, body) = self.send_and_read(request).await?;
        component::count_response(&self.plugin, &head, &body)
            .ok_or_else(unsupported)?
            .map_err(GuestError::into_failure)
    }

    fn unsupported(&self, action: &str) -> Failure {
        let plugin = &self.plugin.manifest.id;
        Failure::new(FailureKind::Unsupported, format!("{plugin} cannot {action}"))
    }

    /// Sends a request and reads the whole reply, without credentials.
    async fn send_and_read(&self, request: PluginRequest) -> Result<(HttpHead, Vec<u8>), Failure> {
        let mut reply = self.client.send(exchange::check_request(self, request)?, false).await?;
        exchange::reject_failed(self, &mut reply).await?;
        let mut body = Vec::new();
        while let BodyRead::Bytes(bytes) = reply.read().await? {
            body.extend_from_slice(&bytes);
        }
        Ok((reply.head, self.client.scrubber.bytes(body)))
    }
}
