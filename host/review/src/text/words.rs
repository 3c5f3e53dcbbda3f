//! Which words of a line changed.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// Longer lines are not looked into.
const LINE_BYTES_MAX: usize = 4096;
/// Lines that share less than this part are simply two lines.
const SHARED_MIN: f64 = 0.3;

/// The bytes that differ between two versions of a line; nothing if they have little in common.
pub(crate) fn changed_words(old: &[u8], new: &[u8]) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if old.len() > LINE_BYTES_MAX || new.len() > LINE_BYTES_MAX {
        return (Vec::new(), Vec::new());
    }
    let (old_words, new_words) = (words(old), words(new));
    let mut input = InternedInput::default();
    input.update_before(old_words.iter().map(|word| &old[word.clone()]));
    input.update_after(new_words.iter().map(|word| &new[word.clone()]));
    let diff = Diff::compute(Algorithm::Myers, &input);
    let shared: usize = (0..old_words.len())
        .filter(|at| !diff.is_removed(*at as u32))
        .map(|at| &old[old_words[at].clone()])
        .map(|word| if word.trim_ascii().is_empty() { 0 } else { word.len() })
        .sum();
    let length = |line: &[u8]| line.iter().filter(|b| !b.is_ascii_whitespace()).count();
    let longer = length(old).max(length(new));
    if longer > 0 && (shared as f64) < longer as f64 * SHARED_MIN {
        return (Vec::new(), Vec::new());
    }
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    for hunk in diff.hunks() {
        push(&mut gone, &old_words[hunk.before.start as usize..hunk.before.end as usize]);
        push(&mut came, &new_words[hunk.after.start as usize..hunk.after.end as usize]);
    }
    (gone, came)
}

fn push(ranges: &mut Vec<Range<usize>>, words: &[Range<usize>]) {
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        ranges.push(first.start..last.end);
    }
}

/// Names and numbers, runs of blanks, and every other character alone.
fn words(line: &[u8]) -> Vec<Range<usize>> {
    let kind = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 => 0,
        b' ' | b'\t' => 1,
        _ => 2,
    };
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, byte) in line.iter().enumerate() {
        match words.last_mut() {
            Some(last) if kind(*byte) < 2 && kind(line[last.start]) == kind(*byte) => {
                last.end = at + 1;
            }
            _ => words.push(at..at + 1),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_differ() {
        let (old, new) = (b"let total = a + b;", b"let sum = a + b + c;");
        let (gone, came) = changed_words(old, new);
        assert_eq!((gone.len(), gone[0].clone()), (1, 4..9));
        assert_eq!(came, [4..7, 15..19]);
        assert_eq!(changed_words(b"nothing alike", b"{};"), (vec![], vec![]));
        assert!(changed_words(b"", b"x").0.is_empty());
    }
}
