//! Exit codes: one enum, meant for scripts.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed; the message on stderr has cause and hint.
    Failed,
    /// The command line can't be understood.
    Usage,
    /// Refused, and nothing was changed.
    Refused,
    /// The model never gave anything; no report was written or replaced.
    NoModel,
    /// The model had begun and stopped; the report holds facts and what it gave.
    Partial,
    /// `isolate run`: this program failed before or after the command.
    HostFailed,
    /// `isolate run`: the command's own code.
    Agent(u8),
    /// Interrupted; state is consistent and resumable.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NoModel => 4,
            Self::Partial => 5,
            Self::HostFailed => 125,
            Self::Interrupted => 130,
            Self::Agent(code) => code,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_exit_codes_lists_them_all() {
        let page = include_str!("../../../docs/exit-codes.md");
        let listed: Vec<u8> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::Refused,
            Exit::NoModel,
            Exit::Partial,
            Exit::HostFailed,
            Exit::Interrupted,
        ];
        assert_eq!(listed, all.map(Exit::code));
    }
}
