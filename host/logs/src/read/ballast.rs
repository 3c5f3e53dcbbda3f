//! What a run's directory holds that is no record: copies of repositories, and links that lead out of it.

use std::path::Path;

use super::answers::stamped;
use crate::run::Ballast;

/// Entries that are looked at.
const ENTRIES_MAX: usize = 2_000;

pub(super) fn read(attempt: &Path) -> Ballast {
    let mut ballast = Ballast::default();
    let Ok(entries) = std::fs::read_dir(attempt) else { return ballast };
    let mut copies = Vec::new();
    for entry in entries.filter_map(Result::ok).take(ENTRIES_MAX) {
        let path = entry.path();
        ballast.links_out += u64::from(leads_out(&path) || leads_out(&path.join("workspace")));
        if entry.file_name() == "final" {
            let winners = std::fs::read_dir(&path).into_iter().flatten().filter_map(Result::ok);
            copies.extend(winners.map(|winner| winner.path()).take(ENTRIES_MAX));
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            copies.extend(stamped(&path).into_iter().map(|(path, _)| path));
        }
    }
    let copies = copies.iter().take(ENTRIES_MAX);
    ballast.repositories =
        copies.filter(|copy| copy.join("workspace/.git").exists()).count() as u64;
    ballast
}

/// MassGen makes absolute links to where agents work; they dangle when that is gone.
fn leads_out(path: &Path) -> bool {
    std::fs::read_link(path).is_ok_and(|target| target.is_absolute())
}
