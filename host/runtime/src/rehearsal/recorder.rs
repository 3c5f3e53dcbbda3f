//! Writes down a real exchange: what a plugin asked to send before the credential was added, and what came
//! back, scrubbed.

use std::sync::{Mutex, PoisonError};

use super::{Recorded, Sent};
use crate::transport::framing::Framing;
use crate::transport::http::Head;
use crate::transport::outgoing::Asked;
use crate::transport::scrub::Scrubber;

/// The requests and replies of one exchange.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<(Sent, Recorded)>>);

impl Recorder {
    /// What was recorded of the newest attempt.
    pub fn take(&self) -> Vec<(Sent, Recorded)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new attempt: only the last one counts.
    pub(crate) fn begin(&self) {
        drop(self.take());
    }

    pub(crate) fn sent(&self, asked: &Asked, framing: Framing) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((Sent::of(asked, framing), Recorded::default()));
    }

    pub(crate) fn head(&self, head: &Head) {
        self.last(|reply| {
            reply.status = head.status;
            reply.headers.clone_from(&head.headers);
        });
    }

    pub(crate) fn read(&self, bytes: &[u8]) {
        self.last(|reply| reply.reads.push(bytes.to_vec()));
    }

    /// The body is over. A credential may lie across two reads: then there is one read.
    pub(crate) fn over(&self, complete: bool, scrubber: &Scrubber) {
        self.last(|reply| {
            reply.complete = complete;
            let body = reply.reads.concat();
            let clean = scrubber.bytes(body.clone());
            if clean != body {
                reply.reads = vec![clean];
            }
        });
    }

    fn last(&self, change: impl FnOnce(&mut Recorded)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reply)) = all.last_mut() {
            change(reply);
        }
    }
}
