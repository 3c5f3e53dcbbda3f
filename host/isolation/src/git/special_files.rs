//! Rejects special files in directories that an agent could write: git blocks on a pipe in place of one of its files.

use std::fs;
use std::path::Path;

use super::command::GitError;

/// Fails if a git directory contains a pipe, a socket, a device, or a link to one.
pub(crate) fn reject(dir: &Path) -> Result<(), GitError> {
    let mut dirs = vec![dir.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        let file = |source| GitError::File { path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(file)? {
            let entry = entry.map_err(file)?;
            let kind = entry.file_type().map_err(file)?;
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if !kind.is_file() {
                reject_file(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Fails if a `.gitattributes` file that applies to one of these directories is a special file.
pub(crate) fn reject_in_attributes<'a>(
    root: &Path,
    dirs: impl Iterator<Item = &'a Path>,
) -> Result<(), GitError> {
    let mut seen = std::collections::BTreeSet::new();
    for dir in dirs {
        for dir in dir.ancestors() {
            if !seen.insert(dir) {
                break;
            }
            reject_file(&root.join(dir).join(".gitattributes"))?;
        }
    }
    Ok(())
}

fn reject_file(path: &Path) -> Result<(), GitError> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => Err(GitError::Special(path.to_path_buf())),
        // Missing files and dangling links are left to git.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode};

    use super::*;

    #[test]
    fn rejects_special_files_in_a_git_directory() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("refs/heads")).unwrap();
        fs::write(at("HEAD"), "ref: refs/heads/main\n").unwrap();
        std::os::unix::fs::symlink("nowhere", at("refs/heads/dangling")).unwrap();
        std::os::unix::fs::symlink("HEAD", at("ORIG_HEAD")).unwrap();
        reject(dir.path()).unwrap();

        std::os::unix::fs::symlink("/dev/zero", at("refs/heads/endless")).unwrap();
        let refused = reject(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("refs/heads/endless is a pipe or a device"), "{refused}");
        fs::remove_file(at("refs/heads/endless")).unwrap();

        rustix::fs::mkfifoat(CWD, at("index"), Mode::RUSR | Mode::WUSR).unwrap();
        let refused = reject(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("index is a pipe or a device"), "{refused}");
    }

    #[test]
    fn checks_attributes_of_all_parents() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        rustix::fs::mkfifoat(CWD, dir.path().join("a/.gitattributes"), Mode::RUSR).unwrap();
        let checked = |path: &str| reject_in_attributes(dir.path(), [Path::new(path)].into_iter());
        assert!(matches!(checked("a/b"), Err(GitError::Special(_))));
        checked("c").unwrap();
    }
}
