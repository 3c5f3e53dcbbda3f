//! The merged configuration, with the origin of each value kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use massgen_isolation::small_file;

use super::file::{self, Owner};
use super::setting::{self, Kind, Project};
use super::{default, price};
use crate::environment::Environment;

/// Most that a file of settings may have.
pub const BYTES_MAX: u64 = 1 << 20;

/// Which file a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The user's file.
    User(PathBuf),
    /// The project's file.
    Project(PathBuf),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(path) | Self::Project(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value as text.
    pub text: String,
    /// The file it comes from.
    pub origin: Origin,
}

/// What the files say.
#[derive(Debug, Default)]
pub struct Config {
    values: BTreeMap<String, Value>,
    /// Both files' values of `analysis.model`, since the choice of a model names its layer.
    pub project_model: Option<Value>,
    /// The user file's `analysis.model`.
    pub user_model: Option<Value>,
    /// Problems found while reading.
    pub warnings: Vec<String>,
}

/// The user's file.
pub fn user_file(environment: &Environment) -> Option<PathBuf> {
    environment.config_dir().map(|dir| dir.join("config.toml"))
}

/// The project's file.
pub fn project_file(environment: &Environment) -> PathBuf {
    environment.project.join(".massgen/config.toml")
}

/// Reads both files; a missing one is empty.
pub fn load(environment: &Environment) -> Config {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let read = |path: &Path, owner: Owner, warnings: &mut Vec<String>| {
        let text = match small_file::read_text(path, BYTES_MAX) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Vec::new(),
            Err(error) => {
                warnings.push(format!("{} can't be read: {error}", path.display()));
                return Vec::new();
            }
        };
        let (entries, problems) = file::parse(&text, path, owner);
        warnings.extend(problems);
        entries
    };
    let mut warnings = Vec::new();
    let mut layers = Vec::new();
    if let Some(path) = user_file(environment) {
        let entries = read(&path, Owner::User, &mut warnings);
        layers.push((Origin::User(path), entries));
    }
    let path = project_file(environment);
    let entries = read(&path, Owner::Project, &mut warnings);
    layers.push((Origin::Project(path), entries));
    warnings.extend(environment.unread.iter().cloned());
    for refused in &environment.refused {
        warnings.push(format!(
            "{refused}: refused, a file of the project never sets where traffic goes"
        ));
    }
    let mut config = merge(layers);
    warnings.append(&mut config.warnings);
    warnings.extend(price::halves(&config));
    config.warnings = warnings;
    config
}

/// Merges layers, the weakest first. A project's value of a limit counts only where it is lower.
fn merge(layers: Vec<(Origin, Vec<file::Entry>)>) -> Config {
    let mut config = Config::default();
    for (origin, entries) in layers {
        let of_project = matches!(origin, Origin::Project(_));
        for entry in entries {
            let value = Value { text: entry.value, origin: origin.clone() };
            if entry.key == "analysis.model" {
                let slot =
                    if of_project { &mut config.project_model } else { &mut config.user_model };
                *slot = Some(value.clone());
            }
            if of_project && raises_a_limit(&entry.key, &value.text, config.values.get(&entry.key))
            {
                config.warnings.push(format!(
                    "{}: `{}` is left as it is in your own configuration: a project may only lower a limit",
                    origin, entry.key
                ));
                continue;
            }
            let Some(value) = narrowed(&mut config, &entry.key, value, of_project) else {
                continue;
            };
            config.values.insert(entry.key, value);
        }
    }
    config
}

/// What becomes of a value that a project may only make narrower; nothing, if it is wider.
fn narrowed(config: &mut Config, key: &str, value: Value, of_project: bool) -> Option<Value> {
    let setting = setting::find(key)?;
    if !of_project || setting.project != Project::MayNarrow {
        return Some(value);
    }
    let before = config.values.get(key);
    if setting.kind == Kind::List {
        let both = before.map_or_else(String::new, |before| format!("{}\n", before.text));
        return Some(Value { text: both + &value.text, ..value });
    }
    let words = setting::narrower(key);
    let rank = |word: &str| words.iter().position(|known| *known == word);
    let held = config.word(key).to_string();
    if rank(&value.text) > rank(&held) {
        return Some(value);
    }
    if value.text != held {
        config.warnings.push(format!(
            "{}: `{key}` stays {held:?}: a project may only give agents less",
            value.origin
        ));
    }
    None
}

fn raises_a_limit(key: &str, text: &str, before: Option<&Value>) -> bool {
    let (Some(setting), Some(before)) = (setting::find(key), before) else { return false };
    let amount = |text: &str| match setting.kind {
        Kind::Duration => setting::duration_ms(text).map(|ms| ms as f64),
        _ => text.parse().ok(),
    };
    setting.project == Project::MayLower && amount(text) > amount(&before.text)
}

impl Config {
    /// A value as text.
    pub fn text(&self, key: &str) -> Option<&str> {
        debug_assert!(setting::find(key).is_some(), "{key} is not in the table of settings");
        self.values.get(key).map(|value| value.text.as_str())
    }

    /// The word of a setting that has one by default.
    pub fn word(&self, key: &str) -> &str {
        self.text(key).or(default::word(key)).unwrap_or_default()
    }

    /// The texts of a list.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        self.text(key).unwrap_or_default().split('\n').filter(|text| !text.is_empty())
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    /// A duration in milliseconds.
    pub fn duration_ms(&self, key: &str) -> Option<u64> {
        setting::duration_ms(self.text(key)?)
    }

    /// All values below a prefix: last name and text.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values.iter().filter_map(move |(key, value)| {
            Some((key.strip_prefix(prefix)?.strip_prefix('.')?, value.text.as_str()))
        })
    }

    /// Names below a prefix that have this last part: `mine` for `providers.mine.type`.
    pub(crate) fn names_with(&self, prefix: &str, last: &str) -> Vec<String> {
        let name = |key: &String| {
            let name = key.strip_prefix(prefix)?.strip_prefix('.')?;
            Some(name.strip_suffix(last)?.strip_suffix('.')?.to_string())
        };
        self.values.keys().filter_map(name).collect()
    }

    /// Every value, by key.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use massgen_models::model_id::ModelId;

    use super::*;

    fn layer(origin: Origin, entries: &[(&str, &str)]) -> (Origin, Vec<file::Entry>) {
        let entry = |(key, value): &(&str, &str)| file::Entry {
            key: (*key).into(),
            value: (*value).into(),
        };
        (origin, entries.iter().map(entry).collect())
    }

    #[test]
    fn the_project_wins_but_never_raises_a_limit() {
        let user = Origin::User("u".into());
        let project = Origin::Project("p".into());
        let config = merge(vec![
            layer(
                user.clone(),
                &[
                    ("analysis.model", "a/x"),
                    ("analysis.max_cost", "1"),
                    ("analysis.timeout", "10m"),
                ],
            ),
            layer(
                project.clone(),
                &[
                    ("analysis.model", "b/y"),
                    ("analysis.max_cost", "5"),
                    ("analysis.timeout", "90s"),
                ],
            ),
        ]);
        assert_eq!(config.text("analysis.model"), Some("b/y"));
        assert_eq!(config.user_model.as_ref().map(|v| v.text.as_str()), Some("a/x"));
        assert_eq!(config.number::<f64>("analysis.max_cost"), Some(1.0));
        assert_eq!(config.duration_ms("analysis.timeout"), Some(90_000));
        assert_eq!(config.warnings.len(), 1);
    }

    #[test]
    fn a_price_is_whole_or_told() {
        let set = |parts: &[(&str, &str)]| {
            let entries: Vec<(String, &str)> = parts
                .iter()
                .map(|(part, usd)| (format!("models.mine/b.1.{part}_per_mtok"), *usd))
                .collect();
            let entries: Vec<(&str, &str)> =
                entries.iter().map(|(key, usd)| (key.as_str(), *usd)).collect();
            let config = merge(vec![layer(Origin::User("u".into()), &entries)]);
            let own = price::of(&config, &ModelId::new("mine", "b.1"));
            (own.map(|own| (own.input_per_mtok, own.cache_write_per_mtok)), price::halves(&config))
        };
        assert_eq!(set(&[]), (None, vec![]));
        assert_eq!(set(&[("input", "0"), ("output", "0")]), (Some((0.0, None)), vec![]));
        let whole = [("input", "1"), ("output", "2"), ("cache_read", "0"), ("cache_write", "3")];
        assert_eq!(set(&whole), (Some((1.0, Some(3.0))), vec![]));
        for half in [&whole[..1], &whole[1..2], &whole[1..], &whole[2..3], &whole[3..]] {
            let (own, told) = set(half);
            assert!(own.is_none() && told.len() == 1, "{half:?}: {told:?}");
            assert!(told[0].contains("mine/b.1 is not used"), "{told:?}");
        }
        let told = set(&whole[1..2]).1;
        assert!(told[0].contains("has output_per_mtok and lacks input_per_mtok"), "{told:?}");
        assert!(told[0].contains("config set 'models.\"mine/b.1\".input_per_mtok'"), "{told:?}");
    }

    #[test]
    fn a_project_only_gives_agents_less() {
        let user = Origin::User("u".into());
        let project = Origin::Project("p".into());
        let config = merge(vec![
            layer(user, &[("isolation.net", "deny"), ("isolation.deny_read", "/a\n/b")]),
            layer(
                project,
                &[
                    ("isolation.protect", "off"),
                    ("isolation.net", "allow"),
                    ("isolation.caches", "private"),
                    ("isolation.deny_read", "/c"),
                ],
            ),
        ]);
        assert_eq!(config.text("isolation.protect"), None);
        assert_eq!(config.text("isolation.net"), Some("deny"));
        assert_eq!(config.text("isolation.caches"), Some("private"));
        assert_eq!(config.list("isolation.deny_read").collect::<Vec<_>>(), ["/a", "/b", "/c"]);
        assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
    }
}
