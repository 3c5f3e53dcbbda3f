//! A line from the terminal that is not shown while it is typed.

use std::io::BufRead;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Reads it; the terminal is as before afterwards, also after a failure.
pub fn line(text: &mut String) -> std::io::Result<()> {
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let read = stdin.lock().read_line(text);
    tcsetattr(&stdin, OptionalActions::Flush, &before)?;
    read.map(drop)
}
