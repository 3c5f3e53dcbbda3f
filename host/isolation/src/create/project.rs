//! What a directory, or a file, belongs to.

use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, Repository};
use crate::path::{PathError, RelPath};

/// What is isolated.
#[derive(Debug, Clone)]
pub struct Project {
    /// The tree that is copied.
    pub root: PathBuf,
    /// The part of it that changes are applied to.
    pub scope: RelPath,
    /// The directory that commands start in.
    pub start: RelPath,
    /// The repository that the tree is the work tree of.
    pub repository: Option<Repository>,
    /// The session is for one file.
    pub single_file: bool,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Why a place can't be isolated.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// It is not there.
    #[error("{path} can't be used")]
    Missing {
        /// The place.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A repository without files.
    #[error("{0} is a bare repository: it has no work tree to isolate")]
    Bare(PathBuf),
    /// Inside of `.git`.
    #[error("{0} lies inside a git directory")]
    GitDirectory(PathBuf),
    /// `core.worktree` or a variable leads elsewhere.
    #[error("git takes {root} for the work tree of {place}, which does not lie in it")]
    Elsewhere {
        /// The place.
        place: PathBuf,
        /// What git says.
        root: PathBuf,
    },
    /// git refuses the repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A path that can't be.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Finds out what a place belongs to. A directory that its repository does not track, for example an
/// ignored one, or a project in a home directory that is a repository, is a plain directory.
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
            "git in {} tracks nothing here: it is treated as a plain directory",
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
