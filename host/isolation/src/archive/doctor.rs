//! Finds what a crash left behind, and repairs it.

use super::{ArchiveError, abandon, discard, gc};
use crate::apply::{self, RecoverError};
use crate::context::Context;
use crate::git::{Repository, linked, pin};
use crate::session::{GitKind, Lock, Session, State, list};

/// Something that needs repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What it concerns: a session's id, an apply's number, a path.
    pub subject: String,
    /// Machine-readable kind: `half-made`, `unfinished-apply`, `unfinished-discard`, `lost-workspace`,
    /// `damaged-record`, `foreign-pin`, `trash`.
    pub kind: &'static str,
    /// Description of the defect.
    pub message: String,
    /// What was done about it, or can be done.
    pub remedy: String,
    /// Whether it was repaired.
    pub repaired: bool,
}

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// All defects.
    pub defects: Vec<Defect>,
}

const REPAIR: &str = "massgen isolate doctor --repair";

/// Checks all sessions and the current project's `repository`. With `repair`, finishes what can be finished.
pub fn doctor(
    context: &Context,
    repository: Option<&Repository>,
    repair: bool,
) -> Result<Diagnosis, ArchiveError> {
    let mut found = Diagnosis::default();
    unfinished_applies(context, repair, &mut found)?;
    let (sessions, broken) = list(&context.state);
    for (id, error) in &broken {
        found.defects.push(Defect {
            subject: id.clone(),
            kind: "damaged-record",
            message: error.to_string(),
            remedy: format!("inspect {}", context.state.session(id).display()),
            repaired: false,
        });
    }
    for session in &sessions {
        if session.host == context.host {
            check_session(context, session, repair, &mut found)?;
        }
    }
    if let Some(repository) = repository {
        foreign_pins(context, repository, &sessions, &mut found)?;
    }
    let trash = std::fs::read_dir(context.state.trash()).map_or(0, Iterator::count);
    if trash > 0 {
        if repair {
            gc::clear_incoming(context);
            gc::empty_trash(context)?;
        }
        found.defects.push(defect(
            "trash".into(),
            "trash",
            format!("{trash} directories are waiting to be removed"),
            repair,
        ));
    }
    Ok(found)
}

fn defect(subject: String, kind: &'static str, message: String, repaired: bool) -> Defect {
    let remedy = if repaired { "repaired".to_string() } else { REPAIR.to_string() };
    Defect { subject, kind, message, remedy, repaired }
}

fn unfinished_applies(
    context: &Context,
    repair: bool,
    found: &mut Diagnosis,
) -> Result<(), ArchiveError> {
    for (record, _) in apply::unfinished(context, None)? {
        let message =
            format!("apply {} to {} was interrupted", record.id, record.project.display());
        let mut entry = defect(record.id.clone(), "unfinished-apply", message, false);
        if repair {
            match repair_apply(context, &record.project) {
                Ok(rescued) => {
                    entry.repaired = true;
                    entry.remedy = match rescued.as_slice() {
                        [] => "repaired".into(),
                        files => format!(
                            "repaired; files written in the meantime were saved: {}",
                            files.join(", ")
                        ),
                    };
                }
                Err(error) => entry.remedy = error.to_string(),
            }
        }
        found.defects.push(entry);
    }
    Ok(())
}

fn repair_apply(context: &Context, project: &std::path::Path) -> Result<Vec<String>, RecoverError> {
    let lock = Lock::take(&context.state.repository_lock(&project.join("apply")));
    if lock.is_err() {
        // An apply is running, so it is not unfinished.
        return Ok(Vec::new());
    }
    let recovered = apply::recover(context, Some(project))?;
    Ok(recovered.into_iter().flat_map(|recovered| recovered.rescued).collect())
}

fn check_session(
    context: &Context,
    session: &Session,
    repair: bool,
    found: &mut Diagnosis,
) -> Result<(), ArchiveError> {
    let dir = context.state.session(&session.id);
    let Ok(lock) = Lock::take(&dir.join("lock")) else { return Ok(()) };
    match session.state {
        State::Creating => {
            if repair {
                drop(lock);
                abandon(context, session)?;
            }
            let message = "creating it did not finish; no agent ran in it".to_string();
            found.defects.push(defect(session.id.clone(), "half-made", message, repair));
        }
        State::Discarded => {
            let moved = !dir.join("workspace").exists();
            let left = is_in_repository(context, session)?;
            if !moved || left {
                if repair {
                    discard::put_aside(context, session)?;
                }
                let message = "discarding it was interrupted".to_string();
                found.defects.push(defect(
                    session.id.clone(),
                    "unfinished-discard",
                    message,
                    repair,
                ));
            }
        }
        State::Open | State::Applied if !session.workspace.is_dir() => {
            found.defects.push(Defect {
                subject: session.id.clone(),
                kind: "lost-workspace",
                message: format!("its workspace {} is gone", session.workspace.display()),
                remedy: format!("massgen isolate discard {}", session.id),
                repaired: false,
            });
        }
        State::Open | State::Applied => {}
    }
    Ok(())
}

/// Returns whether the user's repository holds anything of a session.
fn is_in_repository(context: &Context, session: &Session) -> Result<bool, ArchiveError> {
    let Some(side) = session.git.as_ref().filter(|side| side.user_common.is_dir()) else {
        return Ok(false);
    };
    let registered = side.kind == GitKind::Linked && linked::is_registered(&side.admin);
    let pinned = || pin::list(&context.git, &side.user_common);
    Ok(registered || side.pinned && pinned()?.contains(&session.id))
}

/// Reports pins of unknown sessions. They may belong to another state directory and are not touched.
fn foreign_pins(
    context: &Context,
    repository: &Repository,
    sessions: &[Session],
    found: &mut Diagnosis,
) -> Result<(), ArchiveError> {
    for id in pin::list(&context.git, &repository.root)? {
        if !sessions.iter().any(|session| session.id == id) {
            found.defects.push(Defect {
                subject: id.clone(),
                kind: "foreign-pin",
                message: format!(
                    "the ref {} belongs to no session of this state directory",
                    pin::ref_of(&id)
                ),
                remedy: format!("if it is unused: git update-ref -d {}", pin::ref_of(&id)),
                repaired: false,
            });
        }
    }
    Ok(())
}
