//! Where a scenario is played: a home, a project, and a place outside of both.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use massgen_harness::share_compiled;
use serde_json::Value;
use tempfile::TempDir;

use crate::scenario::Scenario;

pub(crate) struct Stage {
    dir: TempDir,
    pub(crate) project: PathBuf,
    /// The workspace is a linked work tree.
    pub(crate) linked: bool,
    start: PathBuf,
    env: Vec<(String, String)>,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| format!("no JSON ({error}): {self:?}"))
    }
}

const GIT_CONFIG: &str = "[user]\n\tname = Tester\n\temail = tester@example.com\n[init]\n\tdefaultBranch = main\n\
                          [protocol \"file\"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n";

impl Stage {
    pub(crate) fn new(scenario: &Scenario) -> Result<Self, String> {
        let dir = TempDir::new().unwrap();
        let project = dir.path().join("projects").join(&scenario.project);
        for place in [dir.path().join("home"), dir.path().join("outside"), project.clone()] {
            std::fs::create_dir_all(place).unwrap();
        }
        share_compiled(env!("CARGO_BIN_EXE_massgen").as_ref(), &dir.path().join("home"));
        std::fs::write(dir.path().join("home/.gitconfig"), GIT_CONFIG).unwrap();
        let start = project.join(&scenario.start);
        let env = scenario.env.clone().into_iter().collect();
        let stage = Self {
            dir,
            project,
            linked: scenario.run_args.iter().any(|a| a == "--linked"),
            start,
            env,
        };
        stage.script("setup", &scenario.setup, &stage.project, &[])?;
        Ok(stage)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.dir.path().join("outside")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("OUTSIDE", self.outside())
            .env("PROJECT", &self.project)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a script of the scenario; one that fails ends it.
    pub(crate) fn script(
        &self,
        name: &str,
        text: &str,
        dir: &std::path::Path,
        env: &[(&str, &str)],
    ) -> Result<(), String> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let output = self
            .command("sh")
            .args(["-eu", "-c", text])
            .current_dir(dir)
            .envs(env.iter().copied())
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "the {name} script failed: {}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }

    /// Runs the program under test.
    pub(crate) fn massgen(&self, args: &[&str], stdin: &str) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_massgen"));
        command
            .args(args)
            .current_dir(&self.start)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
