//! Three-way merge of texts.

use git2::MergeFileInput;

/// A line that texts are unlikely to contain, put before all three sides.
const SENTINEL_LINE: &[u8] = b"\x02\n";

/// Merges two descendants of a text. Returns `None` if both changed the same lines, or if a side is binary.
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if [base, ours, theirs].iter().any(|side| side.contains(&0)) {
        return None;
    }
    // git2 0.21 builds a slice from a null pointer when a merge result is empty. A first line common to all
    // sides keeps the result non-empty.
    let [base, ours, theirs] = [base, ours, theirs].map(|side| [SENTINEL_LINE, side].concat());
    // git2 0.21 initialises libgit2 in most of its types, but not in those of a merge.
    drop(git2::Buf::new());
    let (mut a, mut b, mut c) =
        (MergeFileInput::new(), MergeFileInput::new(), MergeFileInput::new());
    a.content(&base);
    b.content(&ours);
    c.content(&theirs);
    let merged = git2::merge_file(&a, &b, &c, None).ok()?;
    merged
        .is_automergeable()
        .then(|| merged.content().strip_prefix(SENTINEL_LINE))?
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_apart_merge_and_edits_of_one_line_conflict() {
        let base = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let ours = b"one\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let theirs = b"1\n2\n3\n4\n5\n6\n7\n8\nnine";
        assert_eq!(merge_text(base, ours, theirs).unwrap(), b"one\n2\n3\n4\n5\n6\n7\n8\nnine");
        assert_eq!(merge_text(base, b"x\n", b"y\n"), None);
        // Both sides are empty.
        assert_eq!(merge_text(b"1\n", b"", b"").unwrap(), b"");
        assert_eq!(merge_text(b"a\0", b"b", b"c"), None);
    }
}
