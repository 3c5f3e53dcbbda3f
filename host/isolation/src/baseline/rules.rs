//! Ignore rules, taken from the baseline. An agent that edits `.gitignore` does not affect them.

use std::collections::HashMap;
use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::{Deserialize, Serialize};

use crate::path::RelPath;

/// Maximum size of a rule file, in bytes.
pub(super) const RULES_BYTES_MAX: u64 = 1 << 20;

/// A rule file with the directory that it applies to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleFile {
    /// The directory.
    pub dir: RelPath,
    /// Whether it is a `.gitignore`, which takes precedence over the repository's and the user's excludes.
    pub in_tree: bool,
    /// The rules.
    pub text: Vec<u8>,
}

impl RuleFile {
    /// Parses the rules. Invalid lines are ignored, as in git.
    pub(crate) fn matcher(&self, ignore_case: bool) -> Gitignore {
        matcher(&self.dir, &self.text, ignore_case)
    }
}

/// Parses lines in `.gitignore` syntax.
pub(crate) fn matcher(dir: &RelPath, text: &[u8], ignore_case: bool) -> Gitignore {
    let root = if dir.is_root() { Path::new("") } else { dir.as_path() };
    let mut builder = GitignoreBuilder::new(root);
    // The setter fails on malformed globs only, and there are none yet.
    _ = builder.case_insensitive(ignore_case);
    for line in String::from_utf8_lossy(text).lines() {
        _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Returns whether a matcher ignores a path, un-ignores it, or has no rule for it.
pub(crate) fn says(matcher: &Gitignore, path: &RelPath, is_dir: bool) -> Option<bool> {
    match matcher.matched(path.as_path(), is_dir) {
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
        Match::None => None,
    }
}

/// All rules of a tree.
#[derive(Debug)]
pub struct Rules {
    in_tree: HashMap<RelPath, Gitignore>,
    wide: Vec<(RelPath, Gitignore)>,
    repositories: Vec<RelPath>,
}

impl Rules {
    /// Parses rule files.
    pub fn new(files: &[RuleFile], repositories: &[RelPath], ignore_case: bool) -> Self {
        let mut rules =
            Self { in_tree: HashMap::new(), wide: Vec::new(), repositories: repositories.to_vec() };
        for file in files {
            let matcher = file.matcher(ignore_case);
            if file.in_tree {
                rules.in_tree.insert(file.dir.clone(), matcher);
            } else {
                rules.wide.push((file.dir.clone(), matcher));
            }
        }
        rules
    }

    /// Returns whether git would ignore a path, because of a rule for it or for a directory above it.
    pub fn ignores(&self, path: &RelPath, is_dir: bool) -> bool {
        let root = self.repository_of(path);
        let mut above = vec![(path.clone(), is_dir)];
        let mut at = path.parent();
        while let Some(dir) = at.filter(|dir| dir.depth() > root.depth()) {
            above.push((dir.clone(), true));
            at = dir.parent();
        }
        above.iter().rev().any(|(path, is_dir)| self.decides(path, *is_dir, &root))
    }

    fn repository_of(&self, path: &RelPath) -> RelPath {
        let above = self.repositories.iter().filter(|dir| path.is_within(dir) && path != *dir);
        above.max_by_key(|dir| dir.depth()).cloned().unwrap_or_default()
    }

    /// Returns the decision of the deepest rule file with a rule for the path.
    fn decides(&self, path: &RelPath, is_dir: bool, root: &RelPath) -> bool {
        let mut at = path.parent();
        while let Some(dir) = at.filter(|dir| dir.is_within(root)) {
            if let Some(said) = self.in_tree.get(&dir).and_then(|m| says(m, path, is_dir)) {
                return said;
            }
            at = dir.parent();
        }
        let wide = self.wide.iter().rev().filter(|(dir, _)| dir == root);
        wide.filter_map(|(_, matcher)| says(matcher, path, is_dir)).next().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    fn file(dir: &str, in_tree: bool, text: &str) -> RuleFile {
        RuleFile { dir: rel(dir), in_tree, text: text.into() }
    }

    #[test]
    fn paths_are_ignored_as_in_git() {
        let files = [
            file("", false, "*.swp\n!keep.swp\n"),
            file("", true, "target/\n*.log\n!important.log\n/only-root\nbuild\n"),
            file("sub", true, "!debug.log\nlocal\n"),
        ];
        let rules = Rules::new(&files, &[RelPath::root()], false);
        for (path, dir, ignored) in [
            ("target", true, true),
            ("target", false, false),
            ("a/target/x/y", false, true),
            ("a.log", false, true),
            ("important.log", false, false),
            ("sub/debug.log", false, false),
            ("sub/other.log", false, true),
            ("only-root", false, true),
            ("sub/only-root", false, false),
            ("sub/local", false, true),
            ("local", false, false),
            ("x.swp", false, true),
            ("build/deep/file", false, true),
            ("src/main.rs", false, false),
        ] {
            assert_eq!(rules.ignores(&rel(path), dir), ignored, "{path}");
        }
    }

    #[test]
    fn rules_do_not_apply_in_nested_repositories() {
        let files = [file("", true, "*.o\n"), file("dep", true, "*.tmp\n")];
        let rules = Rules::new(&files, &[RelPath::root(), rel("dep")], false);
        assert!(!rules.ignores(&rel("dep/a.o"), false));
        assert!(rules.ignores(&rel("dep/a.tmp"), false) && rules.ignores(&rel("a.o"), false));
    }
}
