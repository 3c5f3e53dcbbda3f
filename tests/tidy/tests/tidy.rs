//! The repository's own rules. Each message says what to do.

use std::path::Path;

use massgen_tidy::{complain, files, root};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const FOLDER_FILES_MAX: usize = 14;

#[test]
fn files_and_functions_are_small() {
    let mut problems = Vec::new();
    for (path, text) in files(".rs") {
        let of_tests =
            path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs");
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX && !of_tests {
            problems.push(format!("{path} has {lines} lines: which noun is hiding in it? ({FILE_LINES_MAX} are allowed)"));
        }
        for (name, line, length) in functions(&text) {
            if length > FUNCTION_LINES_MAX && !of_tests {
                problems.push(format!("{path}:{line}: `{name}` has {length} lines: take a step out of it ({FUNCTION_LINES_MAX} are allowed)"));
            }
        }
    }
    complain(&problems);
}

/// Functions with their first line and length. rustfmt puts the closing brace in the column of `fn`.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let words: Vec<&str> =
            code.split_whitespace().take_while(|word| !word.contains('(')).collect();
        let is_function = code.starts_with("fn ")
            || (words.contains(&"fn")
                && ["pub", "async", "const", "pub(crate)", "pub(super)"]
                    .contains(words.first().unwrap_or(&"")));
        if !is_function || code.ends_with(';') {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[at..].iter().position(|line| *line == closing) {
            let name = code
                .split("fn ")
                .nth(1)
                .unwrap_or_default()
                .split(['(', '<'])
                .next()
                .unwrap_or_default();
            found.push((name.to_string(), at + 1, length + 1));
        }
    }
    found
}

#[test]
fn folders_are_readable() {
    let mut problems = Vec::new();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for (path, _) in files(".rs") {
        let folder = Path::new(&path).parent().unwrap().to_string_lossy().into_owned();
        *counts.entry(folder).or_default() += 1;
    }
    for (folder, count) in counts.into_iter().filter(|(_, count)| *count > FOLDER_FILES_MAX) {
        problems.push(format!("{folder} holds {count} files: which of them belong together? ({FOLDER_FILES_MAX} are allowed)"));
    }
    complain(&problems);
}

#[test]
fn nothing_is_left_open_and_no_machine_is_named() {
    // Split, so that this file does not find itself.
    let words = [
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
    ];
    let mut problems = Vec::new();
    for (path, text) in [".rs", ".md", ".toml", ".wit", ".py"].into_iter().flat_map(files) {
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                problems.push(format!("{path}:{}: `{word}` does not belong here", number + 1));
            }
        }
    }
    complain(&problems);
}

#[test]
fn dependencies_point_one_way() {
    let allowed: &[(&str, &[&str])] = &[
        ("massgen-text", &[]),
        ("massgen-units", &[]),
        ("massgen-models", &[]),
        ("massgen-logs", &[]),
        ("massgen-bundle", &[]),
        ("massgen-componentise", &[]),
        (
            "massgen-kit",
            &["massgen-isolation", "massgen-models", "massgen-runtime", "massgen-text"],
        ),
        ("massgen-analysis", &["massgen-logs", "massgen-models", "massgen-text"]),
        ("massgen-isolation", &["massgen-text"]),
        ("massgen-runtime", &["massgen-isolation", "massgen-models"]),
        ("massgen-terminal", &["massgen-text"]),
        ("massgen-review", &["massgen-isolation", "massgen-terminal", "massgen-text"]),
        (
            "massgen-setup",
            &[
                "massgen-analysis",
                "massgen-bundle",
                "massgen-isolation",
                "massgen-models",
                "massgen-runtime",
                "massgen-terminal",
                "massgen-units",
            ],
        ),
        (
            "massgen",
            &[
                "massgen-analysis",
                "massgen-bundle",
                "massgen-componentise",
                "massgen-isolation",
                "massgen-kit",
                "massgen-logs",
                "massgen-models",
                "massgen-review",
                "massgen-runtime",
                "massgen-setup",
                "massgen-terminal",
                "massgen-units",
            ],
        ),
    ];
    let only_in = [
        ("wasmtime", "massgen-runtime"),
        ("reqwest", "massgen-runtime"),
        ("git2", "massgen-isolation"),
        ("clap", "massgen"),
        ("indicatif", "massgen"),
        ("comfy-table", "massgen-terminal"),
        ("crossterm", "massgen-review"),
        ("ratatui", "massgen-review"),
        ("keyring", "massgen-setup"),
        ("toml_edit", "massgen-setup"),
        ("aws-lc-rs", "massgen-runtime"),
    ];
    let mut problems = Vec::new();
    for (path, text) in
        files("Cargo.toml").into_iter().filter(|(path, _)| path.starts_with("host/"))
    {
        let manifest: toml::Table = text.parse().unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_string();
        let Some((_, may)) = allowed.iter().find(|(crate_name, _)| *crate_name == name) else {
            problems.push(format!(
                "{path}: {name} is not in the table of this test: say what it may depend on"
            ));
            continue;
        };
        for dependency in manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .unwrap_or(&toml::Table::new())
            .keys()
        {
            if dependency.starts_with("massgen") && !may.contains(&dependency.as_str()) {
                problems.push(format!(
                    "{path}: {name} must not depend on {dependency} (docs/ARCHITECTURE.md)"
                ));
            }
            if let Some((_, owner)) =
                only_in.iter().find(|(library, owner)| library == dependency && *owner != name)
            {
                problems.push(format!("{path}: {dependency} is used in {owner} only"));
            }
        }
    }
    complain(&problems);
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let mut problems = Vec::new();
    for (path, text) in files(".wit") {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let keyword = ["record ", "variant ", "enum ", "resource ", "interface ", "world "]
                .iter()
                .any(|word| line.starts_with(word));
            let function = line.contains(": func(") || line.contains(": static func(");
            let documented = at > 0 && lines[at - 1].starts_with("///");
            if (keyword || function) && !documented {
                problems.push(format!("{path}:{}: `{line}` has no doc comment", at + 1));
            }
        }
    }
    complain(&problems);
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let root = root();
    let mut problems = Vec::new();
    for (path, text) in files(".md") {
        let dir = root.join(&path).parent().unwrap().to_path_buf();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !dir.join(target).exists() {
                problems.push(format!("{path}: the link to {target} leads nowhere"));
            }
        }
    }
    complain(&problems);
}

#[test]
fn the_two_commands_of_the_readme_use_what_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for needed in ["rustup target add wasm32-unknown-unknown", "cargo run", "./test"] {
        assert!(readme.contains(needed), "README.md lacks `{needed}`");
    }
    let script = std::fs::read_to_string(root().join("test")).unwrap();
    assert!(script.contains("cargo test --workspace"));
    assert!(std::fs::read_to_string(root().join(".ci/run")).unwrap().contains("./test"));
}

#[test]
fn the_readme_points_to_what_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("## To change X, open Y").unwrap();
    let tops = ["host/", "plugins/", "scripts/", "tests/"];
    let spans = table.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = spans
        .filter(|span| tops.iter().any(|top| span.starts_with(top)) && !span.contains('<'))
        .collect();
    assert!(paths.len() > 20, "the table names only {paths:?}");
    let gone = paths.iter().filter(|path| !root().join(path).exists());
    complain(&gone.map(|path| format!("README.md: there is no {path}")).collect::<Vec<_>>());
}

#[test]
fn every_edge_case_has_a_home() {
    let chapters = [
        (1, 1, 42),
        (2, 43, 66),
        (3, 67, 76),
        (4, 77, 91),
        (5, 92, 101),
        (6, 102, 118),
        (7, 119, 135),
        (8, 136, 145),
        (9, 146, 150),
    ];
    let cases = chapters
        .iter()
        .flat_map(|(chapter, from, to)| (*from..=*to).map(move |n| format!("B{chapter}.{n}")));
    // M19 and M39 are not assigned.
    let defects = (1..=57).filter(|n| ![19, 39].contains(n)).map(|n| format!("M{n}"));
    let mut homes = std::fs::read_to_string(root().join("docs/edge-cases.md")).unwrap();
    for (path, text) in
        files(".toml").into_iter().filter(|(path, _)| path.starts_with("tests/scenarios/"))
    {
        let scenario: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let rows = scenario["rows"].as_array().unwrap().iter().map(|row| row.as_str().unwrap());
        rows.for_each(|row| homes.push_str(&format!(" {row} ")));
    }
    let known = |row: &str| {
        homes
            .match_indices(row)
            .any(|(at, _)| !homes[at + row.len()..].starts_with(|c: char| c.is_ascii_digit()))
    };
    let missing: Vec<String> = cases
        .chain(defects)
        .filter(|row| !known(row))
        .map(|row| format!("{row} has neither a scenario nor a line in docs/edge-cases.md"))
        .collect();
    complain(&missing);
}

#[test]
fn every_document_for_scripts_is_listed() {
    let page = std::fs::read_to_string(root().join("docs/json.md")).unwrap();
    let mut problems = Vec::new();
    let mut found = 0;
    for (path, text) in files(".rs").into_iter().filter(|(path, _)| path.starts_with("host/")) {
        let of_program = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in of_program.split("/1\"").filter_map(|part| part.rsplit('"').next()) {
            let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
            if !name.is_empty() && name.chars().all(is_name) && text.contains("schema") {
                found += 1;
                if !page.contains(&format!("`{name}/1`")) {
                    problems.push(format!("{path}: {name}/1 is missing in docs/json.md"));
                }
            }
        }
    }
    assert!(found > 30, "only {found} names of documents were found");
    complain(&problems);
}
