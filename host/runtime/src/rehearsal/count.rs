//! Token counts without a network.

use massgen_models::failure::Failure;
use massgen_models::request::Request;

use super::{Stage, check_request};
use crate::component::{self, GuestError, LoadedPlugin};
use crate::provider::ConnectError;
use crate::transport::http::HttpHead;
use crate::transport::outgoing::PluginRequest;

/// How a plugin reacts when it is asked to have a prompt's tokens counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Counting {
    /// The plugin has no such companion.
    Absent,
    /// The plugin made this request.
    Asked(PluginRequest),
    /// The plugin reported a failure.
    Failed(Failure),
    /// The host refused to send the plugin's request.
    Refused(String),
    /// The plugin crashed, or exceeded a limit.
    Crashed(String),
}

impl LoadedPlugin {
    /// Returns the plugin's request for a token count.
    pub fn rehearse_count(
        &self,
        stage: &Stage,
        request: &Request,
    ) -> Result<Counting, ConnectError> {
        let context = self.stage_context(stage)?;
        let request = match component::count_request(&self.inner, &context, request) {
            None => return Ok(Counting::Absent),
            Some(Err(GuestError::Reported(failure))) => return Ok(Counting::Failed(failure)),
            Some(Err(crash)) => return Ok(Counting::Crashed(crash.to_string())),
            Some(Ok(request)) => request,
        };
        Ok(match check_request(self.manifest(), request.clone()) {
            Ok(()) => Counting::Asked(request),
            Err(error) => Counting::Refused(error.to_string()),
        })
    }

    /// Returns the count that the plugin reads from a reply. The outer error is the plugin's crash.
    pub fn rehearse_counted(&self, body: &[u8]) -> Result<Result<u64, Failure>, String> {
        let head = HttpHead { status: 200, headers: Vec::new() };
        match component::count_response(&self.inner, &head, body) {
            None => Err("the plugin does not count tokens".into()),
            Some(Ok(tokens)) => Ok(Ok(tokens)),
            Some(Err(GuestError::Reported(failure))) => Ok(Err(failure)),
            Some(Err(crash)) => Err(crash.to_string()),
        }
    }
}
