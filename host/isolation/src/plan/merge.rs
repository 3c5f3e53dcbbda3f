//! Three-way merge of texts.

use git2::MergeFileInput;

/// No line of a text, most likely, so that nothing slides over it.
const FIRST_LINE: &[u8] = b"\x02\n";

/// Merges two descendants of a text; none if both changed the same lines, or if one is not text.
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if [base, ours, theirs].iter().any(|side| side.contains(&0)) {
        return None;
    }
    // git2 0.21 makes a slice of a null pointer of a merge that leaves nothing: a line that all sides have
    // before everything else sees to it that something is left.
    let [base, ours, theirs] = [base, ours, theirs].map(|side| [FIRST_LINE, side].concat());
    // git2 0.21 starts libgit2 in most of its types, and forgets it in those of a merge.
    drop(git2::Buf::new());
    let (mut a, mut b, mut c) =
        (MergeFileInput::new(), MergeFileInput::new(), MergeFileInput::new());
    a.content(&base);
    b.content(&ours);
    c.content(&theirs);
    let merged = git2::merge_file(&a, &b, &c, None).ok()?;
    merged
        .is_automergeable()
        .then(|| merged.content().strip_prefix(FIRST_LINE))?
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apart_they_merge_together_they_do_not() {
        let base = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let ours = b"one\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let theirs = b"1\n2\n3\n4\n5\n6\n7\n8\nnine";
        assert_eq!(merge_text(base, ours, theirs).unwrap(), b"one\n2\n3\n4\n5\n6\n7\n8\nnine");
        assert_eq!(merge_text(base, b"x\n", b"y\n"), None);
        // Both took everything away.
        assert_eq!(merge_text(b"1\n", b"", b"").unwrap(), b"");
        assert_eq!(merge_text(b"a\0", b"b", b"c"), None);
    }
}
