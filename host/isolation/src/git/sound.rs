//! Whether git can be asked about what an agent could write: a pipe among git's own files holds it up for ever.

use std::fs;
use std::path::Path;

use super::command::GitError;

/// Refuses a directory of git's with anything in it that is no file and no directory, and no link to one.
pub(crate) fn check(dir: &Path) -> Result<(), GitError> {
    let mut dirs = vec![dir.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        let file = |source| GitError::File { path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(file)? {
            let entry = entry.map_err(file)?;
            let kind = entry.file_type().map_err(file)?;
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if !kind.is_file() {
                check_file(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Refuses what git reads among the files of a work tree, for paths of these directories.
pub(crate) fn check_attributes<'a>(
    root: &Path,
    dirs: impl Iterator<Item = &'a Path>,
) -> Result<(), GitError> {
    let mut seen = std::collections::BTreeSet::new();
    for dir in dirs {
        for dir in dir.ancestors() {
            if !seen.insert(dir) {
                break;
            }
            check_file(&root.join(dir).join(".gitattributes"))?;
        }
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<(), GitError> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => Err(GitError::Special(path.to_path_buf())),
        // What is not there, or leads nowhere, is git's to judge.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode};

    use super::*;

    #[test]
    fn names_what_git_would_wait_at() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("refs/heads")).unwrap();
        fs::write(at("HEAD"), "ref: refs/heads/main\n").unwrap();
        std::os::unix::fs::symlink("nowhere", at("refs/heads/dangling")).unwrap();
        std::os::unix::fs::symlink("HEAD", at("ORIG_HEAD")).unwrap();
        check(dir.path()).unwrap();

        std::os::unix::fs::symlink("/dev/zero", at("refs/heads/endless")).unwrap();
        let refused = check(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("refs/heads/endless is a pipe or a device"), "{refused}");
        fs::remove_file(at("refs/heads/endless")).unwrap();

        rustix::fs::mkfifoat(CWD, at("index"), Mode::RUSR | Mode::WUSR).unwrap();
        let refused = check(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("index is a pipe or a device"), "{refused}");
    }

    #[test]
    fn attributes_count_from_the_root_down() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        rustix::fs::mkfifoat(CWD, dir.path().join("a/.gitattributes"), Mode::RUSR).unwrap();
        let checked = |path: &str| check_attributes(dir.path(), [Path::new(path)].into_iter());
        assert!(matches!(checked("a/b"), Err(GitError::Special(_))));
        checked("c").unwrap();
    }
}
