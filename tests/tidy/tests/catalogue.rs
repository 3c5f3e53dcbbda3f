//! Every id of an edge case or defect that the repository cites is described in the catalogue.

use std::collections::BTreeSet;

use massgen_tidy::{complain, files, root};

/// Ids such as `B2.43` and `M20` in a text, each with its line.
fn ids(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
        let words = words.map(|word| word.trim_matches('.')).filter(|word| is_id(word));
        found.extend(words.map(|word| (at + 1, word)));
    }
    found
}

fn is_id(word: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word.split_at_checked(1) {
        Some(("B", rest)) => rest
            .split_once('.')
            .is_some_and(|(chapter, case)| is_number(chapter) && is_number(case)),
        Some(("M", rest)) => is_number(rest),
        _ => false,
    }
}

#[test]
fn every_cited_id_is_in_the_catalogue() {
    let catalogue = std::fs::read_to_string(root().join("docs/catalogue.md")).unwrap();
    let rows: Vec<&str> =
        catalogue.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let rows: Vec<&str> = rows.into_iter().filter(|word| is_id(word)).collect();
    let known: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(known.len(), rows.len(), "an id is listed twice in docs/catalogue.md");
    let mut problems = Vec::new();
    let mut cited = 0;
    for (path, text) in [".toml", ".md", ".rs", ".py", ".sh"].into_iter().flat_map(files) {
        // This file cites ids that do not exist.
        if path == "docs/catalogue.md" || path.ends_with("tidy/tests/catalogue.rs") {
            continue;
        }
        for (line, id) in ids(&text) {
            cited += 1;
            if !known.contains(id) {
                problems.push(format!("{path}:{line}: {id} has no line in docs/catalogue.md"));
            }
        }
    }
    assert!(cited > 200, "only {cited} citations were found");
    complain(&problems);
}

#[test]
fn ids_are_found_as_whole_words() {
    let text = "rows = [\"B2.43\", \"M7\"] (B5.100, M38).\n| M6 | 8M2 B2 BM1 M1x B1.x u-M2 2026-M1";
    let found: Vec<_> = ids(text).into_iter().map(|(_, id)| id).collect();
    assert_eq!(found, ["B2.43", "M7", "B5.100", "M38", "M6"]);
}
