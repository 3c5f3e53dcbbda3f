//! Removes the undo data of applies that are no longer needed.

use std::collections::{BTreeMap, BTreeSet};

use super::gc::{GcReport, remove_tree, size_of};
use super::{ArchiveError, io, trash};
use crate::apply::lock_if_free;
use crate::context::Context;
use crate::journal::{ApplyKind, ApplyRecord, all_records};

/// Which applies to remove.
#[derive(Debug)]
pub(super) struct Retention {
    /// Current time in milliseconds since 1970.
    pub(super) now_unix_ms: i64,
    /// Minimum age in milliseconds.
    pub(super) older_than_ms: i64,
    /// Ids of existing sessions in any state. Their deliveries are still needed.
    pub(super) sessions: BTreeSet<String>,
}

/// Removes the applies that `retention` allows to remove.
pub(super) fn remove(
    context: &Context,
    rule: &Retention,
    dry_run: bool,
    collected: &mut GcReport,
) -> Result<(), ArchiveError> {
    let records = match all_records(&context.state) {
        Ok(records) => records,
        Err(error) => {
            collected.kept.push(("applies".into(), error.to_string()));
            return Ok(());
        }
    };
    let chosen = rule.choose(&records);
    // Applies of a project are skipped while one of them is running.
    let mut locks = BTreeMap::new();
    // Oldest first: an apply is removed before the record of its undo, or it would be in force again.
    for (record, dir) in records.iter().filter(|(record, _)| chosen.contains(record.id.as_str())) {
        let lock =
            locks.entry(&record.project).or_insert_with(|| lock_if_free(context, &record.project));
        if lock.is_none() {
            continue;
        }
        collected.bytes += size_of(dir);
        if !dry_run {
            let place = trash(context, dir)?;
            remove_tree(&place).map_err(io(&place))?;
        }
        collected.applies.push(record.id.clone());
    }
    Ok(())
}

impl Retention {
    /// Returns the ids of the records to remove. `records` are ordered oldest first.
    fn choose<'a, T>(&self, records: &'a [(ApplyRecord, T)]) -> BTreeSet<&'a str> {
        // The newest apply of a project can always be undone, and the next number follows from it.
        let newest: BTreeMap<_, _> =
            records.iter().map(|(record, _)| (&record.project, record.id.as_str())).collect();
        let mut stay: BTreeSet<&str> = newest.into_values().collect();
        let mut chosen = BTreeSet::new();
        for (record, _) in records {
            // The record of an undo stays as long as the undone apply.
            let says_so =
                matches!(&record.kind, ApplyKind::Undo { of } if stay.contains(of.as_str()));
            if !says_so && !stay.contains(record.id.as_str()) && self.allows(record) {
                chosen.insert(record.id.as_str());
            } else {
                stay.insert(&record.id);
            }
        }
        chosen
    }

    fn allows(&self, record: &ApplyRecord) -> bool {
        let age_ms = self.now_unix_ms.saturating_sub(record.created_unix_ms);
        // Rescued files exist nowhere else.
        !record.is_unfinished()
            && record.rescued.is_empty()
            && age_ms >= self.older_than_ms
            && !record.sessions.iter().any(|session| self.sessions.contains(session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ApplyPhase;
    use crate::path::HostPath;

    fn record(id: &str, project: &str, session: &str) -> ApplyRecord {
        ApplyRecord {
            schema: 1,
            id: id.into(),
            kind: ApplyKind::Apply,
            phase: ApplyPhase::Done,
            created_unix_ms: 1_000,
            project: HostPath(project.into()),
            sessions: vec![session.into()],
            ops: Vec::new(),
            deliveries: Vec::new(),
            stages: Vec::new(),
            inodes: Vec::new(),
            rescued: Vec::new(),
        }
    }

    fn rule(sessions: &[&str]) -> Retention {
        let sessions = sessions.iter().map(ToString::to_string).collect();
        Retention { now_unix_ms: 5_000, older_than_ms: 4_000, sessions }
    }

    #[test]
    fn the_newest_apply_of_a_project_and_deliveries_of_existing_sessions_stay() {
        let records = [
            (record("1", "/a", "gone"), ()),
            (record("2", "/a", "there"), ()),
            (record("3", "/b", "gone"), ()),
            (record("4", "/a", "gone"), ()),
        ];
        assert_eq!(rule(&["there"]).choose(&records), ["1"].into());
        assert_eq!(rule(&[]).choose(&records), ["1", "2"].into());
    }

    #[test]
    fn an_undone_apply_never_comes_into_force_again() {
        let undo =
            ApplyRecord { kind: ApplyKind::Undo { of: "1".into() }, ..record("2", "/a", "gone") };
        let newest = record("3", "/a", "gone");
        let both = [(record("1", "/a", "gone"), ()), (undo.clone(), ()), (newest.clone(), ())];
        assert_eq!(rule(&[]).choose(&both), ["1", "2"].into());
        // The apply stays because of its rescued file, and its undo stays with it.
        let rescued = ApplyRecord { rescued: vec!["a file".into()], ..record("1", "/a", "gone") };
        assert_eq!(
            rule(&[]).choose(&[(rescued, ()), (undo.clone(), ()), (newest.clone(), ())]),
            [].into()
        );
        assert_eq!(rule(&[]).choose(&[(undo, ()), (newest, ())]), ["2"].into());
    }

    #[test]
    fn young_unfinished_and_rescuing_applies_stay() {
        let gone = || record("1", "/a", "gone");
        let records = [
            ApplyRecord { created_unix_ms: 1_001, ..gone() },
            ApplyRecord { phase: ApplyPhase::Planned, ..gone() },
            ApplyRecord { phase: ApplyPhase::Staged, ..gone() },
            ApplyRecord { phase: ApplyPhase::Committed, ..gone() },
            ApplyRecord { rescued: vec!["a file".into()], ..gone() },
        ];
        for kept in &records {
            assert!(!rule(&[]).allows(kept), "{kept:?}");
        }
        assert!(rule(&[]).allows(&ApplyRecord { phase: ApplyPhase::RolledBack, ..gone() }));
    }
}
