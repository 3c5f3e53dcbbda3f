//! Exit codes: one enum, meant for scripts. `CLI.md`'s table is generated from nothing else.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed; the message on stderr has cause and hint.
    Failed = 1,
    /// The command line can't be understood.
    Usage = 2,
    /// Refused, and nothing was changed.
    Refused = 3,
    /// The model never gave anything; no report was written or replaced.
    NoModel = 4,
    /// The model had begun and stopped; the report holds facts and what it gave.
    Partial = 5,
    /// Interrupted; state is consistent and resumable.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
