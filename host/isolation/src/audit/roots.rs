//! The directories that an audit compares, and the paths in them that it ignores.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Area;
use super::area::of_git;
use super::preserve::Preserved;
use super::snapshot::{self, Snapshot};
use crate::path::RelPath;
use crate::session::Session;
use crate::small_file::{self, POINTER_BYTES_MAX};

/// Files in the home directory that shells, git, package managers and agents obey.
const HOME: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".config/fish/config.fish",
    ".gitconfig",
    ".config/git/config",
    ".config/git/attributes",
    ".config/git/ignore",
    ".ssh/config",
    ".ssh/authorized_keys",
    ".npmrc",
    ".cargo/config.toml",
    ".config/pip/pip.conf",
    ".vimrc",
    ".tmux.conf",
    ".claude/settings.json",
    ".claude/CLAUDE.md",
    ".codex/config.toml",
    ".codex/AGENTS.md",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".copilot/mcp-config.json",
    ".config/opencode/opencode.json",
];

/// A directory that an audit compares.
#[derive(Debug)]
pub(super) struct AuditRoot {
    pub(super) area: Area,
    pub(super) dir: PathBuf,
    /// The prefix for reported paths; `None` for absolute paths.
    prefix: Option<String>,
    pub(super) before: Snapshot,
    pub(super) preserved: Preserved,
}

/// Paths whose changes are not reported.
#[derive(Debug, Clone)]
pub(super) struct Exclusions {
    /// Our own state directory.
    pub(super) state: PathBuf,
    /// Whether the workspace is a linked work tree, which writes to the user's object store.
    pub(super) linked: bool,
    /// Paths that the user granted.
    pub(super) granted: Vec<PathBuf>,
    /// Device and inode of the files that our own output goes to.
    pub(super) streams: Vec<(u64, u64)>,
}

impl AuditRoot {
    /// Takes a snapshot.
    pub(super) fn snapshot(&self, skip: &Exclusions) -> Snapshot {
        take_snapshot(self.area, &self.dir, skip)
    }

    /// Classifies a path below this root.
    pub(super) fn area_of(&self, path: &RelPath) -> Area {
        match self.area {
            Area::Git => of_git(path),
            area => area,
        }
    }

    /// Returns a path as it is reported.
    pub(super) fn display(&self, path: &RelPath) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}{}", path.lossy()),
            None => self.dir.join(path.as_path()).to_string_lossy().into_owned(),
        }
    }
}

impl Exclusions {
    /// Returns whether a path is ours, was granted, or receives our own output.
    pub(super) fn is_own(&self, here: &Path) -> bool {
        here.starts_with(&self.state)
            || self.granted.iter().any(|granted| here.starts_with(granted))
            || here.symlink_metadata().is_ok_and(|meta| {
                meta.is_file() && self.streams.contains(&(meta.dev(), meta.ino()))
            })
    }
}

/// Returns project, repository and home directory, each with a snapshot taken now.
pub(super) fn audit_roots(
    session: &Session,
    home: Option<&Path>,
    skip: &Exclusions,
) -> Vec<AuditRoot> {
    let project = session.project.0.clone();
    let mut roots = vec![(Area::File, project.clone(), Some(String::new()))];
    let git = match &session.git {
        Some(side) => Some(side.user_common.0.clone()),
        None => Some(project.join(".git")).filter(|dir| dir.is_dir()),
    };
    if let Some(git) = git {
        let inside = git.canonicalize().ok() == project.join(".git").canonicalize().ok();
        roots.push((Area::Git, git, inside.then(|| ".git/".to_string())));
    }
    roots.extend(home.map(|home| (Area::Home, home.to_path_buf(), None)));
    let audit_root = |(area, dir, prefix): (Area, PathBuf, Option<String>)| {
        let before = take_snapshot(area, &dir, skip);
        AuditRoot { area, dir, prefix, before, preserved: Preserved::new() }
    };
    roots.into_iter().map(audit_root).collect()
}

fn take_snapshot(area: Area, root: &Path, skip: &Exclusions) -> Snapshot {
    match area {
        Area::Home => HOME
            .iter()
            .filter_map(|name| {
                Some((RelPath::new(name.as_bytes()).ok()?, snapshot::observe(&root.join(name))?))
            })
            .collect(),
        Area::Git => {
            let ours = our_worktrees(root, &skip.state);
            snapshot::take(root, &|path: &RelPath| {
                let text = path.as_bytes();
                text == b"refs/massgen"
                    || text.starts_with(b"refs/massgen/")
                    || ours.iter().any(|ours| path.is_within(ours))
                    || (skip.linked && text == b"objects")
            })
        }
        _ => {
            let has_git = root.join(".git").is_dir();
            snapshot::take(root, &|path: &RelPath| has_git && path.as_bytes() == b".git")
        }
    }
}

/// Returns the entries in a registry of work trees that belong to our sessions.
fn our_worktrees(root: &Path, state: &Path) -> Vec<RelPath> {
    let listed = std::fs::read_dir(root.join("worktrees")).into_iter().flatten().flatten();
    let ours = listed.filter(|entry| {
        let pointer = small_file::read_text(&entry.path().join("gitdir"), POINTER_BYTES_MAX)
            .unwrap_or_default();
        Path::new(pointer.trim_end()).starts_with(state)
    });
    ours.filter_map(|entry| {
        RelPath::from_path(&Path::new("worktrees").join(entry.file_name())).ok()
    })
    .collect()
}
