//! The directory of all records: `applies/<number>/record.json`.

use std::path::PathBuf;

use super::record::FILE;
use super::{ApplyKind, ApplyRecord};
use crate::session::{SaveError, StateDir, read_json};

fn applies_dir(state: &StateDir) -> PathBuf {
    state.root().join("applies")
}

/// Returns the applies that are in force, oldest first, each with its directory. Undone applies and undos
/// are left out.
pub fn records_in_force(state: &StateDir) -> Result<Vec<(ApplyRecord, PathBuf)>, SaveError> {
    let all = all_records(state)?;
    let undone: Vec<String> = all
        .iter()
        .filter(|(record, _)| record.is_in_force())
        .filter_map(|(record, _)| match &record.kind {
            ApplyKind::Undo { of } => Some(of.clone()),
            ApplyKind::Apply => None,
        })
        .collect();
    let in_force = all.into_iter().filter(|(record, _)| {
        record.kind == ApplyKind::Apply && record.is_in_force() && !undone.contains(&record.id)
    });
    Ok(in_force.collect())
}

/// Returns every record, oldest first, each with its directory.
pub(crate) fn all_records(state: &StateDir) -> Result<Vec<(ApplyRecord, PathBuf)>, SaveError> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(applies_dir(state)).into_iter().flatten().flatten() {
        let dir = entry.path();
        if ApplyRecord::exists(&dir) {
            all.push((read_json::<ApplyRecord>(&dir.join(FILE))?, dir));
        }
    }
    all.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(all)
}

/// Creates the directory of a new record. Creating it reserves its number.
pub(crate) fn new_dir(state: &StateDir) -> Result<PathBuf, SaveError> {
    let applies = applies_dir(state);
    let failed = |source| SaveError::Io { path: applies.clone(), source };
    std::fs::create_dir_all(&applies).map_err(failed)?;
    let names = std::fs::read_dir(&applies).map_err(failed)?.flatten();
    let numbers = names.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    let mut number = numbers.max().unwrap_or(0);
    loop {
        number += 1;
        let dir = applies.join(format!("{number:06}"));
        match std::fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
}
