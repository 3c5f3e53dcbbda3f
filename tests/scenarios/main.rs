//! Scenarios of isolation: one file a case, driven through the built program with real git. Whatever a
//! scenario is about, the common oracle holds in all of them: the user's tree, index and `.git` are equal
//! before and after but for what was approved, every byte of the agent can be brought back, and whatever
//! was not carried or applied is named with its reason.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod oracle;
mod scenario;
mod stage;
mod tree;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut trials = Vec::new();
    for file in files(&root) {
        let name = file.strip_prefix(&root).unwrap().with_extension("");
        let text = std::fs::read_to_string(&file).unwrap();
        let scenario = scenario::Scenario::parse(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for strategy in scenario.strategies.clone() {
            let label = format!("{}::{strategy}", name.display());
            let scenario = scenario.clone();
            trials.push(Trial::test(label, move || {
                oracle::play(&scenario, &strategy).map_err(Failed::from)
            }));
        }
    }
    assert!(!trials.is_empty(), "no scenario was found");
    libtest_mimic::run(&arguments, trials).exit();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}
