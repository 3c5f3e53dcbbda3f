//! Finds the project that a directory or file belongs to.

use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, Repository};
use crate::path::{PathError, RelPath};

/// A tree to isolate.
#[derive(Debug, Clone)]
pub struct Project {
    /// The tree to copy.
    pub root: PathBuf,
    /// The part of the tree that changes are applied to.
    pub scope: RelPath,
    /// The directory in which commands start.
    pub start: RelPath,
    /// The repository whose work tree it is.
    pub repository: Option<Repository>,
    /// Whether the session is for a single file.
    pub single_file: bool,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Why a directory or file cannot be isolated.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The path does not exist or is inaccessible.
    #[error("cannot access {path}")]
    Missing {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The repository is bare.
    #[error("{0} is a bare repository: it has no work tree to isolate")]
    Bare(PathBuf),
    /// The path lies in `.git`.
    #[error("{0} is inside a git directory")]
    GitDirectory(PathBuf),
    /// `core.worktree` or a variable points elsewhere.
    #[error("git reports {root} as the work tree of {place}, which is not inside it")]
    Elsewhere {
        /// The path.
        place: PathBuf,
        /// The work tree according to git.
        root: PathBuf,
    },
    /// git rejects the repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The path is invalid.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Finds the project of a path. A directory that its repository does not track counts as a plain directory:
/// an ignored one, for example, or a project below a home directory under version control.
pub fn locate(git: &Git, place: &Path) -> Result<Project, ProjectError> {
    let place = place
        .canonicalize()
        .map_err(|source| ProjectError::Missing { path: place.to_path_buf(), source })?;
    let single_file = !place.is_dir();
    let dir = if single_file { place.parent().unwrap_or(&place) } else { &place };
    let repository = Repository::find(git, dir)?;
    let Some(repository) = repository else {
        if Repository::is_bare(git, dir)? {
            return Err(ProjectError::Bare(place));
        }
        if dir.components().any(|part| part.as_os_str() == ".git") {
            return Err(ProjectError::GitDirectory(place));
        }
        return plain(dir, &place, single_file, Vec::new());
    };
    let root = repository.root.canonicalize().unwrap_or_else(|_| repository.root.clone());
    let Ok(below) = place.strip_prefix(&root) else {
        return Err(ProjectError::Elsewhere { place, root });
    };
    if place != root && !repository.tracks_below(git, below)? {
        let note = format!(
            "git in {} tracks nothing here: treating it as a plain directory",
            root.display()
        );
        return plain(dir, &place, single_file, vec![note]);
    }
    let scope = RelPath::from_path(below)?;
    let start = if single_file { scope.parent().unwrap_or_default() } else { scope.clone() };
    let repository = Some(Repository { root: root.clone(), ..repository });
    Ok(Project { root, scope, start, repository, single_file, notes: Vec::new() })
}

fn plain(
    dir: &Path,
    place: &Path,
    single_file: bool,
    notes: Vec<String>,
) -> Result<Project, ProjectError> {
    let scope = RelPath::from_path(place.strip_prefix(dir).unwrap_or(Path::new("")))?;
    Ok(Project {
        root: dir.to_path_buf(),
        scope,
        start: RelPath::root(),
        repository: None,
        single_file,
        notes,
    })
}
