//! The terminal, lent to an agent and taken back. As a shell does it: whoever has the terminal is one group
//! of processes, gets the keys, and may change how the terminal behaves.

use std::io::{IsTerminal, stdin};

use nix::sys::signal::{SigSet, Signal as Masked};
use rustix::process::{Pid, Signal};
use rustix::termios::{self, OptionalActions, QueueSelector, Termios};

/// The terminal that our standard input is, when it is ours to lend.
pub(super) struct Terminal {
    /// Our own group of processes.
    ours: Pid,
    /// How the terminal behaved before it was lent.
    before: Termios,
}

impl Terminal {
    /// The terminal, if we have one and are in its foreground.
    pub(super) fn ours() -> Option<Self> {
        let ours = rustix::process::getpgrp();
        if !stdin().is_terminal() || termios::tcgetpgrp(stdin()) != Ok(ours) {
            return None;
        }
        // Whoever is not in the foreground and touches the terminal is stopped: not this thread, which
        // takes it back.
        let mut touching = SigSet::empty();
        touching.add(Masked::SIGTTOU);
        touching.thread_block().ok()?;
        Some(Self { ours, before: termios::tcgetattr(stdin()).ok()? })
    }

    /// Lends it to a group, and wakes what was stopped for touching it before.
    pub(super) fn lend(&self, to: Pid) {
        if termios::tcgetpgrp(stdin()) == Ok(self.ours) {
            _ = termios::tcsetpgrp(stdin(), to);
        }
        _ = rustix::process::kill_process_group(to, Signal::CONT);
    }

    /// Takes it back as it was. What was typed and not read is dropped: an agent can type, too, and must
    /// not answer our questions or speak to the user's shell.
    pub(super) fn take_back(&self) {
        _ = termios::tcsetpgrp(stdin(), self.ours);
        _ = termios::tcsetattr(stdin(), OptionalActions::Drain, &self.before);
        _ = termios::tcflush(stdin(), QueueSelector::IFlush);
    }

    /// Stops our own group, as the user asked the agent to. Comes back when it is continued.
    pub(super) fn stop_ourselves(&self) {
        self.take_back();
        _ = rustix::process::kill_current_process_group(Signal::TSTP);
    }
}
