//! Shrinks an archive: files equal to the baseline are removed, after a list of them is saved. The agent's
//! work stays.

use std::path::Path;

use super::{ArchiveError, io};
use crate::baseline::{self, Origin};
use crate::entry::Node;
use crate::path::RelPath;
use crate::session::{Session, read_json, write_json};

/// Name of the list of removed files.
pub(super) const LIST: &str = "thinned.json";

/// Thins an archive and returns the number of freed bytes.
pub(super) fn thin(session: &Session, dir: &Path) -> Result<u64, ArchiveError> {
    let Some(archive) = tree_of(session, dir) else { return Ok(0) };
    let list = dir.join(LIST);
    let baseline = baseline::load(&dir.join("baseline"))?;
    if list.exists() {
        // A crash may have left some of the files.
        return take_out(&archive, &read_json::<Vec<RelPath>>(&list)?);
    }
    let roots = baseline::Roots { project: session.project.0.clone(), workspace: archive.clone() };
    let scan = crate::scan::scan(&baseline, &roots)
        .map_err(|error| ArchiveError::Io { path: error.path, source: error.source })?;
    let changed: std::collections::HashSet<&RelPath> =
        scan.touched.iter().map(|(path, _)| path).chain(&scan.gone).collect();
    let hidden: Vec<&RelPath> = scan.unreadable.iter().map(|left| &left.path).collect();
    let same = baseline.entries.iter().filter(|entry| {
        matches!(entry.node, Node::File { .. })
            && entry.origin != Origin::GitInternal
            && !changed.contains(&entry.path)
            && !hidden.iter().any(|dir| entry.path.is_within(dir))
    });
    let paths: Vec<RelPath> = same.map(|entry| entry.path.clone()).collect();
    write_json(&list, &paths)?;
    take_out(&archive, &paths)
}

fn take_out(archive: &Path, paths: &[RelPath]) -> Result<u64, ArchiveError> {
    let mut freed = 0;
    for path in paths {
        let file = archive.join(path.as_path());
        match file.symlink_metadata() {
            Ok(meta) if meta.is_file() => {
                freed += meta.len();
                std::fs::remove_file(&file).map_err(io(&file))?;
            }
            _ => {}
        }
    }
    Ok(freed)
}

/// Returns the archived tree, if it exists.
pub(super) fn tree_of(session: &Session, dir: &Path) -> Option<std::path::PathBuf> {
    let tree = dir.join("archive").join(session.workspace.file_name()?);
    tree.is_dir().then_some(tree)
}
