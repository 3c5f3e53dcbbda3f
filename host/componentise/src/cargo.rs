//! Runs cargo for guest crates.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TARGET;

/// Variables with settings for the host: flags, wrappers (clippy, sccache) and features. Guests are built without
/// them.
const SCRUBBED: &[&str] = &[
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
];

/// A cargo invocation.
#[derive(Debug, Clone, Default)]
pub struct Cargo {
    /// Directory of the workspace or crate.
    pub dir: PathBuf,
    /// Crates to build. If empty, the crate in `dir`.
    pub packages: Vec<String>,
    /// The target directory. If `None`, cargo's default.
    pub target_dir: Option<PathBuf>,
    /// Fail if the lock file is out of date.
    pub locked: bool,
    /// Copy cargo's output to stderr.
    pub verbose: bool,
}

/// An error that prevents guests from being built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo is not installed or could not be started.
    #[error("cargo could not be started")]
    NoCargo(#[source] std::io::Error),
    /// The target is not installed.
    #[error("plugins need the target {TARGET}, which is not installed")]
    NoTarget,
    /// Compilation failed; holds cargo's output.
    #[error("the crate could not be built:\n{0}")]
    Failed(String),
}

impl Cargo {
    /// Builds the crates in release mode.
    pub fn build(&self) -> Result<(), BuildError> {
        let mut command = self.command();
        command.args(["build", "--release", "--target", TARGET]);
        if self.locked {
            command.arg("--locked");
        }
        for package in &self.packages {
            command.args(["--package", package]);
        }
        match self.run(&mut command)? {
            None => Ok(()),
            Some(output) if lacks_target(&output) => Err(BuildError::NoTarget),
            Some(output) => Err(BuildError::Failed(output)),
        }
    }

    /// Returns the crate's `cargo metadata`, as JSON.
    pub fn metadata(&self) -> Result<String, BuildError> {
        let mut command = self.command();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.output().map_err(BuildError::NoCargo)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(BuildError::Failed(String::from_utf8_lossy(&output.stderr).into_owned()))
        }
    }

    /// Returns the path of a crate's module below a target directory.
    pub fn module(target_dir: &Path, package: &str) -> PathBuf {
        let file = format!("{}.wasm", package.replace('-', "_"));
        target_dir.join(TARGET).join("release").join(file)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.dir);
        if let Some(target) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", target);
        }
        let features = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("CARGO_FEATURE_"));
        for name in SCRUBBED.iter().map(Into::into).chain(features) {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command. Returns its output if it failed, so that the failure can be explained.
    fn run(&self, command: &mut Command) -> Result<Option<String>, BuildError> {
        use std::io::{BufRead, BufReader};
        use std::process::Stdio;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(BuildError::NoCargo)?;
        let mut output = String::new();
        for line in BufReader::new(child.stderr.take().expect("stderr is piped")).split(b'\n') {
            let line = String::from_utf8_lossy(&line.map_err(BuildError::NoCargo)?).into_owned();
            if self.verbose {
                use std::io::Write;
                drop(writeln!(std::io::stderr(), "{line}"));
            }
            output.push_str(&line);
            output.push('\n');
        }
        let status = child.wait().map_err(BuildError::NoCargo)?;
        Ok((!status.success()).then_some(output))
    }
}

fn lacks_target(output: &str) -> bool {
    output.contains("target may not be installed")
        || output.contains("can't find crate for `std`")
        || output.contains("can't find crate for `core`")
}
