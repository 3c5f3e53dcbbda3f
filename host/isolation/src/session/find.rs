//! Finds sessions by what people type.

use super::record::{SaveError, Session, State};
use super::state_dir::StateDir;

/// Why no session is meant.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none.
    #[error("there is no session {0:?}")]
    Unknown(String),
    /// There are several.
    #[error("{wanted:?} may be {}", .ids.join(" or "))]
    Ambiguous {
        /// What was typed.
        wanted: String,
        /// The sessions.
        ids: Vec<String>,
    },
    /// Its record can't be read.
    #[error(transparent)]
    Record(#[from] SaveError),
}

/// All sessions that can be read, the newest first, and the directories whose record can't be.
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

/// The session that `wanted` means: an id or the beginning of one, a name, or `@last`. Of several with
/// one name, the one that is not discarded is meant.
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
