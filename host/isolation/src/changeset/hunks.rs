//! Hunks: where two texts differ, line by line, on bytes. Numbers are stable for the same two texts; a
//! selection is put together by position, never by searching for text. No attribute, no configuration and
//! no name has a say.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::lines::Lines;

/// Larger texts are taken or left whole.
const TEXT_BYTES_MAX: usize = 64 << 20;
const CONTEXT_LINES: usize = 3;

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
    /// What differs, in order; between them stand lines that both texts have.
    pub blocks: Vec<Block>,
}

/// Lines that went and lines that came in their place, counted from 0 within the whole texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Lines of the old text that are gone.
    pub old: Range<usize>,
    /// Lines of the new text that came.
    pub new: Range<usize>,
}

/// A hunk, or some of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkPart {
    /// The hunk, from 1.
    pub hunk: usize,
    /// Which of its changed lines, from 1 in the order of the diff; none: all of them.
    pub lines: Option<Vec<usize>>,
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
    /// A whole hunk.
    pub fn whole(hunk: usize) -> Self {
        Self { hunk, lines: None }
    }
}

impl Hunk {
    /// Its lines in the old text, counted from 0.
    pub fn old_range(&self) -> Range<usize> {
        let start = if self.old_lines == 0 { self.old_start } else { self.old_start - 1 };
        start..start + self.old_lines
    }

    /// Its lines in the new text, counted from 0.
    pub fn new_range(&self) -> Range<usize> {
        let start = if self.new_lines == 0 { self.new_start } else { self.new_start - 1 };
        start..start + self.new_lines
    }

    /// How many of its lines went or came.
    pub fn changed_lines(&self) -> usize {
        self.blocks.iter().map(|block| block.old.len() + block.new.len()).sum()
    }

    /// `@@ -1,4 +1,5 @@`
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

    /// The hunk as a unified diff shows it, with its heading.
    pub fn text<T: AsRef<[u8]>>(&self, old: &Lines<T>, new: &Lines<T>) -> Vec<u8> {
        let mut text = self.heading().into_bytes();
        text.push(b'\n');
        self.body(old, new, &mut text);
        text
    }

    /// Stands for the hunk, wherever its number and its place in the new text have gone.
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

/// The old text with some of the hunks: `chosen` are numbers, from 1.
pub fn select(old: &[u8], new: &[u8], hunks: &[Hunk], chosen: &[usize]) -> Vec<u8> {
    let parts: Vec<HunkPart> = chosen.iter().map(|hunk| HunkPart::whole(*hunk)).collect();
    select_parts(old, new, hunks, &parts)
}

/// The old text with some of the hunks, or of their lines.
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

/// Adds lines. A last line without an end gets one when something follows it.
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
    fn lines_of_a_hunk_are_taken_one_by_one() {
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
        // A line without an end, with one behind it.
        let found = hunks(b"x", b"y\nz");
        let part = HunkPart { hunk: 1, lines: Some(vec![2]) };
        assert_eq!(select_parts(b"x", b"y\nz", &found, &[part]), b"x\ny\n");
    }

    /// Numbers of hunks are those that git would give.
    #[test]
    fn hunks_are_those_of_libgit2() {
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
