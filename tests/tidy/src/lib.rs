//! What the repository's own rules, in `tests`, look at. A failure here is a failure of a rule, so that this crate may
//! panic.
#![expect(clippy::unwrap_used, reason = "a test's tools fail the test")]

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file that belongs to the project, by path.
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

/// Fails with one line a problem.
pub fn complain(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
