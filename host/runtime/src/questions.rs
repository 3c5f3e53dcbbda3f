//! What a service is asked besides exchanges, through companions of the contract: which models it has, and how many
//! tokens a prompt. Each is answered whole, and not asked again.

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::ListedModel;
use massgen_models::request::Request;

use crate::component::{self, GuestError};
use crate::exchange;
use crate::provider::Connected;
use crate::transport::framing::Framing;
use crate::transport::http::{Head, Read};
use crate::transport::outgoing::Asked;

/// Pages of a listing.
const PAGES_MAX: usize = 64;
const LISTED_MAX: usize = 20_000;

impl Connected {
    /// The models that the service lists.
    pub(crate) async fn list(&self) -> Result<Vec<ListedModel>, Failure> {
        let none = || self.cannot("list its models");
        let (mut asked, _) = component::list_request(&self.plugin, &self.context())
            .ok_or_else(none)?
            .map_err(GuestError::into_failure)?;
        // What the kit of authors gives for a service without a list.
        if asked.endpoint.is_empty() {
            return Err(none());
        }
        let mut models = Vec::new();
        for _ in 0..PAGES_MAX {
            let (head, body) = self.whole(asked).await?;
            let page = component::list_response(&self.plugin, &head, &body)
                .ok_or_else(none)?
                .map_err(GuestError::into_failure)?;
            models.extend(page.models);
            match page.next {
                Some((next, Framing::Whole)) if models.len() < LISTED_MAX => asked = next,
                _ => break,
            }
        }
        Ok(models)
    }

    /// The tokens of a prompt, counted by the service.
    pub(crate) async fn count(&self, request: &Request) -> Result<u64, Failure> {
        let none = || self.cannot("count tokens");
        let (asked, _) = component::count_request(&self.plugin, &self.context(), request)
            .ok_or_else(none)?
            .map_err(GuestError::into_failure)?;
        let (head, body) = self.whole(asked).await?;
        component::count_response(&self.plugin, &head, &body)
            .ok_or_else(none)?
            .map_err(GuestError::into_failure)
    }

    fn cannot(&self, what: &str) -> Failure {
        let plugin = &self.plugin.manifest.id;
        Failure::new(FailureKind::Unsupported, format!("{plugin} can't {what}"))
    }

    /// Sends a request and reads its whole reply, scrubbed; a status of 400 or above is explained.
    async fn whole(&self, asked: Asked) -> Result<(Head, Vec<u8>), Failure> {
        let mut reply = self.edge.send(exchange::checked(self, asked)?, false).await?;
        exchange::refuse_foreign(self, &mut reply).await?;
        let mut body = Vec::new();
        while let Read::Bytes(bytes) = reply.read().await? {
            body.extend_from_slice(&bytes);
        }
        Ok((reply.head, self.edge.scrubber.bytes(body)))
    }
}
