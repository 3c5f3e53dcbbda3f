//! The clock of file time stamps. It is compared with stamps only, so it is not one of the values that
//! callers pass in.

/// Returns the current time in nanoseconds since 1970.
pub(crate) fn now_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}
