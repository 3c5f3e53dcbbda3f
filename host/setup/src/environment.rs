//! The process's surroundings, read once: variables, directories, clock. Nothing else in the program
//! looks at them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use massgen_isolation::small_file;
use massgen_models::dotenv;

/// Most that a `.env` file may have.
const DOTENV_BYTES_MAX: u64 = 1 << 20;

/// Every variable that the program itself reads, with what it is for. Keys and base URLs of providers
/// come from their manifests.
pub mod vars {
    /// The model for `logs analyze`.
    pub const ANALYZE_MODEL: &str = "MASSGEN_ANALYZE_MODEL";
    /// The model for whatever needs one.
    pub const MODEL: &str = "MASSGEN_MODEL";
    /// Where MassGen writes its runs.
    pub const LOG_BASE_DIR: &str = "MASSGEN_LOG_BASE_DIR";
    /// Configuration directory instead of `$XDG_CONFIG_HOME/massgen`.
    pub(crate) const CONFIG_DIR: &str = "MASSGEN_CONFIG_DIR";
    /// Cache directory instead of `$XDG_CACHE_HOME/massgen`.
    pub const CACHE_DIR: &str = "MASSGEN_CACHE_DIR";
    /// State directory instead of `$XDG_STATE_HOME/massgen`: sessions and their archives.
    pub const STATE_DIR: &str = "MASSGEN_STATE_DIR";
    /// The time to use instead of the clock's, in Unix milliseconds; for tests.
    pub(crate) const TEST_NOW: &str = "MASSGEN_TEST_NOW";
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VarSource {
    /// The process environment.
    Process,
    /// A `.env` file of the user.
    UserFile(PathBuf),
    /// A `.env` file that the project controls: never trusted with endpoints.
    ProjectFile(PathBuf),
}

/// The surroundings.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The project's directory: where `.massgen` or `.git` is, else where the program was started.
    pub(crate) project: PathBuf,
    /// Where relative paths of the command line begin.
    pub cwd: PathBuf,
    home: Option<PathBuf>,
    vars: BTreeMap<String, (String, VarSource)>,
    /// What a `.env` file of the project tried to set and may not, for a warning.
    pub refused: Vec<String>,
    /// Which `.env` files are there and can't be read, and why.
    pub(crate) unread: Vec<String>,
}

impl Environment {
    /// Reads the process's surroundings; `project` is `--project`.
    pub fn from_process(project: Option<&Path>) -> std::io::Result<Self> {
        let cwd = match project {
            Some(dir) => dir.canonicalize()?,
            None => std::env::current_dir()?,
        };
        let mut vars = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                vars.insert(name, (value, VarSource::Process));
            }
        }
        let home =
            vars.get("HOME").map(|(home, _)| PathBuf::from(home)).filter(|h| h.is_absolute());
        let project = project_root(&cwd, home.as_deref());
        let mut environment =
            Self { project, cwd, home, vars, refused: Vec::new(), unread: Vec::new() };
        environment.add_dotenv_files();
        Ok(environment)
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.var_with_source(name).map(|(value, _)| value)
    }

    /// The same, with where it comes from.
    pub(crate) fn var_with_source(&self, name: &str) -> Option<(&str, &VarSource)> {
        let (value, source) = self.vars.get(name)?;
        (!value.trim().is_empty()).then_some((value.as_str(), source))
    }

    /// `massgen`'s configuration directory.
    pub(crate) fn config_dir(&self) -> Option<PathBuf> {
        self.own_dir(vars::CONFIG_DIR, "XDG_CONFIG_HOME", ".config")
    }

    /// `massgen`'s cache directory.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        self.own_dir(vars::CACHE_DIR, "XDG_CACHE_HOME", ".cache")
    }

    /// `massgen`'s state directory.
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.own_dir(vars::STATE_DIR, "XDG_STATE_HOME", ".local/state")
    }

    /// The home directory.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Files of the program's own that may hold keys.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        if let Some(home) = &self.home {
            files.extend([".massgen/.env", ".config/massgen/.env"].map(|name| home.join(name)));
        }
        if let Some(dir) = self.config_dir() {
            files.extend([".env", "keys.toml", "credentials.toml"].map(|name| dir.join(name)));
        }
        files
    }

    /// A path as the configuration means it: `~/` is the home directory.
    pub fn expanded(&self, path: &str) -> PathBuf {
        self.expand_home(path)
    }

    /// Directories that may hold runs, in order of search.
    pub fn log_bases(&self) -> Vec<PathBuf> {
        let mut bases = Vec::new();
        if let Some(base) = self.var(vars::LOG_BASE_DIR) {
            bases.push(self.expand_home(base));
        }
        bases.push(self.project.join(".massgen/massgen_logs"));
        if let Some(home) = &self.home {
            bases.push(home.join(".massgen/massgen_logs"));
        }
        bases.dedup();
        bases
    }

    /// Unix milliseconds.
    pub fn now_unix_ms(&self) -> i64 {
        self.var(vars::TEST_NOW)
            .and_then(|ms| ms.parse().ok())
            .unwrap_or_else(|| jiff::Timestamp::now().as_millisecond())
    }

    /// A path as the command line means it.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    fn own_dir(&self, own: &str, xdg: &str, below_home: &str) -> Option<PathBuf> {
        if let Some(dir) = self.var(own) {
            return Some(self.expand_home(dir));
        }
        let base = self.var(xdg).map(PathBuf::from).filter(|dir| dir.is_absolute());
        base.or_else(|| self.home.as_ref().map(|home| home.join(below_home)))
            .map(|dir| dir.join("massgen"))
    }

    fn expand_home(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.cwd.join(path),
        }
    }

    /// The files that MassGen reads, in its order; the first value of a name wins, and the process's
    /// own environment wins over all (python-dotenv with `override=False`).
    fn add_dotenv_files(&mut self) {
        use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
        let mut files = Vec::new();
        if let Some(home) = &self.home {
            for name in [".massgen/.env", ".config/massgen/.env"] {
                let path = home.join(name);
                files.push((path.clone(), VarSource::UserFile(path)));
            }
        }
        for name in ["configs/.env", ".env"] {
            let path = self.project.join(name);
            files.push((path.clone(), VarSource::ProjectFile(path)));
        }
        for (path, source) in files {
            let text = match small_file::read_text(&path, DOTENV_BYTES_MAX) {
                Ok(text) => text,
                // Environments of Python are directories of this name.
                Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => {
                    continue;
                }
                Err(error) => {
                    self.unread.push(format!("{} can't be read: {error}", path.display()));
                    continue;
                }
            };
            let of_project = matches!(source, VarSource::ProjectFile(_));
            for (name, value) in dotenv::parse(&text) {
                if of_project && !project_may_set(&name) {
                    if names_an_endpoint(&name) {
                        self.refused.push(format!("{} sets {name}", path.display()));
                    }
                    continue;
                }
                self.vars.entry(name).or_insert_with(|| (value, source.clone()));
            }
        }
    }
}

/// A repository's `.env` may bring keys and choose a model. Anything else could move traffic, or the
/// program's own directories, to where the repository's author wants them.
fn project_may_set(name: &str) -> bool {
    name == vars::MODEL
        || name == vars::ANALYZE_MODEL
        || ["_API_KEY", "_TOKEN", "_ACCESS_KEY", "_ACCESS_KEY_ID"]
            .iter()
            .any(|end| name.ends_with(end))
}

fn names_an_endpoint(name: &str) -> bool {
    ["_BASE_URL", "_ENDPOINT", "_HOST", "_API_BASE"].iter().any(|end| name.ends_with(end))
}

/// The nearest directory above `start` that holds `.massgen` or `.git`. The home directory is nobody's
/// project: its `.massgen` is MassGen's own.
fn project_root(start: &Path, home: Option<&Path>) -> PathBuf {
    start
        .ancestors()
        .take_while(|dir| Some(*dir) != home)
        .find(|dir| dir.join(".massgen").is_dir() || dir.join(".git").exists())
        .unwrap_or(start)
        .to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_env_file_brings_keys_and_never_endpoints() {
        for name in ["OPENAI_API_KEY", "MASSGEN_MODEL", "AWS_BEARER_TOKEN"] {
            assert!(project_may_set(name), "{name}");
        }
        for name in
            ["OPENAI_BASE_URL", "MASSGEN_CONFIG_DIR", "MASSGEN_CACHE_DIR", "HOME", "OLLAMA_HOST"]
        {
            assert!(!project_may_set(name), "{name}");
        }
    }

    #[test]
    fn the_project_is_found_above_but_never_home_itself() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        std::fs::create_dir_all(root.join(".massgen")).unwrap();
        std::fs::create_dir_all(root.join("repo/.git")).unwrap();
        std::fs::create_dir_all(root.join("repo/src/deep")).unwrap();
        std::fs::create_dir_all(root.join("loose/dir")).unwrap();
        let found = |start: &str| project_root(&root.join(start), Some(root));
        assert_eq!(found("repo/src/deep"), root.join("repo"));
        assert_eq!(found("loose/dir"), root.join("loose/dir"));
    }
}
