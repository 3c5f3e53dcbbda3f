//! Limits of a guest, and the host's side of `diagnostics`.

use wasmtime::{StoreLimits, StoreLimitsBuilder};

use super::bindings;
use crate::manifest::Manifest;

/// Interval of the clock that ends calls.
pub(super) const TICK_MS: u64 = 10;
/// Maximum memory of a guest.
const MEMORY_MIB: u32 = 64;
/// Maximum time of one call. A push takes microseconds, encoding a long conversation milliseconds.
const CALL_MS: u32 = 500;
/// Maximum number of bytes that one call may return.
pub(super) const RETURNED_BYTES_MAX: usize = 16 << 20;
/// Maximum number of diagnostics lines of one exchange.
const LINES_MAX: usize = 1_000;
const LINE_CHARS_MAX: usize = 4 << 10;

/// A line that a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiagnosticLine {
    pub(crate) level: &'static str,
    pub(crate) message: String,
}

/// The host's data in a store.
pub(super) struct GuestState {
    pub(super) limits: StoreLimits,
    pub(super) lines: Vec<DiagnosticLine>,
}

impl GuestState {
    pub(super) fn new(manifest: &Manifest) -> Self {
        let mib = manifest.limits.memory_mib.unwrap_or(MEMORY_MIB).min(MEMORY_MIB);
        let limits = StoreLimitsBuilder::new()
            .memory_size((mib as usize) << 20)
            .table_elements(20_000)
            .instances(8)
            .tables(8)
            .memories(2)
            .trap_on_grow_failure(true)
            .build();
        Self { limits, lines: Vec::new() }
    }

    fn log(&mut self, level: &'static str, message: &str) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(DiagnosticLine {
                level,
                message: message.chars().take(LINE_CHARS_MAX).collect(),
            });
        }
    }
}

/// Returns the number of ticks that one call may take.
pub(super) fn call_ticks(manifest: &Manifest) -> u64 {
    let ms = manifest.limits.call_ms.unwrap_or(CALL_MS).min(CALL_MS);
    // The first tick may come immediately.
    u64::from(ms).div_ceil(TICK_MS) + 1
}

macro_rules! host_diagnostics {
    ($world:ident, $package:ident) => {
        impl bindings::$world::massgen::$package::diagnostics::Host for GuestState {
            fn log(
                &mut self,
                level: bindings::$world::massgen::$package::diagnostics::Level,
                message: String,
            ) {
                use bindings::$world::massgen::$package::diagnostics::Level;
                let level = match level {
                    Level::Trace => "trace",
                    Level::Debug => "debug",
                    Level::Info => "info",
                    Level::Warn => "warn",
                    Level::Error => "error",
                };
                self.log(level, &message);
            }
        }
    };
}

host_diagnostics!(provider, analyzer_model);
host_diagnostics!(strategy, isolation_strategy);
