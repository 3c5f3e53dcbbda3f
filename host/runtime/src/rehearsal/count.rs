//! The count of a prompt's tokens, without a network.

use massgen_models::failure::Failure;
use massgen_models::request::Request;

use super::{Sent, Stage, allowed};
use crate::component::{self, GuestError, LoadedPlugin};
use crate::provider::ConnectError;
use crate::transport::http::Head;

/// What a plugin makes of the wish to have a prompt counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Counting {
    /// It has no such companion.
    Absent,
    /// It asked to send this.
    Asked(Sent),
    /// It said that it failed.
    Failed(Failure),
    /// The host does not send what it asked for.
    Refused(String),
    /// It crashed, or ran out of time, memory or another limit.
    Crashed(String),
}

impl LoadedPlugin {
    /// What the plugin sends to have a prompt counted.
    pub fn rehearse_count(
        &self,
        stage: &Stage,
        request: &Request,
    ) -> Result<Counting, ConnectError> {
        let context = self.stage_context(stage)?;
        let asked = match component::count_request(&self.shared, &context, request) {
            None => return Ok(Counting::Absent),
            Some(Err(GuestError::Reported(failure))) => return Ok(Counting::Failed(failure)),
            Some(Err(crash)) => return Ok(Counting::Crashed(crash.to_string())),
            Some(Ok(asked)) => asked,
        };
        let sent = Sent::of(&asked.0, asked.1);
        Ok(match allowed(self.manifest(), asked.0) {
            Ok(()) => Counting::Asked(sent),
            Err(refused) => Counting::Refused(refused.to_string()),
        })
    }

    /// What the plugin reads in a reply to that; the outer error is its crash.
    pub fn rehearse_counted(&self, body: &[u8]) -> Result<Result<u64, Failure>, String> {
        let head = Head { status: 200, headers: Vec::new() };
        match component::count_response(&self.shared, &head, body) {
            None => Err("it has no such companion".into()),
            Some(Ok(tokens)) => Ok(Ok(tokens)),
            Some(Err(GuestError::Reported(failure))) => Ok(Err(failure)),
            Some(Err(crash)) => Err(crash.to_string()),
        }
    }
}
