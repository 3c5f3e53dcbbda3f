//! A pager for long answers: `$PAGER`, else `less`, where somebody watches.

use std::io::Write;
use std::process::{Child, Command, Stdio};

/// Takes text, piece by piece.
pub struct Pager {
    child: Option<Child>,
}

impl Pager {
    /// Starts `program`; empty or `cat` means none, and one that can't be started is none as well.
    pub fn start(program: Option<&str>) -> Self {
        let less = || if is_installed("less") { "less" } else { "" };
        let program = program.unwrap_or_else(less).trim();
        let child = match program {
            "" | "cat" => None,
            program => {
                let mut command = Command::new("sh");
                command.args(["-c", program]).stdin(Stdio::piped());
                if std::env::var_os("LESS").is_none() {
                    // As git does: short texts end at once, colours are shown, the screen is left as it was.
                    command.env("LESS", "FRX");
                }
                command.spawn().ok()
            }
        };
        Self { child }
    }

    /// Shows text; an error says that nobody reads any more.
    pub fn write(&mut self, text: &str) -> std::io::Result<()> {
        match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(stdin) => stdin.write_all(text.as_bytes()),
            None => std::io::stdout().write_all(text.as_bytes()),
        }
    }

    /// Waits until it was read.
    pub fn finish(mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            _ = child.wait();
        } else {
            _ = std::io::stdout().flush();
        }
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
