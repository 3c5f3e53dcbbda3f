//! The clock of the file system's time stamps. Only stamps are compared with it, so that it is not one
//! of the values that come from the outside.

/// Nanoseconds since 1970.
pub(crate) fn now_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}
