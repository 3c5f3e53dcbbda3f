//! The nested cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::TARGET;

/// What is meant for the host must not reach the guests: flags, wrappers (clippy, sccache), features.
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

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct Cargo {
    /// The workspace or crate.
    pub dir: PathBuf,
    /// Crates to build; empty: the one of `dir`.
    pub packages: Vec<String>,
    /// Where to; none: where cargo puts it.
    pub target_dir: Option<PathBuf>,
    /// The lock file must fit.
    pub locked: bool,
    /// Show what cargo says while it works.
    pub talk: bool,
}

/// Why guests can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no cargo.
    #[error("cargo can't be started")]
    NoCargo(#[source] std::io::Error),
    /// The target is missing.
    #[error("plugins need the target {TARGET}, which is not installed")]
    NoTarget,
    /// The compiler says no.
    #[error("the crate can't be built:\n{0}")]
    Failed(String),
}

impl Cargo {
    /// Builds for release.
    pub fn build(&self) -> Result<(), BuildError> {
        let mut command = self.command();
        command.args(["build", "--release", "--target", TARGET]);
        if self.locked {
            command.arg("--locked");
        }
        for package in &self.packages {
            command.args(["--package", package]);
        }
        let said = self.run(&mut command)?;
        match said {
            None => Ok(()),
            Some(said) if lacks_target(&said) => Err(BuildError::NoTarget),
            Some(said) => Err(BuildError::Failed(said)),
        }
    }

    /// What `cargo metadata` says of the crate: JSON.
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

    /// Where the module of a crate is, below a target directory.
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

    /// None: it succeeded; else what it said. Errors come back in either case, so that they can be explained.
    fn run(&self, command: &mut Command) -> Result<Option<String>, BuildError> {
        use std::io::{BufRead, BufReader};
        use std::process::Stdio;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(BuildError::NoCargo)?;
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().expect("it is piped")).split(b'\n') {
            let line = String::from_utf8_lossy(&line.map_err(BuildError::NoCargo)?).into_owned();
            if self.talk {
                use std::io::Write;
                drop(writeln!(std::io::stderr(), "{line}"));
            }
            said.push_str(&line);
            said.push('\n');
        }
        let status = child.wait().map_err(BuildError::NoCargo)?;
        Ok((!status.success()).then_some(said))
    }
}

fn lacks_target(said: &str) -> bool {
    said.contains("target may not be installed")
        || said.contains("can't find crate for `std`")
        || said.contains("can't find crate for `core`")
}
