//! Facts for strategies, from a short look at source and target.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{GitFacts, SourceFacts, TargetFacts};
use crate::git::{Repository, Sparse};

/// Time limit for counting. Strategies decide on orders of magnitude.
const COUNTING_TIME_MAX: Duration = Duration::from_millis(20);

/// Collects facts about the source.
pub fn gather(root: &Path, repository: Option<&Repository>, single_file: bool) -> SourceFacts {
    let mut facts =
        SourceFacts { git: repository.map(git_facts), single_file, ..SourceFacts::default() };
    let started = Instant::now();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        if started.elapsed() > COUNTING_TIME_MAX {
            facts.counts_partial = true;
            break;
        }
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    dirs.push(entry.path());
                }
            } else if kind.is_symlink() {
                facts.symlinks += 1;
            } else if let Ok(meta) = entry.metadata() {
                facts.files += 1;
                facts.total_bytes += meta.len();
                facts.largest_file_bytes = facts.largest_file_bytes.max(meta.len());
            }
        }
    }
    facts
}

fn git_facts(repository: &Repository) -> GitFacts {
    GitFacts {
        head_commit: repository.head.clone(),
        branch: repository.branch.clone(),
        object_format: repository.object_format.clone(),
        shallow: repository.shallow,
        partial_clone: repository.config.is_partial(),
        sparse: repository.sparse() != Sparse::No,
        lfs: repository.config.has_lfs(),
        linked_worktree: repository.is_linked(),
        operation: repository.operation().map(String::from),
        locked: repository.gitdir.join("index.lock").exists(),
    }
}

/// Collects facts about the directory for the copy.
pub fn gather_target(source: &Path, target: &Path) -> TargetFacts {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| path.metadata().map(|meta| meta.dev()).ok();
    let free_bytes = rustix::fs::statvfs(target).map_or(0, |fs| fs.f_bavail * fs.f_frsize);
    TargetFacts {
        same_filesystem: device(source).is_some() && device(source) == device(target),
        free_bytes,
        os: std::env::consts::OS.to_string(),
    }
}
