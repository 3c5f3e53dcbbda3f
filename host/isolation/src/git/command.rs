//! Runs git: without hooks, signing, daemons, prompts, optional locks and variables that redirect it, and with output
//! that needs no parsing of messages.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Settings for every call. Hooks, monitors and signers of a repository are untrusted code.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=keep",
    "commit.gpgsign=false",
    "tag.gpgsign=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "color.ui=never",
    "core.logAllRefUpdates=false",
    "advice.detachedHead=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
];

const VARIABLES: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_ASKPASS", "true"),
    ("GIT_EDITOR", "true"),
];

/// The reason why a call of git failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git could not be started.
    #[error("cannot start git: is it installed and on the PATH?")]
    Start(#[source] std::io::Error),
    /// git exited with an error.
    #[error("`git {command}` failed: {said}")]
    Failed {
        /// The arguments.
        command: String,
        /// The output to standard error.
        said: String,
    },
    /// git succeeded with unexpected output.
    #[error("`git {command}` printed unexpected output")]
    Answer {
        /// The arguments.
        command: String,
    },
    /// A special file where git reads a regular one; git would block on it.
    #[error("{0} is a pipe or a device: git would block on it or read it without end")]
    Special(PathBuf),
    /// A file of a repository could not be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// The git program and its environment.
#[derive(Debug, Clone)]
pub struct Git {
    environment: Vec<(OsString, OsString)>,
}

impl Git {
    /// Takes the environment of the process, without the variables that redirect git.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| !steers_git(name)).collect();
        Self { environment }
    }

    /// Returns the environment without variables that redirect git. It is safe to pass on to agents.
    pub fn environment(&self) -> &[(OsString, OsString)] {
        &self.environment
    }

    /// Starts to build a call in a directory.
    pub fn at(&self, dir: &Path) -> GitCall {
        let mut command = Command::new("git");
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.envs(VARIABLES.iter().copied()).current_dir(dir);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null());
        GitCall { command, arguments: Vec::new() }
    }
}

/// Returns whether a variable affects git's discovery, identity or configuration.
fn steers_git(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"GIT_")
}

/// A call of git.
#[derive(Debug)]
pub struct GitCall {
    command: Command,
    arguments: Vec<String>,
}

impl GitCall {
    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        for arg in args {
            self.arguments.push(arg.as_ref().to_string_lossy().into_owned());
            self.command.arg(arg);
        }
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the call and returns its output.
    pub fn output(mut self) -> Result<Vec<u8>, GitError> {
        let output = self.command.output().map_err(GitError::Start)?;
        self.check(output)
    }

    /// Runs the call with `input` on standard input and returns its output.
    pub fn output_with_input(mut self, input: &[u8]) -> Result<Vec<u8>, GitError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(GitError::Start)?;
        let mut stdin = child.stdin.take().ok_or_else(|| self.unexpected_output())?;
        let output = std::thread::scope(|scope| {
            // git may exit without reading all input; its exit status tells why.
            scope.spawn(move || _ = stdin.write_all(input));
            child.wait_with_output()
        });
        self.check(output.map_err(GitError::Start)?)
    }

    /// Runs the call and returns its output, or `None` if git exits with an error.
    pub fn answer(mut self) -> Result<Option<Vec<u8>>, GitError> {
        let output = self.command.output().map_err(GitError::Start)?;
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Runs the call and returns its output as one line of text.
    pub fn line(self) -> Result<String, GitError> {
        let unexpected_output = self.unexpected_output();
        let bytes = self.output()?;
        String::from_utf8(bytes)
            .map(|text| text.trim_end().to_string())
            .map_err(|_| unexpected_output)
    }

    fn check(&self, output: Output) -> Result<Vec<u8>, GitError> {
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().replace('\n', "; ").chars().take(500).collect();
        Err(GitError::Failed { command: self.arguments.join(" "), said })
    }

    fn unexpected_output(&self) -> GitError {
        GitError::Answer { command: self.arguments.join(" ") }
    }
}
