//! An environment of a test's own: home, configuration, cache, no variable of the outside.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::share_compiled;

/// Longer than any test's command takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a home and a project.
pub struct TestEnv {
    dir: TempDir,
    binary: PathBuf,
    vars: Vec<(String, String)>,
}

/// What a command did.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it answered.
    pub stdout: String,
    /// What else it said.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Output {
    /// The JSON document on stdout.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the exit code, and shows everything if it differs.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

impl TestEnv {
    /// `binary`: the program under test.
    pub fn new(binary: &str) -> Self {
        let dir = TempDir::new().unwrap();
        for name in ["home", "project"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        share_compiled(Path::new(binary), &dir.path().join("home"));
        Self { dir, binary: binary.into(), vars: Vec::new() }
    }

    /// The home directory.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The directory that commands start in.
    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Sets a variable for all commands.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.vars.retain(|(known, _)| known != name);
        self
    }

    /// Writes a file below the test's directory, e.g. `home/.config/massgen/config.toml`.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Unpacks a real run to where MassGen would have put it; gives its directory.
    pub fn unpack_run(&self, name: &str) -> PathBuf {
        let archive =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/runs/{name}.tar.gz"));
        let unpacked = self.dir.path().join("unpacked");
        tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap()))
            .unpack(&unpacked)
            .unwrap();
        let logs = self.project().join(".massgen/massgen_logs");
        std::fs::create_dir_all(&logs).unwrap();
        let runs = std::fs::read_dir(unpacked.join(name)).unwrap();
        let run = runs
            .map(|entry| entry.unwrap())
            .find(|entry| entry.file_name().to_string_lossy().starts_with("log_"))
            .unwrap();
        let target = logs.join(run.file_name());
        std::fs::rename(run.path(), &target).unwrap();
        target
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        self.wait(self.start(args))
    }

    /// Starts a command.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("MASSGEN_TEST_NOW", "1795338000000")
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Waits for a command; one that hangs is killed and fails the test.
    pub fn wait(&self, mut child: Child) -> Output {
        let started = Instant::now();
        let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                stream.unwrap().read_to_end(&mut bytes).unwrap();
                String::from_utf8_lossy(&bytes).into_owned()
            })
        };
        let stdout = read(child.stdout.take().map(|s| Box::new(s) as _));
        let stderr = read(child.stderr.take().map(|s| Box::new(s) as _));
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => {
                    child.kill().unwrap();
                    panic!("the command hangs: {:?}", stderr.join());
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        Output {
            code: status.code(),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            took: started.elapsed(),
        }
    }
}
