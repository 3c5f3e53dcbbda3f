//! A terminal that was closed can't be read any more, and crossterm would try for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::HUNG_UP;

/// How often a watcher looks whether it is still wanted, and whether nothing is being written.
const PATIENCE_MS: u64 = 200;

/// Ends the program when its terminal is closed while `idle`: all decisions are kept by then. Watches until the
/// flag that it gives is false.
pub(super) fn watch(idle: Arc<AtomicBool>) -> Arc<AtomicBool> {
    let wanted = Arc::new(AtomicBool::new(true));
    let ours = wanted.clone();
    std::thread::spawn(move || {
        while ours.load(Ordering::SeqCst) {
            if !is_closed() {
                continue;
            }
            if idle.load(Ordering::SeqCst) && ours.load(Ordering::SeqCst) {
                signal_hook::low_level::exit(HUNG_UP);
            }
            std::thread::sleep(Duration::from_millis(PATIENCE_MS));
        }
    });
    wanted
}

/// Waits a moment for the terminal to be closed.
fn is_closed() -> bool {
    let stdin = std::io::stdin();
    // Nothing is asked for: that the other side is gone is told all the same.
    let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
    let patience = Timespec { tv_sec: 0, tv_nsec: (PATIENCE_MS * 1_000_000).cast_signed() };
    let told = poll(&mut watched, Some(&patience));
    told.is_ok() && watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}
