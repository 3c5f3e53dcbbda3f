//! Decides whether and when to retry a failed request, by the rules of the vendors' SDKs (openai 3.54,
//! anthropic 2.12: `_base_client.py`).

use massgen_models::failure::{Failure, FailureKind};

/// The SDKs give up when a service asks for a longer wait.
const RETRY_AFTER_MAX_MS: u64 = 120_000;
const BACKOFF_FIRST_MS: u64 = 500;
const BACKOFF_MAX_MS: u64 = 8_000;

/// A failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt<'a> {
    /// Number of the attempt, from 1.
    pub(crate) number: u32,
    pub(crate) failure: &'a Failure,
    /// Text of the reply was shown already; a second reply would contradict it.
    pub(crate) shown: bool,
    /// The service's `x-should-retry`.
    pub(crate) should_retry: Option<bool>,
    /// A random number from 0 to 1.
    pub(crate) jitter: f64,
}

/// Returns the wait before the next attempt in milliseconds, or `None` to give up.
pub(crate) fn wait_ms(attempt: &Attempt<'_>, retries_max: u32) -> Option<u64> {
    if attempt.shown || attempt.number > retries_max || !is_transient(attempt) {
        return None;
    }
    match attempt.failure.retry_after_ms {
        Some(ms) if ms > RETRY_AFTER_MAX_MS => None,
        Some(ms) => Some(ms),
        None => {
            let doubled =
                BACKOFF_FIRST_MS.saturating_mul(1 << attempt.number.min(10).saturating_sub(1));
            let full = doubled.min(BACKOFF_MAX_MS) as f64;
            Some((full * (1.0 - 0.25 * attempt.jitter.clamp(0.0, 1.0))) as u64)
        }
    }
}

/// Whether the same request may succeed later. A bad key, missing credit or an unknown model stay as they are.
fn is_transient(attempt: &Attempt<'_>) -> bool {
    use FailureKind as Kind;
    match attempt.failure.kind {
        Kind::Authentication
        | Kind::Permission
        | Kind::Billing
        | Kind::ModelUnknown
        | Kind::ContextTooLong
        | Kind::Refused
        | Kind::Unsupported
        | Kind::Plugin
        | Kind::TimeUp
        | Kind::Cancelled => false,
        _ if attempt.should_retry == Some(false) => false,
        _ if attempt.should_retry == Some(true) => true,
        Kind::RateLimited
        | Kind::Overloaded
        | Kind::Unavailable
        | Kind::Protocol
        | Kind::Stalled => true,
        Kind::InvalidRequest | Kind::Other => {
            matches!(attempt.failure.http_status, Some(408 | 409 | 429 | 500..))
        }
    }
}

/// Reads `retry-after-ms`, or `retry-after` in seconds or as a date.
pub(crate) fn retry_after_ms(
    after_ms: Option<&str>,
    after: Option<&str>,
    now: std::time::SystemTime,
) -> Option<u64> {
    if let Some(ms) =
        after_ms.and_then(|text| text.trim().parse::<f64>().ok()).filter(|ms| *ms >= 0.0)
    {
        return Some(ms as u64);
    }
    let after = after?.trim();
    if let Some(seconds) = after.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0) {
        // Rounded up: a retry just before the time would be refused again.
        return Some((seconds * 1000.0).ceil() as u64);
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(date.duration_since(now).map_or(0, |wait| wait.as_millis() as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(failure: &Failure) -> Attempt<'_> {
        Attempt { number: 1, failure, shown: false, should_retry: None, jitter: 0.0 }
    }

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "x")
    }

    #[test]
    fn transient_failures_are_retried_with_growing_waits() {
        for kind in [
            FailureKind::RateLimited,
            FailureKind::Overloaded,
            FailureKind::Unavailable,
            FailureKind::Stalled,
            FailureKind::Protocol,
        ] {
            let failure = failure(kind);
            for (number, wait) in [(1, Some(500)), (2, Some(1000)), (3, None)] {
                let attempt = Attempt { number, ..attempt(&failure) };
                assert_eq!(wait_ms(&attempt, 2), wait, "{kind:?} {number}");
            }
            let shown = Attempt { shown: true, ..attempt(&failure) };
            assert_eq!(wait_ms(&shown, 2), None, "{kind:?}");
        }
    }

    #[test]
    fn permanent_failures_are_not_retried() {
        for kind in [
            FailureKind::Authentication,
            FailureKind::Permission,
            FailureKind::Billing,
            FailureKind::ModelUnknown,
            FailureKind::ContextTooLong,
            FailureKind::Refused,
            FailureKind::InvalidRequest,
            FailureKind::Unsupported,
            FailureKind::Plugin,
        ] {
            assert_eq!(wait_ms(&attempt(&failure(kind)), 2), None, "{kind:?}");
        }
        let failure = failure(FailureKind::Billing);
        let asked = Attempt { should_retry: Some(true), ..attempt(&failure) };
        assert_eq!(wait_ms(&asked, 2), None);
    }

    #[test]
    fn the_service_decides_when() {
        for (after_ms, wait) in [(2_000, Some(2_000)), (120_001, None)] {
            let limited =
                Failure { retry_after_ms: Some(after_ms), ..failure(FailureKind::RateLimited) };
            assert_eq!(wait_ms(&attempt(&limited), 2), wait);
        }
        let limited = failure(FailureKind::RateLimited);
        let refused = Attempt { should_retry: Some(false), ..attempt(&limited) };
        assert_eq!(wait_ms(&refused, 2), None);
        let conflict = Failure { http_status: Some(409), ..failure(FailureKind::InvalidRequest) };
        assert_eq!(wait_ms(&attempt(&conflict), 2), Some(500));
    }

    #[test]
    fn headers() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 09:00:00 GMT").unwrap();
        for (ms, after, expect) in [
            (Some("1500"), Some("9"), Some(1500)),
            (None, Some("2"), Some(2000)),
            (None, Some("0.5"), Some(500)),
            (None, Some("Sun, 22 Nov 2026 09:00:03 GMT"), Some(3001)),
            (None, Some("Sun, 22 Nov 2026 08:00:00 GMT"), Some(0)),
            (None, Some("soon"), None),
            (None, None, None),
        ] {
            assert_eq!(retry_after_ms(ms, after, now), expect, "{after:?}");
        }
    }
}
