//! Hunks: the differences between two texts, line by line and on raw bytes. Numbers are stable for the same
//! two texts. Selections are applied by position, never by searching for text. Attributes, configuration and
//! file names have no influence.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::lines::Lines;

/// Maximum size of texts that are compared by line.
const TEXT_BYTES_MAX: usize = 64 << 20;
const CONTEXT_LINES: usize = 3;

/// A group of nearby differences with context lines. Lines are numbered from 1; an empty side starts at the
/// line before it, as in a unified diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Number of the hunk, from 1.
    pub index: usize,
    /// First line in the old text.
    pub old_start: usize,
    /// Number of lines in the old text.
    pub old_lines: usize,
    /// First line in the new text.
    pub new_start: usize,
    /// Number of lines in the new text.
    pub new_lines: usize,
    /// The differences, in order, separated by common lines.
    pub blocks: Vec<Block>,
}

/// A run of removed and added lines, as indexes from 0 into the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Removed lines of the old text.
    pub old: Range<usize>,
    /// Added lines of the new text.
    pub new: Range<usize>,
}

/// A whole hunk, or some of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkPart {
    /// Number of the hunk, from 1.
    pub hunk: usize,
    /// Changed lines, numbered from 1 in the order of the diff. `None` selects all.
    pub lines: Option<Vec<usize>>,
}

/// The difference of two contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextDiff {
    /// Not compared by line: binary, or too large.
    Binary,
    /// Compared by line.
    Text {
        /// The hunks.
        hunks: Vec<Hunk>,
        /// Number of added lines.
        additions: usize,
        /// Number of removed lines.
        deletions: usize,
    },
}

/// Compares two contents.
pub fn text_diff(old: &[u8], new: &[u8]) -> TextDiff {
    let binary = |bytes: &[u8]| bytes.len() > TEXT_BYTES_MAX || memchr::memchr(0, bytes).is_some();
    if binary(old) || binary(new) {
        return TextDiff::Binary;
    }
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let blocks = diff.hunks().map(|hunk| Block {
        old: hunk.before.start as usize..hunk.before.end as usize,
        new: hunk.after.start as usize..hunk.after.end as usize,
    });
    let (mut additions, mut deletions) = (0, 0);
    let mut groups: Vec<Vec<Block>> = Vec::new();
    for block in blocks {
        additions += block.new.len();
        deletions += block.old.len();
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| block.old.start - last.old.end <= 2 * CONTEXT_LINES) =>
            {
                group.push(block);
            }
            _ => groups.push(vec![block]),
        }
    }
    let (old_total, new_total) = (input.before.len(), input.after.len());
    let hunks = groups.into_iter().enumerate();
    let hunks = hunks.map(|(at, blocks)| hunk(at + 1, blocks, old_total, new_total)).collect();
    TextDiff::Text { hunks, additions, deletions }
}

fn hunk(index: usize, blocks: Vec<Block>, old_total: usize, new_total: usize) -> Hunk {
    let span = |from: usize, to: usize, total: usize| {
        let start = from.saturating_sub(CONTEXT_LINES);
        start..(to + CONTEXT_LINES).min(total)
    };
    let (first, last) = (&blocks[0], &blocks[blocks.len() - 1]);
    let old = span(first.old.start, last.old.end, old_total);
    let new = span(first.new.start, last.new.end, new_total);
    let start = |range: &Range<usize>| if range.is_empty() { range.start } else { range.start + 1 };
    Hunk {
        index,
        old_start: start(&old),
        old_lines: old.len(),
        new_start: start(&new),
        new_lines: new.len(),
        blocks,
    }
}

impl HunkPart {
    /// Selects a whole hunk.
    pub fn whole(hunk: usize) -> Self {
        Self { hunk, lines: None }
    }
}

impl Hunk {
    /// Returns the range in the old text, as indexes from 0.
    pub fn old_range(&self) -> Range<usize> {
        let start = if self.old_lines == 0 { self.old_start } else { self.old_start - 1 };
        start..start + self.old_lines
    }

    /// Returns the range in the new text, as indexes from 0.
    pub fn new_range(&self) -> Range<usize> {
        let start = if self.new_lines == 0 { self.new_start } else { self.new_start - 1 };
        start..start + self.new_lines
    }

    /// Returns the number of removed and added lines.
    pub fn changed_lines(&self) -> usize {
        self.blocks.iter().map(|block| block.old.len() + block.new.len()).sum()
    }

    /// Returns the heading, such as `@@ -1,4 +1,5 @@`.
    pub fn heading(&self) -> String {
        let range = |start: usize, lines: usize| {
            if lines == 1 { start.to_string() } else { format!("{start},{lines}") }
        };
        format!(
            "@@ -{} +{} @@",
            range(self.old_start, self.old_lines),
            range(self.new_start, self.new_lines)
        )
    }

    /// Returns the hunk as in a unified diff, with its heading.
    pub fn text<T: AsRef<[u8]>>(&self, old: &Lines<T>, new: &Lines<T>) -> Vec<u8> {
        let mut text = self.heading().into_bytes();
        text.push(b'\n');
        self.body(old, new, &mut text);
        text
    }

    /// Returns a key that stays the same when the hunk's number or its position in the new text changes.
    pub fn key<T: AsRef<[u8]>>(&self, old: &Lines<T>, new: &Lines<T>) -> String {
        let mut text = format!("{}\n", self.old_start).into_bytes();
        self.body(old, new, &mut text);
        blake3::hash(&text).to_hex()[..32].to_string()
    }

    fn body<T: AsRef<[u8]>>(&self, old: &Lines<T>, new: &Lines<T>, text: &mut Vec<u8>) {
        let mut put = |sign: u8, line: &[u8]| {
            text.push(sign);
            text.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                text.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        };
        let range = self.old_range();
        let mut at = range.start;
        for block in &self.blocks {
            (at..block.old.start).for_each(|line| put(b' ', old.get(line)));
            block.old.clone().for_each(|line| put(b'-', old.get(line)));
            block.new.clone().for_each(|line| put(b'+', new.get(line)));
            at = block.old.end;
        }
        (at..range.end).for_each(|line| put(b' ', old.get(line)));
    }
}

/// Applies hunks to the old text. `chosen` are hunk numbers, from 1.
pub fn select(old: &[u8], new: &[u8], hunks: &[Hunk], chosen: &[usize]) -> Vec<u8> {
    let parts: Vec<HunkPart> = chosen.iter().map(|hunk| HunkPart::whole(*hunk)).collect();
    select_parts(old, new, hunks, &parts)
}

/// Applies hunks, or some of their lines, to the old text.
pub fn select_parts(old: &[u8], new: &[u8], hunks: &[Hunk], parts: &[HunkPart]) -> Vec<u8> {
    let (old_lines, new_lines) = (Lines::of(old), Lines::of(new));
    let mut result = Vec::with_capacity(old.len().max(new.len()));
    let mut at = 0;
    for hunk in hunks {
        let Some(part) = parts.iter().find(|part| part.hunk == hunk.index) else { continue };
        let mut number = 0;
        for block in &hunk.blocks {
            result.extend_from_slice(old_lines.slice(at..block.old.start));
            at = block.old.end;
            match &part.lines {
                None => result.extend_from_slice(new_lines.slice(block.new.clone())),
                Some(chosen) => {
                    let mut wants = || {
                        number += 1;
                        chosen.contains(&number)
                    };
                    for line in block.old.clone() {
                        if !wants() {
                            add(&mut result, old_lines.get(line));
                        }
                    }
                    for line in block.new.clone() {
                        if wants() {
                            add(&mut result, new_lines.get(line));
                        }
                    }
                }
            }
        }
    }
    if at < old_lines.len() {
        add(&mut result, old_lines.slice(at..old_lines.len()));
    }
    result
}

/// Appends lines. A last line without a line feed gets one if something follows it.
fn add(result: &mut Vec<u8>, lines: &[u8]) {
    if !lines.is_empty() && result.last().is_some_and(|last| *last != b'\n') {
        result.push(b'\n');
    }
    result.extend_from_slice(lines);
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

    /// Pairs of old and new texts, chosen for known edge cases.
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
    fn all_hunks_make_the_new_text_and_no_hunks_the_old() {
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
    fn a_single_hunk_is_applied_at_its_position() {
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
    fn binary_content_has_no_hunks() {
        assert_eq!(text_diff(b"a\0b", b"a\0c"), TextDiff::Binary);
    }

    #[test]
    fn the_heading_matches_a_unified_diff() {
        let found = hunks(b"a\n", b"b\n");
        let text = |old: &[u8], new: &[u8], hunk: &Hunk| {
            String::from_utf8(hunk.text(&Lines::of(old), &Lines::of(new))).unwrap()
        };
        assert_eq!(text(b"a\n", b"b\n", &found[0]), "@@ -1 +1 @@\n-a\n+b\n");
        let found = hunks(b"a", b"b\n");
        assert_eq!(
            text(b"a", b"b\n", &found[0]),
            "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
        );
    }

    #[test]
    fn lines_of_a_hunk_are_selected_one_by_one() {
        let (old, new) = (&b"a\nb\nc\n"[..], &b"a\nB\nC\nc\nd"[..]);
        let found = hunks(old, new);
        assert_eq!((found.len(), found[0].changed_lines()), (1, 4));
        let with = |lines: &[usize]| {
            let part = HunkPart { hunk: 1, lines: Some(lines.to_vec()) };
            String::from_utf8(select_parts(old, new, &found, &[part])).unwrap()
        };
        assert_eq!(with(&[]), "a\nb\nc\n");
        assert_eq!(with(&[1]), "a\nc\n");
        assert_eq!(with(&[2, 4]), "a\nb\nB\nc\nd");
        assert_eq!(with(&[1, 2, 3, 4]).as_bytes(), new);
        // A line without a line feed, followed by another line.
        let found = hunks(b"x", b"y\nz");
        let part = HunkPart { hunk: 1, lines: Some(vec![2]) };
        assert_eq!(select_parts(b"x", b"y\nz", &found, &[part]), b"x\ny\n");
    }

    /// Hunks are numbered as in git.
    #[test]
    fn hunks_match_those_of_libgit2() {
        for (old, new) in pairs() {
            let mut options = git2::DiffOptions::new();
            options.context_lines(3).interhunk_lines(0).force_text(true);
            let patch =
                git2::Patch::from_buffers(&old, None, &new, None, Some(&mut options)).unwrap();
            let theirs: Vec<(u32, u32, u32, u32)> = (0..patch.num_hunks())
                .map(|at| patch.hunk(at).unwrap().0)
                .map(|h| (h.old_start(), h.old_lines(), h.new_start(), h.new_lines()))
                .collect();
            let ours: Vec<(u32, u32, u32, u32)> = hunks(&old, &new)
                .iter()
                .map(|h| {
                    (h.old_start as u32, h.old_lines as u32, h.new_start as u32, h.new_lines as u32)
                })
                .collect();
            assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(&new));
        }
    }
}
