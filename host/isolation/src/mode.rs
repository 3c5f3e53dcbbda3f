//! Permissions: as our records have them, and as systems do, on some of which the type is narrower.

use rustix::fs::{Mode, Stat};

use crate::entry::MODE_MASK;

/// What a record says of a file.
#[cfg_attr(target_os = "linux", expect(clippy::useless_conversion, reason = "macOS has 16 bits"))]
pub(crate) fn of(stat: &Stat) -> u32 {
    u32::from(stat.st_mode) & MODE_MASK
}

/// What a system is told.
pub(crate) fn system(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as rustix::fs::RawMode)
}
