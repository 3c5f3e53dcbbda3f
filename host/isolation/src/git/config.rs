//! Reads a repository's configuration as data.

use std::path::Path;

use super::command::{Git, GitError};

/// The level of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigLevel {
    /// System or user.
    Global,
    /// Repository or work tree.
    Repository,
}

/// Names and values, in the order in which git applies them.
#[derive(Debug, Clone, Default)]
pub struct Config {
    values: Vec<(ConfigLevel, String, Option<String>)>,
}

/// Settings that a private repository inherits: conversion of files, identity of the committer, and the basis of
/// `git status`. None of them starts a program on read access.
const INHERITED: &[&str] = &[
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "core.bigfilethreshold",
    "index.sparse",
    "user.name",
    "user.email",
];
const INHERITED_SECTIONS: &[&str] =
    &["filter.", "remote.", "branch.", "lfs.", "diff.lfs", "submodule."];

impl Config {
    /// Reads the configuration that applies in a directory.
    pub(super) fn read(git: &Git, dir: &Path) -> Result<Self, GitError> {
        let listed = git.at(dir).args(["config", "--list", "-z", "--show-scope"]).output()?;
        Ok(Self::parse(&listed))
    }

    /// Parses `scope NUL name LF value NUL`; LF and value are missing for a bare name.
    fn parse(listed: &[u8]) -> Self {
        let mut pieces = listed.split(|b| *b == 0);
        let mut values = Vec::new();
        while let (Some(level), Some(pair)) = (pieces.next(), pieces.next()) {
            let level = match level {
                b"local" | b"worktree" => ConfigLevel::Repository,
                b"command" => continue,
                _ => ConfigLevel::Global,
            };
            let pair = String::from_utf8_lossy(pair);
            let (name, value) = match pair.split_once('\n') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (pair.as_ref(), None),
            };
            values.push((level, name.to_string(), value));
        }
        Self { values }
    }

    /// Returns the effective value of a name (section and variable in lower case).
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let (_, _, value) = self.values.iter().rev().find(|(_, known, _)| known == name)?;
        Some(value.clone().unwrap_or_else(|| "true".into()))
    }

    /// Returns whether a boolean setting is on.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|v| matches!(v.to_lowercase().as_str(), "true" | "yes" | "on" | "1"))
    }

    /// Returns the names of configured filters.
    pub(crate) fn filter_drivers(&self) -> Vec<String> {
        let names = self.values.iter().filter_map(|(_, name, _)| {
            name.strip_prefix("filter.")?.rsplit_once('.').map(|(driver, _)| driver.to_string())
        });
        let mut drivers: Vec<String> = names.collect();
        drivers.sort();
        drivers.dedup();
        drivers
    }

    /// Returns whether Git LFS is configured.
    pub(crate) fn has_lfs(&self) -> bool {
        self.filter_drivers().iter().any(|driver| driver == "lfs")
    }

    /// Returns whether missing objects are fetched on demand.
    pub(crate) fn is_partial(&self) -> bool {
        self.values
            .iter()
            .any(|(_, name, _)| name.ends_with(".promisor") || name == "extensions.partialclone")
    }

    /// Returns the repository's own settings that a private repository inherits.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values
            .iter()
            .filter(|(level, name, _)| {
                *level == ConfigLevel::Repository
                    && (INHERITED.contains(&name.as_str())
                        || INHERITED_SECTIONS.iter().any(|section| name.starts_with(section)))
            })
            .map(|(_, name, value)| (name.as_str(), value.as_deref()))
    }
}

/// Renders a configuration file.
pub(super) fn render<'a>(values: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut text = String::new();
    for (name, value) in values {
        let Some((section, variable)) = name.rsplit_once('.') else { continue };
        match section.split_once('.') {
            Some((section, sub)) => {
                let sub = sub.replace('\\', "\\\\").replace('"', "\\\"");
                text.push_str(&format!("[{section} \"{sub}\"]\n"));
            }
            None => text.push_str(&format!("[{section}]\n")),
        }
        match value {
            Some(value) => {
                let value = value
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
                    .replace('\t', "\\t");
                text.push_str(&format!("\t{variable} = \"{value}\"\n"));
            }
            None => text.push_str(&format!("\t{variable}\n")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_value_wins_and_programs_are_not_inherited() {
        let listed = b"global\0core.autocrlf\ninput\0local\0core.autocrlf\ntrue\0local\0core.fsmonitor\n/evil\0local\0core.hookspath\n.husky\0local\0filter.lfs.clean\ngit-lfs clean -- %f\0command\0core.pager\ncat\0local\0core.bare\0";
        let config = Config::parse(listed);
        assert_eq!(config.get("core.autocrlf").as_deref(), Some("true"));
        assert!(config.is_true("core.bare") && config.has_lfs());
        let inherited: Vec<_> = config.inherited().map(|(name, _)| name).collect();
        assert_eq!(inherited, ["core.autocrlf", "filter.lfs.clean"]);
    }

    #[test]
    fn quotes_rendered_values() {
        let text = render([("filter.a\"b.clean", Some("x \\ \"y\"")), ("core.bare", None)]);
        assert_eq!(text, "[filter \"a\\\"b\"]\n\tclean = \"x \\\\ \\\"y\\\"\"\n[core]\n\tbare\n");
    }
}
