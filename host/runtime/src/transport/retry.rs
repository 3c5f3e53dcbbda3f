//! Whether a failed request is sent again, and when: the rules of the vendors' own SDKs (openai 3.54,
//! anthropic 2.12: `_base_client.py`), as a pure function.

use massgen_models::failure::{Failure, FailureKind};

/// The SDKs give up when a service asks for more.
const RETRY_AFTER_MAX_MS: u64 = 120_000;
const BACKOFF_FIRST_MS: u64 = 500;
const BACKOFF_MAX_MS: u64 = 8_000;

/// What a failed attempt tells.
#[derive(Debug, Clone)]
pub(crate) struct Attempt<'a> {
    /// Which attempt failed, from 1.
    pub(crate) number: u32,
    pub(crate) failure: &'a Failure,
    /// Content of the reply was shown already: a second reply would contradict it.
    pub(crate) shown: bool,
    /// The service's `x-should-retry`.
    pub(crate) should_retry: Option<bool>,
    /// From 0 to 1.
    pub(crate) jitter: f64,
}

/// How long to wait before the next attempt, in milliseconds; none: give up.
pub(crate) fn wait_ms(attempt: &Attempt<'_>, retries_max: u32) -> Option<u64> {
    if attempt.shown || attempt.number > retries_max || !may_pass(attempt) {
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

/// What the request can't change never passes: a bad key, no credit, an unknown model.
fn may_pass(attempt: &Attempt<'_>) -> bool {
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

/// `retry-after-ms`, or `retry-after` in seconds or as a date.
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
        // Rounded up: waiting a moment less than asked is refused again.
        return Some((seconds * 1000.0).ceil() as u64);
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(date.duration_since(now).map_or(0, |wait| wait.as_millis() as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(
        kind: FailureKind,
        change: impl FnOnce(&mut Failure, &mut u32, &mut bool, &mut Option<bool>),
    ) -> Option<u64> {
        let mut failure = Failure::new(kind, "x");
        let (mut number, mut shown, mut should_retry) = (1, false, None);
        change(&mut failure, &mut number, &mut shown, &mut should_retry);
        wait_ms(&Attempt { number, failure: &failure, shown, should_retry, jitter: 0.0 }, 2)
    }

    #[test]
    fn what_passes_is_tried_again_with_growing_waits() {
        for kind in [
            FailureKind::RateLimited,
            FailureKind::Overloaded,
            FailureKind::Unavailable,
            FailureKind::Stalled,
            FailureKind::Protocol,
        ] {
            assert_eq!(wait(kind, |_, _, _, _| {}), Some(500), "{kind:?}");
            assert_eq!(wait(kind, |_, number, _, _| *number = 2), Some(1000), "{kind:?}");
            assert_eq!(wait(kind, |_, number, _, _| *number = 3), None, "{kind:?}");
            assert_eq!(wait(kind, |_, _, shown, _| *shown = true), None, "{kind:?}");
        }
    }

    #[test]
    fn what_can_not_pass_is_not_tried_again() {
        use FailureKind as Kind;
        for kind in [
            Kind::Authentication,
            Kind::Permission,
            Kind::Billing,
            Kind::ModelUnknown,
            Kind::ContextTooLong,
            Kind::Refused,
            Kind::InvalidRequest,
            Kind::Unsupported,
            Kind::Plugin,
        ] {
            assert_eq!(wait(kind, |_, _, _, _| {}), None, "{kind:?}");
        }
        assert_eq!(wait(Kind::Billing, |_, _, _, should| *should = Some(true)), None);
    }

    #[test]
    fn the_service_decides_when() {
        assert_eq!(
            wait(FailureKind::RateLimited, |f, _, _, _| f.retry_after_ms = Some(2_000)),
            Some(2_000)
        );
        assert_eq!(
            wait(FailureKind::RateLimited, |f, _, _, _| f.retry_after_ms = Some(120_001)),
            None
        );
        assert_eq!(wait(FailureKind::RateLimited, |_, _, _, should| *should = Some(false)), None);
        assert_eq!(
            wait(FailureKind::InvalidRequest, |f, _, _, _| f.http_status = Some(409)),
            Some(500)
        );
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
