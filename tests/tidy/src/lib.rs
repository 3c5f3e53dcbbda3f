//! Access to the repository's files for its own rules, in `tests`. A failure here fails the rule, so this crate may panic.
#![expect(clippy::unwrap_used, reason = "helpers of a test may fail it")]

use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns every project file with this ending: path from the root, and text.
pub fn files(ending: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, root: &Path, ending: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                let skipped = name == "target" || name == ".git" || name == "fixtures";
                if !skipped {
                    walk(&path, root, ending, found);
                }
            } else if name.to_string_lossy().ends_with(ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &root(), ending, &mut found);
    found.sort();
    found
}

/// Fails the test if there are problems, with one line for each.
pub fn complain(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
