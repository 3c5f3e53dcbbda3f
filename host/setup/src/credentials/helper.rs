//! A command of the user's own that prints a key.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use massgen_models::key;
use massgen_runtime::Secret;

/// Somebody may have to touch a token or type a pass phrase.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Why a command gave no key.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    #[error("it can't be started")]
    Start(#[source] std::io::Error),
    #[error("it did not end within {} seconds", PATIENCE.as_secs())]
    Slow,
    #[error("it ended with {0}")]
    Status(std::process::ExitStatus),
    #[error("its first line is empty or a placeholder")]
    Nothing,
}

/// Runs it in a shell; the first line of what it prints is the key. It may ask on the terminal.
pub(super) fn run(command: &str) -> Result<Secret, HelperError> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(HelperError::Start)?;
    let mut stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(stdout) = &mut stdout {
            drop(std::io::Read::read_to_string(stdout, &mut text));
        }
        text
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(HelperError::Start)? {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                drop(child.kill());
                drop(child.wait());
                return Err(HelperError::Slow);
            }
            None => std::thread::sleep(LOOK_EVERY),
        }
    };
    if !status.success() {
        return Err(HelperError::Status(status));
    }
    let text = reader.join().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim();
    if key::is_placeholder(line) { Err(HelperError::Nothing) } else { Ok(Secret::new(line)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_key() {
        assert_eq!(run("echo ' sk-1 '; echo more").unwrap().expose(), "sk-1");
        assert!(matches!(run("exit 3"), Err(HelperError::Status(_))));
        assert!(matches!(run("true"), Err(HelperError::Nothing)));
    }
}
