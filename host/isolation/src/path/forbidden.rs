//! File names that must never be written into a user's tree, because some version of git or some file system reads
//! them as `.git`. The list follows git's `core.protectNTFS` and `core.protectHFS` (`path.c`, `utf8.c`).

use massgen_text::{CharClass, class_of};

/// Returns the first component of a path that would be read as a git directory.
pub fn forbidden_component(path: &super::RelPath) -> Option<String> {
    path.components()
        .find(|part| is_git_directory(part))
        .map(|part| String::from_utf8_lossy(part).into_owned())
}

fn is_git_directory(part: &[u8]) -> bool {
    // Called for every path of a tree; the first byte rules out most names.
    if part.is_ascii() && !matches!(part, [b'.' | b'g' | b'G', ..]) {
        return false;
    }
    // HFS+ ignores invisible characters; NTFS drops trailing dots and spaces and everything after a colon.
    let text = String::from_utf8_lossy(part);
    let visible: String = text
        .chars()
        .filter(|c| !matches!(class_of(*c), Some(CharClass::Invisible | CharClass::Bidi)))
        .collect();
    let name = visible.split([':', '\\']).next().unwrap_or_default();
    let name = name.trim_end_matches(['.', ' ']);
    name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1")
}

#[cfg(test)]
mod tests {
    use super::super::RelPath;
    use super::*;

    #[test]
    fn recognises_disguised_git_directories() {
        for bad in [
            ".git",
            ".GIT/config",
            "a/.git/hooks",
            "git~1",
            ".git ",
            ".git.",
            ".git:x",
            ".g\u{200c}it",
            ".gi\u{61c}t",
            "\u{feff}.git",
            ".git\\a",
        ] {
            assert!(forbidden_component(&RelPath::new(bad.as_bytes()).unwrap()).is_some(), "{bad}");
        }
        for good in [".gitignore", ".github/x", "git", "a.git", ".gitmodules"] {
            assert!(
                forbidden_component(&RelPath::new(good.as_bytes()).unwrap()).is_none(),
                "{good}"
            );
        }
    }
}
