//! The places that are looked at, and what in them is never told.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Area;
use super::area::of_git;
use super::keep::Kept;
use super::sight::{self, Sight};
use crate::path::RelPath;
use crate::session::Session;
use crate::small_file::{self, POINTER_BYTES_MAX};

/// Files of the home directory that programs obey when the user works next.
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

/// A place that is looked at.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) area: Area,
    pub(super) root: PathBuf,
    /// What stands before its paths when they are told; none: where they are.
    shown: Option<String>,
    pub(super) before: Sight,
    pub(super) kept: Kept,
}

/// What is never told.
#[derive(Debug, Clone)]
pub(super) struct Skip {
    /// Where our own state is.
    pub(super) state: PathBuf,
    /// The session writes the user's object store, and its own part of the registry.
    pub(super) linked: bool,
    /// What the user granted.
    pub(super) granted: Vec<PathBuf>,
    /// Device and inode of what our own output goes to.
    pub(super) streams: Vec<(u64, u64)>,
}

impl Place {
    /// A look at it, now.
    pub(super) fn look(&self, skip: &Skip) -> Sight {
        look(self.area, &self.root, skip)
    }

    /// What a path in it is.
    pub(super) fn kind(&self, path: &RelPath) -> Area {
        match self.area {
            Area::Git => of_git(path),
            area => area,
        }
    }

    /// What a path in it is called.
    pub(super) fn tell(&self, path: &RelPath) -> String {
        match &self.shown {
            Some(prefix) => format!("{prefix}{}", path.lossy()),
            None => self.root.join(path.as_path()).to_string_lossy().into_owned(),
        }
    }
}

impl Skip {
    /// Ours, granted, or where our own output goes.
    pub(super) fn is_own(&self, here: &Path) -> bool {
        here.starts_with(&self.state)
            || self.granted.iter().any(|granted| here.starts_with(granted))
            || here.symlink_metadata().is_ok_and(|meta| {
                meta.is_file() && self.streams.contains(&(meta.dev(), meta.ino()))
            })
    }
}

/// The user's tree, repository and home, each with the look before.
pub(super) fn places(session: &Session, home: Option<&Path>, skip: &Skip) -> Vec<Place> {
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
    let place = |(area, root, shown): (Area, PathBuf, Option<String>)| {
        let before = look(area, &root, skip);
        Place { area, root, shown, before, kept: Kept::new() }
    };
    roots.into_iter().map(place).collect()
}

fn look(area: Area, root: &Path, skip: &Skip) -> Sight {
    match area {
        Area::Home => HOME
            .iter()
            .filter_map(|name| {
                Some((RelPath::new(name.as_bytes()).ok()?, sight::look_at(&root.join(name))?))
            })
            .collect(),
        Area::Git => {
            let ours = our_worktrees(root, &skip.state);
            sight::look(root, &|path: &RelPath| {
                let text = path.as_bytes();
                text == b"refs/massgen"
                    || text.starts_with(b"refs/massgen/")
                    || ours.iter().any(|ours| path.is_within(ours))
                    || (skip.linked && text == b"objects")
            })
        }
        _ => {
            let has_git = root.join(".git").is_dir();
            sight::look(root, &|path: &RelPath| has_git && path.as_bytes() == b".git")
        }
    }
}

/// Entries of a registry of work trees that belong to sessions of ours.
fn our_worktrees(root: &Path, state: &Path) -> Vec<RelPath> {
    let listed = std::fs::read_dir(root.join("worktrees")).into_iter().flatten().flatten();
    let ours = listed.filter(|entry| {
        let told = small_file::read_text(&entry.path().join("gitdir"), POINTER_BYTES_MAX)
            .unwrap_or_default();
        Path::new(told.trim_end()).starts_with(state)
    });
    ours.filter_map(|entry| {
        RelPath::from_path(&Path::new("worktrees").join(entry.file_name())).ok()
    })
    .collect()
}
