//! A clean environment: separate home, configuration and cache, without inherited variables.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::share_compiled;

/// A command that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A temporary directory with a home and a project.
pub struct TestEnv {
    dir: TempDir,
    binary: PathBuf,
    vars: Vec<(String, String)>,
}

/// The result of a command.
#[derive(Debug)]
pub struct Output {
    /// The exit code, or `None` if a signal ended the command.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Elapsed time.
    pub took: Duration,
}

impl Output {
    /// Parses standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the exit code. Shows all output if it differs.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

impl TestEnv {
    /// Creates an environment for the program at `binary`.
    pub fn new(binary: &str) -> Self {
        let dir = TempDir::new().unwrap();
        for name in ["home", "project"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        share_compiled(Path::new(binary), &dir.path().join("home"));
        Self { dir, binary: binary.into(), vars: Vec::new() }
    }

    /// Returns the home directory.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Returns the working directory of commands.
    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Sets an environment variable for all commands.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Removes an environment variable.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.vars.retain(|(known, _)| known != name);
        self
    }

    /// Writes a file below the test's directory, such as `home/.config/massgen/config.toml`.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Unpacks a recorded run to where MassGen would have written it. Returns its directory.
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

    /// Runs a command and waits for it.
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

    /// Waits for a command. Kills it and fails the test if it hangs.
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
                None if started.elapsed() > TIMEOUT => {
                    child.kill().unwrap();
                    panic!("the command hung: {:?}", stderr.join());
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
