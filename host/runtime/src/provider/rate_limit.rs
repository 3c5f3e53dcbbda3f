//! Delays the next request while a rate limit is exhausted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use massgen_models::event::RateLimit;

/// Longer waits are not worth it: the request is sent anyway, and the service decides.
const WAIT_MS_MAX: u64 = 60_000;

/// The time before which no request should be sent.
#[derive(Debug, Default)]
pub(super) struct RateLimitGate(Mutex<Option<Instant>>);

impl RateLimitGate {
    /// Delays the next request if nothing remains of a limit.
    pub(super) fn update(&self, limit: &RateLimit) {
        if let (Some(0), Some(ms)) = (limit.remaining, limit.reset_ms)
            && ms <= WAIT_MS_MAX
        {
            let until = Instant::now() + Duration::from_millis(ms);
            let mut not_before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *not_before = (*not_before).max(Some(until));
        }
    }

    /// Returns the remaining wait and clears it; zero if there is none.
    pub(super) fn take_wait(&self) -> Duration {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}
