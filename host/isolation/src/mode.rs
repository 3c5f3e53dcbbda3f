//! Converts permissions between records and the system, whose type is narrower on some platforms.

use rustix::fs::{Mode, Stat};

use crate::entry::MODE_MASK;

/// Returns the permission bits to record for a file.
#[cfg_attr(target_os = "linux", expect(clippy::useless_conversion, reason = "macOS has 16 bits"))]
pub(crate) fn of(stat: &Stat) -> u32 {
    u32::from(stat.st_mode) & MODE_MASK
}

/// Returns recorded permission bits in the system's type.
pub(crate) fn system(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as rustix::fs::RawMode)
}
