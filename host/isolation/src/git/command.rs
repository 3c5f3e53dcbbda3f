//! How git is called: no hooks, no signing, no daemons, no prompts, no locks for reading, no variables
//! that lead it elsewhere, and output that needs no parsing of messages.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Settings of every call. A repository's own hooks, monitors and signers are code of somebody else.
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

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It can't be started.
    #[error("git can't be started: is it installed and on the PATH?")]
    Start(#[source] std::io::Error),
    /// It failed.
    #[error("`git {command}` failed: {said}")]
    Failed {
        /// What it was asked to do.
        command: String,
        /// Its own words.
        said: String,
    },
    /// It succeeded, and said something that can't be understood.
    #[error("`git {command}` gave an answer that can't be understood")]
    Answer {
        /// What it was asked to do.
        command: String,
    },
    /// What stands where it reads a file is none; it would wait without end.
    #[error("{0} is a pipe or a device: git would wait at it, or read it, for ever")]
    Special(PathBuf),
    /// A file of a repository can't be read or written.
    #[error("{path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The git program with the environment to run it in.
#[derive(Debug, Clone)]
pub struct Git {
    environment: Vec<(OsString, OsString)>,
}

impl Git {
    /// `environment` is the process's; what would lead git elsewhere is taken out.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let environment = environment.into_iter().filter(|(name, _)| !steers_git(name)).collect();
        Self { environment }
    }

    /// The environment without what steers git: what an agent may have too.
    pub fn environment(&self) -> &[(OsString, OsString)] {
        &self.environment
    }

    /// A call in a directory.
    pub fn at(&self, dir: &Path) -> GitCall {
        let mut command = Command::new("git");
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.envs(VARIABLES.iter().copied()).current_dir(dir);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null());
        GitCall { command, words: Vec::new() }
    }
}

/// Discovery, identity of objects, and configuration by variable: git finds what we name, nothing else.
fn steers_git(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"GIT_")
}

/// One call.
#[derive(Debug)]
pub struct GitCall {
    command: Command,
    words: Vec<String>,
}

impl GitCall {
    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        for arg in args {
            self.words.push(arg.as_ref().to_string_lossy().into_owned());
            self.command.arg(arg);
        }
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it; anything but success is an error.
    pub fn output(mut self) -> Result<Vec<u8>, GitError> {
        let output = self.command.output().map_err(GitError::Start)?;
        self.check(output)
    }

    /// Runs it with something to read.
    pub fn output_with_input(mut self, input: &[u8]) -> Result<Vec<u8>, GitError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(GitError::Start)?;
        let mut stdin = child.stdin.take().ok_or_else(|| self.odd())?;
        let output = std::thread::scope(|scope| {
            // It may end without reading everything; its own words say why.
            scope.spawn(move || _ = stdin.write_all(input));
            child.wait_with_output()
        });
        self.check(output.map_err(GitError::Start)?)
    }

    /// Runs it; failure is an answer too: nothing.
    pub fn answer(mut self) -> Result<Option<Vec<u8>>, GitError> {
        let output = self.command.output().map_err(GitError::Start)?;
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Runs it for one line of text.
    pub fn line(self) -> Result<String, GitError> {
        let odd = self.odd();
        let bytes = self.output()?;
        String::from_utf8(bytes).map(|text| text.trim_end().to_string()).map_err(|_| odd)
    }

    fn check(&self, output: Output) -> Result<Vec<u8>, GitError> {
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().replace('\n', "; ").chars().take(500).collect();
        Err(GitError::Failed { command: self.words.join(" "), said })
    }

    fn odd(&self) -> GitError {
        GitError::Answer { command: self.words.join(" ") }
    }
}
