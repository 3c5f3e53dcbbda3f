//! `credentials.toml` in the user's configuration directory: which keys are in the system's keyring, and the
//! keys themselves where there is none. Only its owner may read it.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use massgen_runtime::Secret;
use toml::{Table, Value};

use crate::environment::Environment;

/// Permissions of others.
const OTHERS: u32 = 0o077;

/// What is kept for a provider.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Its key is in the system's keyring.
    Keyring,
    /// Its key.
    Key(Secret),
}

/// The file, read once.
#[derive(Debug, Default)]
pub struct Store {
    path: PathBuf,
    entries: BTreeMap<String, Kept>,
    /// Why the file is not used, if it is not.
    pub(crate) problem: Option<String>,
}

/// Why the file can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No state directory is known.
    #[error("there is no directory for configuration: HOME is not set")]
    NoPlace,
    /// The file cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The file could not be written.
    #[error("{path} can't be written")]
    Write {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl Store {
    /// Reads the file; a missing one is empty, one that others can read is not used.
    pub(crate) fn read(environment: &Environment) -> Self {
        let Some(dir) = environment.config_dir() else { return Self::default() };
        let path = dir.join("credentials.toml");
        match entries(&path) {
            Ok(entries) => Self { path, entries, problem: None },
            Err(problem) => Self { path, entries: BTreeMap::new(), problem: Some(problem) },
        }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a provider's stored key.
    pub fn find(&self, provider: &str) -> Option<&Kept> {
        self.entries.get(provider)
    }

    /// The file with one provider's entry set or taken out, written at once or not at all.
    pub fn change(&self, provider: &str, kept: Option<Kept>) -> Result<(), StoreError> {
        if self.path.as_os_str().is_empty() {
            return Err(StoreError::NoPlace);
        }
        if let Some(problem) = &self.problem {
            return Err(StoreError::Unusable(problem.clone()));
        }
        let mut entries = self.entries.clone();
        match kept {
            Some(kept) => entries.insert(provider.to_string(), kept),
            None => entries.remove(provider),
        };
        let failed = |source| StoreError::Write { path: self.path.display().to_string(), source };
        write(&self.path, &text(&entries)).map_err(failed)
    }
}

fn entries(path: &Path) -> Result<BTreeMap<String, Kept>, String> {
    let shown = path.display();
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{shown} can't be read: {error}")),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(format!(
            "{shown} is not used: others may read it (mode {mode:o}); `chmod 600 {shown}` mends that"
        ));
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{shown} is not used: {}", error.message()))?;
    let entry = |(provider, value): (String, Value)| {
        let table = value.as_table()?;
        if table.get("keyring").and_then(Value::as_bool) == Some(true) {
            return Some((provider, Kept::Keyring));
        }
        let key = table.get("key")?.as_str()?;
        Some((provider, Kept::Key(Secret::new(key))))
    };
    Ok(table.into_iter().filter_map(entry).collect())
}

fn text(entries: &BTreeMap<String, Kept>) -> String {
    let entry = |(provider, kept): (&String, &Kept)| {
        let (name, value) = match kept {
            Kept::Keyring => ("keyring", Value::Boolean(true)),
            Kept::Key(secret) => ("key", Value::String(secret.expose().to_string())),
        };
        (provider.clone(), Value::Table(Table::from_iter([(name.to_string(), value)])))
    };
    let table: Table = entries.iter().map(entry).collect();
    format!("# Written by `massgen auth`; keep it to yourself.\n{table}")
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let new = dir.join(format!(".credentials.{}.new", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    drop(file);
    written.and_then(|()| std::fs::rename(&new, path)).inspect_err(|_| {
        drop(std::fs::remove_file(&new));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(path: &Path) -> Store {
        match entries(path) {
            Ok(entries) => Store { path: path.into(), entries, problem: None },
            Err(problem) => Store { path: path.into(), problem: Some(problem), ..Store::default() },
        }
    }

    #[test]
    fn keys_come_and_go_and_nobody_else_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/credentials.toml");
        store(&path).change("groq", Some(Kept::Key(Secret::new("gsk-\"1\"")))).unwrap();
        store(&path).change("openai", Some(Kept::Keyring)).unwrap();
        let read = store(&path);
        assert!(matches!(read.find("groq"), Some(Kept::Key(key)) if key.expose() == "gsk-\"1\""));
        assert!(matches!(read.find("openai"), Some(Kept::Keyring)));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        read.change("groq", None).unwrap();
        assert_eq!(store(&path).entries.keys().collect::<Vec<_>>(), ["openai"]);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_read_is_not_used_and_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials.toml");
        std::fs::write(&path, "[groq]\nkey = \"k\"\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let read = store(&path);
        assert!(read.find("groq").is_none());
        assert!(read.problem.as_ref().unwrap().contains("chmod 600"));
        assert!(read.change("x", None).is_err());
    }
}
