//! Looks up sessions by id, id prefix, name or `@last`.

use super::record::{SaveError, Session, State};
use super::state_dir::StateDir;

/// The reason why a session was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No session matches.
    #[error("there is no session {0:?}")]
    Unknown(String),
    /// More than one session matches.
    #[error("{wanted:?} is ambiguous: it matches {}", .ids.join(" and "))]
    Ambiguous {
        /// The text that was looked up.
        wanted: String,
        /// Ids of the matching sessions.
        ids: Vec<String>,
    },
    /// The session's record could not be read.
    #[error(transparent)]
    Record(#[from] SaveError),
}

/// Returns all readable sessions, newest first, and the ids of the unreadable ones, each with its error.
pub fn list(state: &StateDir) -> (Vec<Session>, Vec<(String, SaveError)>) {
    let mut sessions = Vec::new();
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(state.sessions()).into_iter().flatten().flatten() {
        match Session::load(&entry.path()) {
            Ok(session) => sessions.push(session),
            Err(error) => broken.push((entry.file_name().to_string_lossy().into_owned(), error)),
        }
    }
    sessions
        .sort_by(|a, b| b.created_unix_ms.cmp(&a.created_unix_ms).then_with(|| b.id.cmp(&a.id)));
    broken.sort_by(|a, b| a.0.cmp(&b.0));
    (sessions, broken)
}

/// Finds a session by id, id prefix, name, or `@last` for the newest one that is not discarded. Where several sessions
/// share a name, those that are not discarded take precedence.
pub fn find(state: &StateDir, wanted: &str) -> Result<Session, FindError> {
    let plain = !wanted.is_empty() && wanted.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain && state.session(wanted).join("session.json").is_file() {
        return Ok(Session::load(&state.session(wanted))?);
    }
    let (sessions, broken) = list(state);
    if wanted == "@last" {
        let open = sessions.iter().find(|session| session.state != State::Discarded);
        return open
            .or(sessions.first())
            .cloned()
            .ok_or_else(|| FindError::Unknown(wanted.to_string()));
    }
    let named: Vec<&Session> =
        sessions.iter().filter(|session| session.name.as_deref() == Some(wanted)).collect();
    let live: Vec<&Session> =
        named.iter().copied().filter(|session| session.state != State::Discarded).collect();
    let by_prefix: Vec<&Session> =
        sessions.iter().filter(|session| plain && session.id.starts_with(wanted)).collect();
    for candidates in [live, named, by_prefix] {
        match candidates.as_slice() {
            [] => {}
            [one] => return Ok((*one).clone()),
            several => {
                return Err(FindError::Ambiguous {
                    wanted: wanted.to_string(),
                    ids: several.iter().map(|session| session.id.clone()).collect(),
                });
            }
        }
    }
    match broken.into_iter().find(|(id, _)| plain && id.starts_with(wanted)) {
        Some((_, error)) => Err(error.into()),
        None => Err(FindError::Unknown(wanted.to_string())),
    }
}
