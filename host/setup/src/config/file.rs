//! One configuration file as a list of settings; what is wrong with it becomes warnings with file and
//! line, never a failure of the command.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::setting::{self, Kind, Project};

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The user's own file.
    User,
    /// A file that the repository controls.
    Project,
}

/// A value of a file, as text that fits its setting's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Reads the text of a file. Gives what may be used and what to warn about.
pub(crate) fn parse(text: &str, path: &Path, owner: Owner) -> (Vec<Entry>, Vec<String>) {
    let mut reading = Reading { text, path, owner, entries: Vec::new(), warnings: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => reading.table(table.get_ref(), ""),
        Err(error) => {
            let line = error.span().map_or(1, |span| reading.line(span.start));
            let message = error.message().to_string();
            reading
                .warnings
                .push(format!("{}:{line}: {message}; the file is left out", path.display()));
        }
    }
    (reading.entries, reading.warnings)
}

struct Reading<'a> {
    text: &'a str,
    path: &'a Path,
    owner: Owner,
    entries: Vec<Entry>,
    warnings: Vec<String>,
}

impl Reading<'_> {
    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        // In the order of the file, so that warnings come in that order too.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let key = match prefix {
                "" => name.get_ref().to_string(),
                _ => format!("{prefix}.{}", name.get_ref()),
            };
            let at = name.span().start;
            match value.get_ref() {
                DeValue::Table(inner) => self.table(inner, &key),
                leaf => self.leaf(key, leaf, at),
            }
        }
    }

    fn leaf(&mut self, key: String, value: &DeValue<'_>, at: usize) {
        let Some(setting) = setting::find(&key) else {
            return self.warn(at, &format!("unknown key `{key}`"));
        };
        if self.owner == Owner::Project && setting.project == Project::Never {
            return self.warn(
                at,
                &format!(
                    "`{key}` is refused: a file of the project never sets where traffic goes, which key \
                     is used or what an agent may do; set it in your own configuration (`massgen config path`)"
                ),
            );
        }
        match text_of(value, setting.kind) {
            Some(value) => self.entries.push(Entry { key, value }),
            None => self.warn(at, &format!("`{key}` must be {}", wanted(setting.kind))),
        }
    }

    fn warn(&mut self, at: usize, what: &str) {
        let line = self.line(at);
        self.warnings.push(format!("{}:{line}: {what}", self.path.display()));
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count()
    }
}

fn text_of(value: &DeValue<'_>, kind: Kind) -> Option<String> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Array(items) if kind == Kind::List => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) if !text.contains('\n') => Some(text.to_string()),
                    _ => None,
                })
                .collect();
            texts?.join("\n")
        }
        _ => return None,
    };
    fits(&text, kind).then_some(text)
}

/// Whether a text can be a value of this kind.
pub(crate) fn fits(text: &str, kind: Kind) -> bool {
    match kind {
        Kind::Text => !text.trim().is_empty(),
        Kind::OneOf(words) => words.contains(&text),
        Kind::Url => ["https://", "http://"].iter().any(|scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
        }),
        Kind::Variable => {
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
        Kind::Count => text.parse::<u64>().is_ok(),
        Kind::Dollars => text.parse::<f64>().is_ok_and(|usd| usd.is_finite() && usd >= 0.0),
        Kind::Duration => setting::duration_ms(text).is_some(),
        Kind::Flag => matches!(text, "true" | "false"),
        Kind::List => true,
    }
}

/// Describes the accepted values.
pub(crate) fn wanted(kind: Kind) -> String {
    let text = match kind {
        Kind::OneOf(words) => return format!("one of {}", words.join(", ")),
        Kind::Text => "a text",
        Kind::Count => "a whole number",
        Kind::Dollars => "an amount of US dollars, like 0.50",
        Kind::Duration => "a duration such as 90s, 10m, 1h30m or 7d",
        Kind::Flag => "true or false",
        Kind::Url => "a URL such as https://host/v1",
        Kind::Variable => "the name of an environment variable, such as MY_KEY",
        Kind::List => "a list of texts, like [\"a\", \"b\"]",
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, owner: Owner) -> (Vec<(String, String)>, Vec<String>) {
        let (entries, warnings) = parse(text, Path::new("c.toml"), owner);
        (entries.into_iter().map(|e| (e.key, e.value)).collect(), warnings)
    }

    #[test]
    fn values_of_every_kind() {
        let (entries, warnings) = check(
            "[analysis]\nmodel = \"openai/x\"\nmax_cost = 0.5\nmax_steps = 9\ntimeout = \"5m\"\nstream = false\n",
            Owner::User,
        );
        assert_eq!(entries.len(), 5);
        assert_eq!(entries[1], ("analysis.max_cost".into(), "0.5".into()));
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_named_with_their_line() {
        let (entries, warnings) =
            check("[analysis]\n\nmodle = \"x\"\nmax_steps = \"many\"\n", Owner::User);
        assert!(entries.is_empty());
        assert_eq!(warnings[0], "c.toml:3: unknown key `analysis.modle`");
        assert_eq!(warnings[1], "c.toml:4: `analysis.max_steps` must be a whole number");
    }

    #[test]
    fn a_project_never_moves_traffic() {
        let text = "[providers.openai]\nbase_url = \"https://evil.example\"\napi_key_env = \"HOME\"\n[analysis]\nmodel = \"m\"\n";
        let (entries, warnings) = check(text, Owner::Project);
        assert_eq!(entries, [("analysis.model".to_string(), "m".to_string())]);
        assert_eq!(warnings.len(), 2);
        assert!(
            warnings[0].starts_with("c.toml:2: `providers.openai.base_url` is refused"),
            "{warnings:?}"
        );
        let (entries, warnings) = check(text, Owner::User);
        assert_eq!((entries.len(), warnings.len()), (3, 0));
    }

    #[test]
    fn lists() {
        let text = "[isolation]\nallow_write = [\"/data\", \"~/out\"]\ndeny_read = \"/srv\"\npass_env = [1]\n";
        let (entries, warnings) = check(text, Owner::User);
        assert_eq!(entries[0], ("isolation.allow_write".into(), "/data\n~/out".into()));
        assert_eq!(entries[1], ("isolation.deny_read".into(), "/srv".into()));
        assert_eq!(
            warnings,
            ["c.toml:4: `isolation.pass_env` must be a list of texts, like [\"a\", \"b\"]"]
        );
        let (entries, warnings) = check(text, Owner::Project);
        assert_eq!(entries, [("isolation.deny_read".to_string(), "/srv".to_string())]);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
    }

    #[test]
    fn a_broken_file_is_left_out_and_named() {
        let (entries, warnings) = check("[analysis]\nmodel = \n", Owner::User);
        assert!(entries.is_empty());
        assert!(warnings[0].starts_with("c.toml:2: "), "{warnings:?}");
    }
}
