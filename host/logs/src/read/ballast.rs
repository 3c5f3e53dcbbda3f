//! Counts files of an attempt that are not records: copies of repositories, and links that point outside the run.

use std::path::Path;

use super::answers::timestamped;
use crate::run::Ballast;

/// Maximum number of directory entries examined.
const ENTRIES_MAX: usize = 2_000;

pub(super) fn read(attempt: &Path) -> Ballast {
    let mut ballast = Ballast::default();
    let Ok(entries) = std::fs::read_dir(attempt) else { return ballast };
    let mut copies = Vec::new();
    for entry in entries.filter_map(Result::ok).take(ENTRIES_MAX) {
        let path = entry.path();
        ballast.links_out +=
            u64::from(points_outside(&path) || points_outside(&path.join("workspace")));
        if entry.file_name() == "final" {
            let winners = std::fs::read_dir(&path).into_iter().flatten().filter_map(Result::ok);
            copies.extend(winners.map(|winner| winner.path()).take(ENTRIES_MAX));
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            copies.extend(timestamped(&path).into_iter().map(|(path, _)| path));
        }
    }
    let copies = copies.iter().take(ENTRIES_MAX);
    ballast.repositories =
        copies.filter(|copy| copy.join("workspace/.git").exists()).count() as u64;
    ballast
}

/// Returns whether a path is one of the absolute links that MassGen makes to working directories. They dangle once
/// the directories are deleted.
fn points_outside(path: &Path) -> bool {
    std::fs::read_link(path).is_ok_and(|target| target.is_absolute())
}
