//! A hook before every step of an apply, for tests that stop or fail at each of them.

use std::io;

/// The fault that a hook injects.
#[derive(Debug)]
pub enum Fault {
    /// The process ends at once: nothing is cleaned up.
    Crash,
    /// The step fails.
    Io(io::Error),
}

/// Called before each step.
pub trait Hook {
    /// Returns the fault to inject before `step`.
    fn before(&mut self, step: &'static str) -> Result<(), Fault>;
}

/// A hook that injects no faults.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHook;

impl Hook for NoHook {
    fn before(&mut self, _: &'static str) -> Result<(), Fault> {
        Ok(())
    }
}
