//! Records a real exchange: the plugin's requests before the credential was added, and the scrubbed replies.

use std::sync::{Mutex, PoisonError};

use super::Recorded;
use crate::transport::http::HttpHead;
use crate::transport::outgoing::PluginRequest;
use crate::transport::scrub::Scrubber;

/// The requests and replies of one exchange.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<(PluginRequest, Recorded)>>);

impl Recorder {
    /// Removes and returns the record of the last attempt.
    pub fn take(&self) -> Vec<(PluginRequest, Recorded)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins a new attempt and drops the record of the one before.
    pub(crate) fn begin(&self) {
        drop(self.take());
    }

    pub(crate) fn sent(&self, request: &PluginRequest) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((request.clone(), Recorded::default()));
    }

    pub(crate) fn head(&self, head: &HttpHead) {
        self.change_last(|reply| {
            reply.status = head.status;
            reply.headers.clone_from(&head.headers);
        });
    }

    pub(crate) fn read(&self, bytes: &[u8]) {
        self.change_last(|reply| reply.reads.push(bytes.to_vec()));
    }

    /// Ends the body. A credential may span two reads: a body that holds one is stored as a single read.
    pub(crate) fn end(&self, complete: bool, scrubber: &Scrubber) {
        self.change_last(|reply| {
            reply.complete = complete;
            let body = reply.reads.concat();
            let clean = scrubber.bytes(body.clone());
            if clean != body {
                reply.reads = vec![clean];
            }
        });
    }

    fn change_last(&self, change: impl FnOnce(&mut Recorded)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reply)) = all.last_mut() {
            change(reply);
        }
    }
}
