//! The journal of an apply: its record, written before the first write and after every turn.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ApplyError;
use crate::create::Context;
use crate::path::{HostPath, RelPath};
use crate::plan::{Delivery, Op, Plan};
use crate::session::{SaveError, StateDir};

/// What an apply is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyKind {
    /// Work of sessions.
    Apply,
    /// It takes an earlier one back.
    Undo {
        /// Which.
        of: String,
    },
}

/// How far an apply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The plan stands; nothing of the user's was touched.
    Planned,
    /// What will be written is staged; writes may have begun. A crash goes back from here.
    Staged,
    /// Every write was made. A crash goes on from here.
    Committed,
    /// It is over.
    Done,
    /// It was taken back.
    RolledBack,
}

/// An apply.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyRecord {
    /// Version of this record.
    pub schema: u32,
    /// Its number, as `undo` takes it.
    pub id: String,
    /// What it is.
    pub kind: ApplyKind,
    /// How far it has come.
    pub status: Status,
    /// When, milliseconds since 1970.
    pub created_unix_ms: i64,
    /// The user's tree.
    pub project: HostPath,
    /// Whose work.
    pub sessions: Vec<String>,
    /// Its writes.
    pub ops: Vec<Op>,
    /// What of which session is in the user's tree since.
    pub deliveries: Vec<Delivery>,
    /// For each act: the directory beside which it is staged.
    pub stages: Vec<RelPath>,
    /// For each act: the inode of what is staged.
    pub inodes: Vec<Option<u64>>,
    /// What was saved because somebody wrote it while the apply was under way.
    pub rescued: Vec<String>,
}

impl ApplyRecord {
    pub(super) fn new(
        context: &Context,
        dir: &Path,
        project: &HostPath,
        sessions: Vec<String>,
        plan: &Plan,
    ) -> Self {
        Self {
            schema: 1,
            id: dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            kind: ApplyKind::Apply,
            status: Status::Planned,
            created_unix_ms: context.now_unix_ms,
            project: project.clone(),
            sessions,
            ops: plan.ops.values().cloned().collect(),
            deliveries: plan.deliveries.clone(),
            stages: Vec::new(),
            inodes: Vec::new(),
            rescued: Vec::new(),
        }
    }

    /// Whether its writes are in the user's tree.
    pub fn is_in_force(&self) -> bool {
        matches!(self.status, Status::Committed | Status::Done)
    }

    /// What it delivered of a session.
    pub(crate) fn deliveries_to(&self, session: &str) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(move |delivery| delivery.session == session)
    }

    /// Writes the record, all or nothing.
    pub(super) fn save(&self, dir: &Path) -> Result<(), SaveError> {
        crate::session::write_json(&dir.join("record.json"), self)
    }
}

fn applies_dir(state: &StateDir) -> PathBuf {
    state.root().join("applies")
}

/// All records, the oldest first, without those that were undone and without the undoing.
pub fn records(state: &StateDir) -> Result<Vec<(ApplyRecord, PathBuf)>, SaveError> {
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

/// Every record, the oldest first.
pub(crate) fn all_records(state: &StateDir) -> Result<Vec<(ApplyRecord, PathBuf)>, SaveError> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(applies_dir(state)).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("record.json").exists() {
            all.push((crate::session::read_json::<ApplyRecord>(&path.join("record.json"))?, path));
        }
    }
    all.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    Ok(all)
}

/// A directory for a new record. Whoever makes it has its number.
pub(super) fn new_dir(context: &Context) -> Result<PathBuf, ApplyError> {
    let applies = applies_dir(&context.state);
    let failed = |source| ApplyError::Io { path: applies.clone(), source };
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
