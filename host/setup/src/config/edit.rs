//! Changes one value in the text of a configuration file. Everything else, comments included, stays as it was.

use toml_edit::{Array, DocumentMut, Item, Key, Table, TableLike, Value};

use super::file::{self, Owner};
use super::setting::{self, Kind, Project, Setting};

/// Why a value is not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The key is not valid TOML.
    #[error("{key:?} is no key of a configuration file")]
    Key {
        /// The key as typed.
        key: String,
        /// The parser's error.
        #[source]
        source: toml_edit::TomlError,
    },
    /// No setting has this key.
    #[error("there is no setting `{0}`")]
    Unknown(String),
    /// The value does not fit the setting.
    #[error("`{key}` must be {wanted}")]
    Value {
        /// The setting.
        key: String,
        /// The accepted values.
        wanted: String,
    },
    /// A project file may not set this key.
    #[error("`{0}` is never read from a file of the project")]
    NotForProjects(String),
    /// A parent of the key holds a value.
    #[error("`{0}` is a value in the file, and no table")]
    NotATable(String),
    /// The file is not valid TOML.
    #[error("the file is no TOML")]
    Broken(#[source] toml_edit::TomlError),
}

/// A key that was understood.
pub struct Place {
    parts: Vec<Key>,
    setting: &'static Setting,
}

/// Understands a key as it stands in a file: `analysis.model`, `models."openai/gpt-6-luna".input_per_mtok`.
pub fn place(key: &str, owner: Owner) -> Result<Place, EditError> {
    let parts = Key::parse(key).map_err(|source| EditError::Key { key: key.into(), source })?;
    let dotted: Vec<&str> = parts.iter().map(Key::get).collect();
    let setting =
        setting::find(&dotted.join(".")).ok_or_else(|| EditError::Unknown(key.to_string()))?;
    if owner == Owner::Project && setting.project == Project::Never {
        return Err(EditError::NotForProjects(key.to_string()));
    }
    Ok(Place { parts, setting })
}

impl Place {
    /// The text with this value set.
    pub fn set(&self, text: &str, values: &[String]) -> Result<String, EditError> {
        let mut document: DocumentMut = text.parse().map_err(EditError::Broken)?;
        let mut value = self.value(values)?;
        let (last, parents) = self.parts.split_last().expect("a key that was parsed has a part");
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for parent in parents {
            let inner = || {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            };
            let item = table.entry(parent.get()).or_insert_with(inner);
            let not_a_table = || EditError::NotATable(parent.get().to_string());
            table = item.as_table_like_mut().ok_or_else(not_a_table)?;
        }
        match table.get_mut(last.get()) {
            Some(Item::Value(old)) => {
                // The comment behind it belongs to the line.
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            Some(_) => return Err(self.wrong()),
            None => {
                table.insert(last.get(), Item::Value(value));
            }
        }
        Ok(document.to_string())
    }

    /// The text without the value; none, if it is not set there.
    pub fn unset(&self, text: &str) -> Result<Option<String>, EditError> {
        let mut document: DocumentMut = text.parse().map_err(EditError::Broken)?;
        let (last, parents) = self.parts.split_last().expect("a key that was parsed has a part");
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for parent in parents {
            match table.get_mut(parent.get()).and_then(Item::as_table_like_mut) {
                Some(inner) => table = inner,
                None => return Ok(None),
            }
        }
        Ok(table.remove(last.get()).map(|_| document.to_string()))
    }

    fn value(&self, values: &[String]) -> Result<Value, EditError> {
        if self.setting.kind == Kind::List {
            return Ok(Value::Array(values.iter().collect::<Array>()));
        }
        let [text] = values else { return Err(self.wrong()) };
        if !file::fits(text, self.setting.kind) {
            return Err(self.wrong());
        }
        let value = match self.setting.kind {
            Kind::Text
            | Kind::OneOf(_)
            | Kind::Duration
            | Kind::Url
            | Kind::Variable
            | Kind::List => Some(Value::from(text.as_str())),
            Kind::Count => text.parse::<i64>().ok().map(Value::from),
            Kind::Dollars => text.parse::<f64>().ok().map(Value::from),
            Kind::Flag => Some(Value::from(text == "true")),
        };
        value.ok_or_else(|| self.wrong())
    }

    fn wrong(&self) -> EditError {
        let key: Vec<&str> = self.parts.iter().map(Key::get).collect();
        EditError::Value { key: key.join("."), wanted: file::wanted(self.setting.kind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, key: &str, value: &str) -> Result<String, EditError> {
        place(key, Owner::User)?.set(text, &[value.to_string()])
    }

    #[test]
    fn one_value_changes_and_nothing_else() {
        let text = "# mine\n[analysis]\nmodel = \"a/b\" # for now\nmax_steps = 9\n\n[aliases]\nx = \"y\"\n";
        let changed = set(text, "analysis.model", "c/d").unwrap();
        assert_eq!(changed, text.replace("a/b", "c/d"));
        let added = set(text, "analysis.max_cost", "0.5").unwrap();
        assert_eq!(added, text.replace("max_steps = 9\n", "max_steps = 9\nmax_cost = 0.5\n"));
        let priced = set("", "models.\"openai/gpt-6.1-sol\".input_per_mtok", "2").unwrap();
        assert_eq!(priced, "[models.\"openai/gpt-6.1-sol\"]\ninput_per_mtok = 2.0\n");
        let (read, warnings) = file::parse(&priced, std::path::Path::new("c"), Owner::User);
        assert_eq!((read.len(), warnings.len()), (1, 0));
    }

    #[test]
    fn a_value_is_taken_away() {
        let text = "[analysis]\nmodel = \"a/b\"\n# kept\nmax_steps = 9\n";
        let place = place("analysis.model", Owner::User).unwrap();
        assert_eq!(
            place.unset(text).unwrap().as_deref(),
            Some("[analysis]\n# kept\nmax_steps = 9\n")
        );
        assert_eq!(place.unset("").unwrap(), None);
    }

    #[test]
    fn what_is_refused() {
        for (key, value, says) in [
            ("analysis.modle", "x", "there is no setting"),
            ("analysis.max_steps", "many", "must be a whole number"),
            ("models.openai/x.input_per_mtok", "1", "is no key"),
            ("", "1", "is no key"),
        ] {
            let error = set("", key, value).unwrap_err().to_string();
            assert!(error.contains(says), "{key}: {error}");
        }
        assert!(place("providers.openai.base_url", Owner::Project).is_err());
        assert!(matches!(
            set("[[analysis]]\n", "analysis.model", "x"),
            Err(EditError::NotATable(_))
        ));
        assert!(matches!(set("x = ", "analysis.model", "x"), Err(EditError::Broken(_))));
    }
}
