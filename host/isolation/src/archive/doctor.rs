//! Finds what a crash left, and finishes it.

use super::{ArchiveError, abandon, discard, gc};
use crate::apply::{self, RecoverError};
use crate::context::Context;
use crate::git::{Repository, linked, pin};
use crate::session::{GitKind, Lock, Session, State, list};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What it is about: a session's id, an apply's number, a path.
    pub subject: String,
    /// A word for programs: `half-made`, `unfinished-apply`, `unfinished-discard`, `lost-workspace`,
    /// `damaged-record`, `foreign-pin`, `trash`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was done about it, or can be done.
    pub remedy: String,
    /// It is mended.
    pub repaired: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// All of it.
    pub defects: Vec<Defect>,
}

const REPAIR: &str = "massgen isolate doctor --repair";

/// Looks; with `repair`, finishes what can be finished. `repository` is that of the current project.
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
            remedy: format!("look into {}", context.state.session(id).display()),
            repaired: false,
        });
    }
    for session in &sessions {
        if session.host == context.host {
            of_session(context, session, repair, &mut found)?;
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
            format!("{trash} directories wait to be removed"),
            repair,
        ));
    }
    Ok(found)
}

fn defect(subject: String, kind: &'static str, message: String, repaired: bool) -> Defect {
    let remedy = if repaired { "mended".to_string() } else { REPAIR.to_string() };
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
        let mut sick = defect(record.id.clone(), "unfinished-apply", message, false);
        if repair {
            match mend_apply(context, &record.project) {
                Ok(rescued) => {
                    sick.repaired = true;
                    sick.remedy = match rescued.as_slice() {
                        [] => "mended".into(),
                        files => format!(
                            "mended; written in the meantime and saved: {}",
                            files.join(", ")
                        ),
                    };
                }
                Err(error) => sick.remedy = error.to_string(),
            }
        }
        found.defects.push(sick);
    }
    Ok(())
}

fn mend_apply(context: &Context, project: &std::path::Path) -> Result<Vec<String>, RecoverError> {
    let lock = Lock::take(&context.state.repository_lock(&project.join("apply")));
    if lock.is_err() {
        // Somebody is applying right now: it is not unfinished but under way.
        return Ok(Vec::new());
    }
    let recovered = apply::recover(context, Some(project))?;
    Ok(recovered.into_iter().flat_map(|recovered| recovered.rescued).collect())
}

fn of_session(
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
            let message = "it was not made to its end; no agent ran in it".to_string();
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

/// Whether the user's repository has something of a session.
fn is_in_repository(context: &Context, session: &Session) -> Result<bool, ArchiveError> {
    let Some(side) = session.git.as_ref().filter(|side| side.user_common.is_dir()) else {
        return Ok(false);
    };
    let registered = side.kind == GitKind::Linked && linked::is_registered(&side.admin);
    let pinned = || pin::list(&context.git, &side.user_common);
    Ok(registered || side.pinned && pinned()?.contains(&session.id))
}

/// A pin whose session we do not know may belong to somebody else's state: it is told, not touched.
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
                remedy: format!("if nobody needs it: git update-ref -d {}", pin::ref_of(&id)),
                repaired: false,
            });
        }
    }
    Ok(())
}
