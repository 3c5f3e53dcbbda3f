//! Time stamps of files with uncommitted changes. The private repository compares whole seconds, so that the
//! copied index stays valid for unchanged files. A file changed in the second in which the index was written
//! would look unchanged too. Its copy is therefore dated now, which is never older than the copied index, so
//! git reads it.

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW};

use crate::baseline::Baseline;
use crate::entry::{Node, Stamp};
use crate::path::RelPath;

/// Sets the times of changed files to now and stamps them again. `paths` are relative to `repository`.
pub(super) fn date_changed(
    baseline: &mut Baseline,
    workspace: &std::path::Path,
    repository: &RelPath,
    paths: &[Vec<u8>],
) -> std::io::Result<()> {
    for path in paths {
        let Ok(path) = RelPath::new(path).map(|path| path.below(repository)) else { continue };
        let Ok(at) = baseline.entries.binary_search_by(|entry| entry.path.cmp(&path)) else {
            continue;
        };
        let entry = &mut baseline.entries[at];
        if !matches!(entry.node, Node::File { .. }) {
            continue;
        }
        let file = workspace.join(path.as_path());
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        rustix::fs::utimensat(CWD, &file, &times, AtFlags::SYMLINK_NOFOLLOW)?;
        let stat = rustix::fs::statat(CWD, &file, AtFlags::SYMLINK_NOFOLLOW)?;
        entry.stamp = Stamp::from(&stat);
    }
    Ok(())
}
