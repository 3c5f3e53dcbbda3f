//! Documents and messages do not use the words that the glossary refuses.
#![expect(clippy::unwrap_used, reason = "a test may")]

use massgen_tidy::{complain, files, root};

/// Returns refused words, each with its replacement.
fn refused() -> Vec<(String, String)> {
    let glossary = std::fs::read_to_string(root().join("docs/GLOSSARY.md")).unwrap();
    let mut found = Vec::new();
    for line in glossary.lines().filter(|line| line.starts_with("| **")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [word, _, not] = cells[..] else { panic!("three cells are needed: {line}") };
        for not in not.split(',').map(str::trim).filter(|not| !not.is_empty()) {
            found.push((not.to_lowercase(), word.replace("**", "")));
        }
    }
    assert!(found.len() > 40, "the glossary refuses only {found:?}");
    found
}

/// Returns whether a text contains a word or its plural as a whole word.
fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-/.".contains(c));
    text.match_indices(word).any(|(at, _)| {
        let rest = &text[at + word.len()..];
        let rest = rest.strip_prefix("es").or(rest.strip_prefix('s')).unwrap_or(rest);
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/');
        ends && !is_part(text[..at].chars().next_back())
    })
}

/// Returns the lines of a document without code blocks and spans.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut in_block = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            found.push((at + 1, outside.to_lowercase()));
        }
    }
    found
}

/// Returns the doc comments (the help of commands) and strings of a source.
fn messages(text: &str) -> Vec<(usize, String)> {
    let of_program = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, line) in of_program.lines().enumerate() {
        let said = match line.trim_start().strip_prefix("///") {
            Some(doc) => doc.split('`').step_by(2).collect::<Vec<_>>().join("`"),
            None => line.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\""),
        };
        found.push((at + 1, said.to_lowercase()));
    }
    found
}

#[test]
fn refused_words_are_not_used() {
    let documents = files(".md").into_iter().filter(|(path, _)| {
        (path.starts_with("docs/") && !path.ends_with("GLOSSARY.md")) || path == "README.md"
    });
    let sources = files(".rs").into_iter().filter(|(path, _)| {
        path.starts_with("host/cli/src/commands/") && !path.ends_with("tests.rs")
    });
    let said = documents
        .map(|(path, text)| (path, prose(&text)))
        .chain(sources.map(|(path, text)| (path, messages(&text))));
    let refused = refused();
    let mut problems = Vec::new();
    for (path, lines) in said {
        for (number, line) in lines {
            for (not, word) in refused.iter().filter(|(not, _)| contains_word(&line, not)) {
                problems
                    .push(format!("{path}:{number}: `{not}` should be {word} (docs/GLOSSARY.md)"));
            }
        }
    }
    complain(&problems);
}

#[test]
fn whole_words_and_plurals_are_found() {
    assert!(
        contains_word("two chunks of it", "chunk")
            && contains_word("a patch-set, a chunk.", "chunk")
    );
    assert!(
        !contains_word("chunky", "chunk")
            && !contains_word("a_chunk", "chunk")
            && !contains_word("src/chunk.rs", "chunk")
    );
}
