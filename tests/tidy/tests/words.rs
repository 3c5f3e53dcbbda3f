//! One word for a thing: what the glossary says a thing is not called is in no document and no message.
#![expect(clippy::unwrap_used, reason = "a test may")]

use massgen_tidy::{complain, files, root};

/// Words that are not said, each with the one that is.
fn unsaid() -> Vec<(String, String)> {
    let glossary = std::fs::read_to_string(root().join("docs/GLOSSARY.md")).unwrap();
    let mut found = Vec::new();
    for line in glossary.lines().filter(|line| line.starts_with("| **")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [word, _, not] = cells[..] else { panic!("three cells are needed: {line}") };
        for not in not.split(',').map(str::trim).filter(|not| !not.is_empty()) {
            found.push((not.to_lowercase(), word.replace("**", "")));
        }
    }
    assert!(found.len() > 40, "the glossary says little of what things are not called: {found:?}");
    found
}

/// Whether a word, or its plural, stands in a text by itself.
fn says(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-/.".contains(c));
    text.match_indices(word).any(|(at, _)| {
        let rest = &text[at + word.len()..];
        let rest = rest.strip_prefix("es").or(rest.strip_prefix('s')).unwrap_or(rest);
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/');
        ends && !is_part(text[..at].chars().next_back())
    })
}

/// A document without blocks and spans of code.
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

/// What a source says to people: doc comments, which are the help of commands, and strings.
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
fn things_are_called_by_their_words() {
    let documents = files(".md").into_iter().filter(|(path, _)| {
        (path.starts_with("docs/") && !path.ends_with("GLOSSARY.md")) || path == "README.md"
    });
    let sources = files(".rs").into_iter().filter(|(path, _)| {
        path.starts_with("host/cli/src/commands/") && !path.ends_with("tests.rs")
    });
    let said = documents
        .map(|(path, text)| (path, prose(&text)))
        .chain(sources.map(|(path, text)| (path, messages(&text))));
    let unsaid = unsaid();
    let mut problems = Vec::new();
    for (path, lines) in said {
        for (number, line) in lines {
            for (not, word) in unsaid.iter().filter(|(not, _)| says(&line, not)) {
                problems
                    .push(format!("{path}:{number}: `{not}` is called {word} (docs/GLOSSARY.md)"));
            }
        }
    }
    complain(&problems);
}

#[test]
fn a_word_is_found_by_itself_and_in_the_plural() {
    assert!(says("two chunks of it", "chunk") && says("a patch-set, a chunk.", "chunk"));
    assert!(
        !says("chunky", "chunk") && !says("a_chunk", "chunk") && !says("src/chunk.rs", "chunk")
    );
}
