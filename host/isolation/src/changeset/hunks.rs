//! Hunks: where two texts differ, line by line, on bytes. Numbers are stable for the same two texts; a
//! selection is put together by position, never by searching for text.

use git2::{DiffOptions, Patch};

/// Larger texts are taken or left whole.
const TEXT_BYTES_MAX: usize = 64 << 20;
const CONTEXT_LINES: u32 = 3;

/// One place where two texts differ, with the lines around it. Lines count from 1; of an empty side, the
/// start is the line before it, as in a unified diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Its number, from 1.
    pub index: usize,
    /// First line in the old text.
    pub old_start: usize,
    /// Lines of the old text.
    pub old_lines: usize,
    /// First line in the new text.
    pub new_start: usize,
    /// Lines of the new text.
    pub new_lines: usize,
    /// The hunk as a unified diff shows it, with its heading.
    pub text: Vec<u8>,
}

/// How two contents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextDiff {
    /// Taken or left whole: not text, or too large for a look.
    Binary,
    /// Line by line.
    Text {
        /// The places.
        hunks: Vec<Hunk>,
        /// Lines that came.
        additions: usize,
        /// Lines that went.
        deletions: usize,
    },
}

/// Compares two contents.
pub fn text_diff(old: &[u8], new: &[u8]) -> TextDiff {
    let binary = |bytes: &[u8]| bytes.len() > TEXT_BYTES_MAX || memchr::memchr(0, bytes).is_some();
    if binary(old) || binary(new) {
        return TextDiff::Binary;
    }
    // No repository, no path: no attribute and no configuration has a say.
    let mut options = DiffOptions::new();
    options.context_lines(CONTEXT_LINES).interhunk_lines(0).force_text(true);
    let Ok(patch) = Patch::from_buffers(old, None, new, None, Some(&mut options)) else {
        return TextDiff::Binary;
    };
    let mut hunks = Vec::with_capacity(patch.num_hunks());
    let (mut additions, mut deletions) = (0, 0);
    for at in 0..patch.num_hunks() {
        let Some(hunk) = hunk_of(&patch, at, &mut additions, &mut deletions) else {
            return TextDiff::Binary;
        };
        hunks.push(hunk);
    }
    TextDiff::Text { hunks, additions, deletions }
}

fn hunk_of(
    patch: &Patch<'_>,
    at: usize,
    additions: &mut usize,
    deletions: &mut usize,
) -> Option<Hunk> {
    let (hunk, lines) = patch.hunk(at).ok()?;
    let mut found = Hunk {
        index: at + 1,
        old_start: hunk.old_start() as usize,
        old_lines: hunk.old_lines() as usize,
        new_start: hunk.new_start() as usize,
        new_lines: hunk.new_lines() as usize,
        text: Vec::new(),
    };
    found.text.extend_from_slice(
        format!(
            "@@ -{} +{} @@\n",
            range(found.old_start, found.old_lines),
            range(found.new_start, found.new_lines)
        )
        .as_bytes(),
    );
    for line in 0..lines {
        let line = patch.line_in_hunk(at, line).ok()?;
        match line.origin() {
            origin @ (' ' | '+' | '-') => {
                *additions += usize::from(origin == '+');
                *deletions += usize::from(origin == '-');
                found.text.push(origin as u8);
                found.text.extend_from_slice(line.content());
            }
            // "No newline at end of file", in the three places where libgit2 says it.
            '=' | '>' | '<' => found.text.extend_from_slice(b"\n\\ No newline at end of file\n"),
            _ => {}
        }
    }
    Some(found)
}

fn range(start: usize, lines: usize) -> String {
    if lines == 1 { start.to_string() } else { format!("{start},{lines}") }
}

/// The old text with some of the hunks: `chosen` are numbers, from 1.
pub fn select(old: &[u8], new: &[u8], hunks: &[Hunk], chosen: &[usize]) -> Vec<u8> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut result = Vec::with_capacity(old.len().max(new.len()));
    let mut at = 0;
    for hunk in hunks {
        // Of an empty side, the start is the line before.
        let from = if hunk.old_lines == 0 { hunk.old_start } else { hunk.old_start - 1 };
        old_lines[at..from].iter().for_each(|line| result.extend_from_slice(line));
        if chosen.contains(&hunk.index) {
            let from = if hunk.new_lines == 0 { hunk.new_start } else { hunk.new_start - 1 };
            new_lines[from..from + hunk.new_lines].iter().for_each(|l| result.extend_from_slice(l));
        } else {
            old_lines[from..from + hunk.old_lines].iter().for_each(|l| result.extend_from_slice(l));
        }
        at = from + hunk.old_lines;
    }
    old_lines[at..].iter().for_each(|line| result.extend_from_slice(line));
    result
}

/// Lines with their ends. The last may have none.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
        match text_diff(old, new) {
            TextDiff::Text { hunks, .. } => hunks,
            TextDiff::Binary => panic!("it is text"),
        }
    }

    fn numbered(n: usize) -> String {
        (1..=n).map(|i| format!("line {i}\n")).collect()
    }

    /// Old and new texts of every kind that has ever gone wrong somewhere.
    fn pairs() -> Vec<(Vec<u8>, Vec<u8>)> {
        let long = numbered(60);
        let edited = long
            .replace("line 3\n", "LINE 3\n")
            .replace("line 30\n", "")
            .replace("line 60\n", "end");
        let repeated = "fn f() {\n    step();\n}\n\n".repeat(12);
        let fixed = {
            let mut lines: Vec<&str> = repeated.split_inclusive('\n').collect();
            lines[25] = "    fixed();\n";
            lines.concat()
        };
        vec![
            (long.clone().into(), edited.into()),
            (repeated.into(), fixed.into()),
            (b"a\nb\nc".to_vec(), b"a\nb\nc\n".to_vec()),
            (b"a\nb\nc\n".to_vec(), b"a\nb\nc".to_vec()),
            (Vec::new(), b"new\nfile".to_vec()),
            (b"old\nfile".to_vec(), Vec::new()),
            (b"one\r\ntwo\r\nthree\r\n".to_vec(), b"one\r\nTWO\r\nthree\r\n".to_vec()),
            (b"one\r\ntwo\r\n".to_vec(), b"one\ntwo\n".to_vec()),
            (b"caf\xe9\nx\n".to_vec(), b"caf\xe9\ny\n".to_vec()),
            (b"\n\n\n".to_vec(), b"\n".to_vec()),
            (long.clone().into(), format!("top\n{long}bottom\n").into()),
        ]
    }

    #[test]
    fn all_hunks_are_the_new_text_and_none_the_old() {
        for (old, new) in pairs() {
            let hunks = hunks(&old, &new);
            let all: Vec<usize> = hunks.iter().map(|hunk| hunk.index).collect();
            assert!(!all.is_empty());
            assert_eq!(
                select(&old, &new, &hunks, &all),
                new,
                "{:?}",
                String::from_utf8_lossy(&old)
            );
            assert_eq!(select(&old, &new, &hunks, &[]), old);
        }
    }

    #[test]
    fn one_hunk_lands_where_it_belongs() {
        let (old, new) = &pairs()[1];
        let found = hunks(old, new);
        assert_eq!(found.len(), 1);
        assert_eq!(&select(old, new, &found, &[1]), new);

        let (old, new) = &pairs()[0];
        let found = hunks(old, new);
        assert_eq!(found.len(), 3);
        let last = String::from_utf8(select(old, new, &found, &[3])).unwrap();
        assert!(last.contains("line 3\n") && last.contains("line 30\n") && last.ends_with("\nend"));
    }

    #[test]
    fn bytes_that_are_no_text_are_taken_whole() {
        assert_eq!(text_diff(b"a\0b", b"a\0c"), TextDiff::Binary);
    }

    #[test]
    fn the_heading_is_that_of_a_unified_diff() {
        let found = hunks(b"a\n", b"b\n");
        assert_eq!(String::from_utf8_lossy(&found[0].text), "@@ -1 +1 @@\n-a\n+b\n");
        let found = hunks(b"a", b"b\n");
        assert_eq!(
            String::from_utf8_lossy(&found[0].text),
            "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
        );
    }
}
