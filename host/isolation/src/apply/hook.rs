//! A place to stand in front of every step of an apply: for tests that stop or fail at each of them.

use std::io;

/// What happens at a step.
#[derive(Debug)]
pub enum Fault {
    /// As if the process had been killed: nothing is cleaned up.
    Crash,
    /// The step fails.
    Io(io::Error),
}

/// Is called before each step.
pub trait Hook {
    /// `step` says what is about to be done.
    fn before(&mut self, step: &'static str) -> Result<(), Fault>;
}

/// Lets everything happen.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHook;

impl Hook for NoHook {
    fn before(&mut self, _: &'static str) -> Result<(), Fault> {
        Ok(())
    }
}
