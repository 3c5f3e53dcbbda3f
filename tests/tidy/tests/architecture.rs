//! The architecture page describes the existing tree, and a test or module enforces each invariant.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;

use massgen_tidy::{complain, files, root};

fn page() -> String {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    // Without the drawings.
    text.split("```").step_by(2).collect()
}

fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn crates() -> Vec<String> {
    let host = std::fs::read_dir(root().join("host")).unwrap();
    host.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Returns whether a module or item exists: `plan`, `runtime::transport`, `review::Decision`.
fn exists_in_host(module: &str) -> bool {
    let parts: Vec<&str> = module.split("::").collect();
    let exists = |path: &Path| path.is_dir() || path.with_extension("rs").is_file();
    crates().iter().any(|name| {
        let below = if parts[0] == name { &parts[1..] } else { &parts[..] };
        let src = root().join("host").join(name).join("src");
        let Some((item, above)) = below.split_last() else { return true };
        let module: std::path::PathBuf = above.iter().fold(src, |path, part| path.join(part));
        exists(&module.join(item))
            || (item.starts_with(char::is_uppercase) && exists(&module) && declares(&module, item))
    })
}

fn declares(module: &Path, item: &str) -> bool {
    let prefix = module.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    let words = [format!("struct {item}"), format!("enum {item}"), format!("trait {item}")];
    let of_module = |path: &str| path.starts_with(&prefix);
    files(".rs")
        .iter()
        .any(|(path, text)| of_module(path) && words.iter().any(|word| text.contains(word)))
}

fn is_module(span: &str) -> bool {
    span.contains("::") && span.chars().all(|c| c.is_alphanumeric() || c == ':' || c == '_')
}

fn is_path(span: &str) -> bool {
    ["host/", "tests/", "plugins/", "wit/", "docs/"].iter().any(|top| span.starts_with(top))
}

#[test]
fn named_paths_exist() {
    let page = page();
    let mut problems = Vec::new();
    for span in spans(&page) {
        if is_module(span) && !exists_in_host(span) {
            problems.push(format!("docs/ARCHITECTURE.md: {span} does not exist"));
        }
        if is_path(span) && !root().join(span).exists() {
            problems.push(format!("docs/ARCHITECTURE.md: the file {span} does not exist"));
        }
    }
    complain(&problems);
}

#[test]
fn every_folder_is_named() {
    let page = page();
    let spans = spans(&page);
    let mut problems = Vec::new();
    for top in ["host", "tests"] {
        for entry in std::fs::read_dir(root().join(top)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let named = spans.iter().any(|span| *span == name || *span == format!("{top}/{name}"));
            if entry.file_type().unwrap().is_dir() && !named {
                problems.push(format!("docs/ARCHITECTURE.md does not mention {top}/{name}"));
            }
        }
    }
    complain(&problems);
}

#[test]
fn every_invariant_names_an_existing_test_or_module() {
    let page = page();
    let (_, table) = page.split_once("## Invariants").unwrap();
    let mut problems = Vec::new();
    let mut rows = 0;
    for row in
        table.lines().filter(|line| line.starts_with("| ") && !line.contains("enforced by |"))
    {
        let (promise, holder) = row.trim_matches('|').rsplit_once(" | ").unwrap();
        rows += 1;
        let holds =
            |span: &&str| (is_path(span) && root().join(span).exists()) || exists_in_host(span);
        if !spans(holder).iter().any(holds) {
            problems.push(format!("{}: name the module or test that enforces it", promise.trim()));
        }
    }
    assert!(rows > 20, "the table of invariants has {rows} rows");
    complain(&problems);
}

/// Sources that are part of the program, by prefix.
fn sources(prefix: &str) -> impl Iterator<Item = (String, String)> {
    let of_program = |path: &String| !path.contains("/tests") && !path.contains("/benches/");
    let prefix = prefix.to_string();
    files(".rs").into_iter().filter(move |(path, _)| path.starts_with(&prefix) && of_program(path))
}

#[test]
fn processes_are_started_in_known_places() {
    let mut problems = Vec::new();
    for (path, text) in sources("host/") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let may = path.starts_with("host/cli/")
            || [
                "host/componentise/src/cargo.rs",
                "host/isolation/src/git/command.rs",
                "host/review/src/terminal/editor.rs",
                "host/setup/src/credentials/helper.rs",
                "host/terminal/src/pager.rs",
            ]
            .contains(&path.as_str());
        if !may && code.contains("Command::new(") {
            problems.push(format!("{path}: a library starts no process"));
        }
        if path != "host/isolation/src/git/command.rs" && code.contains("Command::new(\"git\")") {
            problems.push(format!("{path}: git is started by isolation::git::command alone"));
        }
    }
    complain(&problems);
}

#[test]
fn unsafe_code_is_one_function() {
    let words = [concat!("unsafe", " {"), concat!("unsafe", " fn"), concat!("unsafe", " impl")];
    let found: Vec<String> = sources("host/")
        .filter(|(_, text)| words.iter().any(|word| text.contains(word)))
        .map(|(path, text)| {
            let count: usize = words.iter().map(|word| text.matches(word).count()).sum();
            format!("{path}: {count}")
        })
        .collect();
    assert_eq!(found, ["host/runtime/src/component/cache.rs: 1"]);
}

/// Crates that only declare system interfaces.
const DECLARATIONS: &[&str] = &[
    "core-foundation-sys",
    "jni-sys",
    "js-sys",
    "linux-raw-sys",
    "openssl-sys",
    "security-framework-sys",
    "system-configuration-sys",
    "web-sys",
    "windows-sys",
];

#[test]
fn third_party_native_code_is_listed() {
    let page = std::fs::read_to_string(root().join("docs/third-party.md")).unwrap();
    let mut problems = Vec::new();
    let mut found = 0;
    for lock in ["Cargo.lock", "plugins/Cargo.lock"] {
        let lock: toml::Table =
            std::fs::read_to_string(root().join(lock)).unwrap().parse().unwrap();
        for package in lock["package"].as_array().unwrap() {
            let name = package["name"].as_str().unwrap();
            if name.ends_with("-sys") && !DECLARATIONS.contains(&name) {
                found += 1;
                if !page.contains(&format!("`{name}`")) {
                    problems.push(format!("docs/third-party.md: list the code that {name} links"));
                }
            }
        }
    }
    assert!(found > 2, "only {found} crates link code that is not Rust");
    complain(&problems);
}
