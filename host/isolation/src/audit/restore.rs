//! Renders escapes as patches and restores the previous state.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Escape;
use super::snapshot::{self, Observed};
use crate::changeset::{
    Change, ChangeStatus as Status, Scope, TextDiff, patch as render, text_diff,
};
use crate::context::Context;
use crate::entry::{Content, Hash, Node};
use crate::path::{PathError, RelPath};
use crate::session::Session;
use crate::small_file;
use crate::store::{Store, StoreError};

/// The reason why escapes were not restored, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The path changed again after the command. Nothing was written.
    #[error("{0} has changed again since the command ended")]
    Moved(PathBuf),
    /// The previous content was too large to preserve. Nothing was written.
    #[error("the previous content of {0} was not preserved")]
    NotKept(PathBuf),
    /// The preserved content could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The path could not be written.
    #[error("cannot write {path}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// Restores the previous state. Every path must still be as the command left it; all of them are checked before the first
/// is written.
pub fn restore(
    context: &Context,
    session: &Session,
    escapes: &[&Escape],
) -> Result<(), RestoreError> {
    let store = Store::new(&context.state.session(&session.id));
    let (mut writes, mut modes) = (Vec::new(), Vec::new());
    for escape in escapes {
        let place = &escape.place.0;
        if !escape.is_restorable() {
            return Err(RestoreError::NotKept(place.clone()));
        }
        if escape.change == Status::ModeChanged {
            modes.push((place, escape.before.as_ref()));
            continue;
        }
        if !is_still(place, escape.after.as_ref()) {
            return Err(RestoreError::Moved(place.clone()));
        }
        let bytes = match escape.before.as_ref().and_then(Node::content) {
            Some(content) => Some(store.read(content)?),
            None => None,
        };
        writes.push((place, escape.before.as_ref(), bytes));
    }
    // Deeper paths are removed first and created last, so that directories are empty when they are removed.
    writes.sort_by_key(|(place, node, _)| {
        let depth = isize::try_from(place.components().count()).unwrap_or(isize::MAX);
        if node.is_none() { (0, -depth) } else { (1, depth) }
    });
    for (place, node) in modes {
        if let Some(Node::File { mode, .. } | Node::Dir { mode }) = node {
            std::fs::set_permissions(place, PermissionsExt::from_mode(*mode))
                .map_err(|source| RestoreError::Io { path: place.clone(), source })?;
        }
    }
    for (place, node, bytes) in writes {
        write(place, node, bytes.as_deref())
            .map_err(|source| RestoreError::Io { path: place.clone(), source })?;
    }
    Ok(())
}

fn is_still(place: &Path, after: Option<&Node>) -> bool {
    match (snapshot::observe(place), after) {
        (None, None) => true,
        (Some(Observed::Dir { mode }), Some(Node::Dir { mode: left })) => mode == *left,
        (Some(Observed::Link { target }), Some(Node::Link { target: left })) => target == *left,
        (Some(Observed::File { mode, stamp }), Some(Node::File { mode: left, content })) => {
            // Only size and permissions are known of files that were not read.
            let same = content.hash == Hash::UNREAD
                || small_file::read(place, content.size)
                    .is_ok_and(|bytes| Hash::of(&bytes) == content.hash);
            mode == *left && stamp.size == content.size && same
        }
        _ => false,
    }
}

fn write(place: &Path, node: Option<&Node>, bytes: Option<&[u8]>) -> std::io::Result<()> {
    let standing = place.symlink_metadata().ok();
    let parent = place.parent().unwrap_or(place);
    match node {
        None => match standing {
            Some(meta) if meta.is_dir() => std::fs::remove_dir(place),
            Some(_) => std::fs::remove_file(place),
            None => Ok(()),
        },
        Some(Node::Dir { mode }) => {
            if standing.as_ref().is_some_and(|meta| !meta.is_dir()) {
                std::fs::remove_file(place)?;
            }
            std::fs::create_dir_all(place)?;
            std::fs::set_permissions(place, PermissionsExt::from_mode(*mode))
        }
        Some(Node::Link { target }) => {
            std::fs::create_dir_all(parent)?;
            let beside = beside(place);
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), &beside)?;
            std::fs::rename(&beside, place)
        }
        Some(Node::File { mode, .. }) => {
            std::fs::create_dir_all(parent)?;
            if standing.is_some_and(|meta| meta.is_dir()) {
                std::fs::remove_dir(place)?;
            }
            let beside = beside(place);
            let mut file = std::fs::File::create_new(&beside)?;
            let written = file
                .write_all(bytes.unwrap_or_default())
                .and_then(|()| file.set_permissions(PermissionsExt::from_mode(*mode)))
                .and_then(|()| file.sync_all())
                .and_then(|()| std::fs::rename(&beside, place));
            if written.is_err() {
                _ = std::fs::remove_file(&beside);
            }
            written
        }
    }
}

fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    place.with_file_name(format!(".{name}.massgen-{}", std::process::id()))
}

/// Renders an escape as a patch.
pub fn patch(context: &Context, session: &Session, escape: &Escape) -> Result<Vec<u8>, PathError> {
    let store = Store::new(&context.state.session(&session.id));
    let read = |node: &Option<Node>| -> Option<Vec<u8>> {
        match node {
            None | Some(Node::Dir { .. }) => Some(Vec::new()),
            Some(Node::Link { target }) => Some(target.clone()),
            Some(Node::File { content, .. }) => bytes(&store, content),
        }
    };
    let (old, new) = (read(&escape.before), read(&escape.after));
    let diff = match (&old, &new) {
        (Some(old), Some(new)) => text_diff(old, new),
        _ => TextDiff::Binary,
    };
    let path = RelPath::new(escape.path.trim_start_matches('/').as_bytes())?;
    let change = Change {
        path,
        old_path: None,
        status: escape.change,
        old: escape.before.clone(),
        new: escape.after.clone(),
        scope: Scope::OutOfScope,
        risks: Vec::new(),
    };
    Ok(render(&change, &diff, &old.unwrap_or_default(), &new.unwrap_or_default()))
}

fn bytes(store: &Store, content: &Content) -> Option<Vec<u8>> {
    if content.hash == Hash::UNREAD { None } else { store.read(content).ok() }
}
