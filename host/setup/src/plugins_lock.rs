//! `plugins.lock`: the plugins that the user added, each pinned to its bytes and to what it may do. A grant
//! belongs to these bytes; others of the same name are another plugin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use massgen_models::provider::ListedModel;
use massgen_runtime::component_hash;
use massgen_runtime::manifest::{Manifest, PluginKind, Scheme};
use serde::{Deserialize, Serialize};

/// Where added plugins are kept.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// What was pinned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lock {
    #[serde(default)]
    schema: u32,
    /// Plugins by the order in which they were added.
    #[serde(default, rename = "plugin")]
    pub plugins: Vec<Pinned>,
}

/// One plugin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pinned {
    /// The id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The kind of plugin, as in its manifest.
    pub kind: String,
    /// The component, beside the lock.
    pub file: String,
    /// Size of the component, in bytes.
    pub bytes: u64,
    /// BLAKE3 of the component, in hex.
    pub blake3: String,
    /// Where it was added from.
    pub source: String,
    /// What the user allowed, a line each.
    pub authority: Vec<String>,
    /// Models that it knows, so that listing them starts nothing.
    #[serde(default)]
    pub models: Vec<PinnedModel>,
}

/// A model that a plugin knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PinnedModel {
    /// The id.
    pub id: String,
    /// Context window, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// Output limit, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Features, as in the catalogue.
    #[serde(default)]
    pub features: Vec<String>,
}

impl From<ListedModel> for PinnedModel {
    fn from(model: ListedModel) -> Self {
        Self {
            id: model.id,
            context_tokens: model.context_tokens,
            max_output_tokens: model.max_output_tokens,
            features: model.features,
        }
    }
}

/// Why the lock can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file could not be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a valid lock.
    #[error("{path} can't be understood")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        #[source]
        source: toml::de::Error,
    },
}

impl Store {
    /// Below the state directory.
    pub fn new(state_dir: &Path) -> Self {
        Self { dir: state_dir.join("plugins") }
    }

    /// The lock's path.
    pub fn lock_path(&self) -> PathBuf {
        self.dir.join("plugins.lock")
    }

    /// What is pinned; nothing if nothing was added.
    pub fn read(&self) -> Result<Lock, LockError> {
        let path = self.lock_path();
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|source| LockError::Syntax { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(source) => Err(LockError::File { path, source }),
        }
    }

    /// A component's bytes, if they are those that were pinned; else why not.
    pub(crate) fn component(&self, pinned: &Pinned) -> Result<Vec<u8>, String> {
        // A file name of the lock, never a path: the lock may have been edited.
        let name = Path::new(&pinned.file)
            .file_name()
            .ok_or_else(|| format!("{:?} is no file name", pinned.file))?;
        let path = self.dir.join(name);
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let hash = component_hash(&bytes);
        if hash != pinned.blake3 {
            return Err(format!(
                "{} is not what was added: its hash is {}, and {} was pinned",
                path.display(),
                &hash[..12],
                pinned.blake3.chars().take(12).collect::<String>()
            ));
        }
        Ok(bytes)
    }

    /// Pins a plugin: first its bytes, then the lock, then what is no longer needed goes.
    pub fn pin(&self, mut pinned: Pinned, bytes: &[u8]) -> Result<(), LockError> {
        let mut lock = self.read()?;
        let short: String = pinned.blake3.chars().take(16).collect();
        pinned.file = format!("{}-{short}.wasm", pinned.id);
        self.write(&pinned.file.clone(), bytes)?;
        lock.plugins.retain(|known| known.id != pinned.id);
        lock.plugins.push(pinned);
        self.save(lock)
    }

    /// Takes a plugin away. False: there was none.
    pub fn remove(&self, id: &str) -> Result<bool, LockError> {
        let mut lock = self.read()?;
        let before = lock.plugins.len();
        lock.plugins.retain(|known| known.id != id);
        let found = lock.plugins.len() < before;
        if found {
            self.save(lock)?;
        }
        Ok(found)
    }

    fn save(&self, mut lock: Lock) -> Result<(), LockError> {
        lock.schema = 1;
        lock.plugins.sort_by(|a, b| a.id.cmp(&b.id));
        let text = toml::to_string_pretty(&lock).expect("a lock is plain data");
        self.write("plugins.lock", text.as_bytes())?;
        let kept: BTreeSet<&str> = lock.plugins.iter().map(|known| known.file.as_str()).collect();
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".wasm") && !kept.contains(name.as_str()) {
                // What stays costs a little space, nothing else.
                drop(std::fs::remove_file(entry.path()));
            }
        }
        Ok(())
    }

    /// Beside the target, then in its place: a lock is old or new, never half.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), LockError> {
        use std::io::Write;
        use std::os::unix::fs::DirBuilderExt;
        let path = self.dir.join(name);
        let failed = |source| LockError::File { path: path.clone(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        let beside = self.dir.join(format!(".{name}.{}", std::process::id()));
        let mut file = std::fs::File::create(&beside).map_err(failed)?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, &path).map_err(failed)
    }
}

/// What a plugin may do, a line each. A grant is these lines.
pub fn authority(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    for provider in manifest.providers() {
        if provider.id != manifest.id {
            lines.push(format!("answers to the name {}", provider.id));
        }
        of_one(&provider, &mut lines);
    }
    if manifest.kind == PluginKind::IsolationStrategy {
        lines.push("plans how workspaces are made; the host acts, and it sees no file".into());
    }
    let mut seen = BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines
}

/// The same of one provider; a component may speak for several.
fn of_one(manifest: &Manifest, lines: &mut Vec<String>) {
    for place in &manifest.endpoints {
        let base = match place.base.trim_end_matches('/') {
            "" => "an address of yours",
            base => base,
        };
        for path in &place.paths {
            lines.push(format!("sends prompts to {base}{path} ({})", place.methods.join(", ")));
        }
        if let Some(env) = &place.base_env {
            lines.push(format!("its base URL may be set by {env}"));
        }
    }
    for way in manifest.auth.ways() {
        let named = way.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let scheme = format!("{:?}", way.scheme).to_lowercase();
        for env in &way.env {
            lines.push(format!(
                "{env} goes to its service as {scheme}{named}; the plugin never sees it"
            ));
        }
        match way.scheme {
            Scheme::AwsSigv4 => lines
                .push("its requests are signed with your AWS key; the plugin never sees it".into()),
            Scheme::GoogleAdc => lines.push(
                "a token of your Google credentials goes to its service; the plugin never sees it"
                    .into(),
            ),
            Scheme::None | Scheme::Bearer | Scheme::Header | Scheme::Query => {}
        }
    }
    for (name, setting) in &manifest.settings {
        for env in setting.env.iter().chain(&setting.other_env) {
            lines.push(format!("gets the value of {env} as its setting {name}"));
        }
    }
    for alias in &manifest.aliases {
        lines.push(format!("answers to the name {alias}"));
    }
}

/// What a new version may do that the old one might not.
pub fn widened(old: &[String], new: &[String]) -> Vec<String> {
    new.iter().filter(|line| !old.contains(line)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(bytes: &[u8]) -> Pinned {
        Pinned {
            id: "acme".into(),
            name: "Acme".into(),
            version: "0.1.0".into(),
            kind: "analyzer-model".into(),
            file: String::new(),
            bytes: bytes.len() as u64,
            blake3: component_hash(bytes),
            source: "acme.wasm".into(),
            authority: vec!["a".into()],
            models: Vec::new(),
        }
    }

    #[test]
    fn other_bytes_are_refused_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert!(store.read().unwrap().plugins.is_empty());
        store.pin(pinned(b"one"), b"one").unwrap();
        let first = store.read().unwrap().plugins.remove(0);
        assert_eq!(store.component(&first).unwrap(), b"one");
        let path = store.dir.join(&first.file);
        std::fs::write(&path, b"onf").unwrap();
        assert!(store.component(&first).unwrap_err().contains("not what was added"));
        store.pin(pinned(b"two"), b"two").unwrap();
        assert!(!path.exists());
        let mut climbing = store.read().unwrap().plugins.remove(0);
        climbing.file = "../../etc/passwd".into();
        assert!(store.component(&climbing).is_err());
        assert!(store.remove("acme").unwrap() && !store.remove("acme").unwrap());
        assert_eq!(std::fs::read_dir(&store.dir).unwrap().count(), 1);
    }

    #[test]
    fn only_what_is_new_widens() {
        let lines = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(widened(&lines("a b"), &lines("b")).is_empty());
        assert_eq!(widened(&lines("a b"), &lines("b c")), ["c"]);
    }
}
