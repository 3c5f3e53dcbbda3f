//! Classifies paths of a project, a git repository and a home directory. Repository layouts follow git's
//! `gitrepository-layout(5)`.

use serde::{Deserialize, Serialize};

use crate::path::RelPath;

/// The part of the user's files that a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// A file of the project.
    File,
    /// The current branch or commit of a repository.
    Head,
    /// A branch, a tag or a reflog.
    Ref,
    /// Stashed work.
    Stash,
    /// Configuration, ignore rules or attributes of a repository.
    Config,
    /// A git hook.
    Hook,
    /// The index.
    Index,
    /// The registry of work trees.
    Worktree,
    /// A git object.
    Object,
    /// Any other file of a repository.
    Git,
    /// A configuration file in the home directory.
    Home,
}

impl Area {
    /// Returns the name used in output and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Head => "head",
            Self::Ref => "ref",
            Self::Stash => "stash",
            Self::Config => "config",
            Self::Hook => "hook",
            Self::Index => "index",
            Self::Worktree => "worktree",
            Self::Object => "object",
            Self::Git => "git",
            Self::Home => "home",
        }
    }
}

/// Classifies a path below a git directory.
pub(super) fn of_git(path: &RelPath) -> Area {
    let text = path.lossy();
    let text = text.as_str();
    if let Some(rest) = text.strip_prefix("modules/") {
        // A submodule's repository. Its name may contain slashes.
        let inner = ["objects/", "refs/", "logs/", "hooks/", "info/"];
        let at = inner.iter().filter_map(|part| rest.find(&format!("/{part}"))).min();
        let inside = match at {
            Some(at) => &rest[at + 1..],
            None => rest.rsplit('/').next().unwrap_or(rest),
        };
        return inside.parse().map_or(Area::Git, |path: Inside| path.0);
    }
    text.parse().map_or(Area::Git, |path: Inside| path.0)
}

struct Inside(Area);

impl std::str::FromStr for Inside {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let first = text.split('/').next().unwrap_or_default();
        Ok(Self(match first {
            _ if text == "refs/stash" || text == "logs/refs/stash" => Area::Stash,
            "HEAD" => Area::Head,
            "refs" | "logs" | "packed-refs" | "reftable" => Area::Ref,
            "config" | "config.worktree" | "info" => Area::Config,
            "hooks" => Area::Hook,
            "index" => Area::Index,
            name if name.starts_with("sharedindex.") => Area::Index,
            "worktrees" => Area::Worktree,
            "objects" => Area::Object,
            _ => return Err(()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_paths_of_a_repository() {
        for (path, expect) in [
            ("HEAD", Area::Head),
            ("refs/heads/main", Area::Ref),
            ("refs/stash", Area::Stash),
            ("logs/refs/stash", Area::Stash),
            ("packed-refs", Area::Ref),
            ("config", Area::Config),
            ("info/attributes", Area::Config),
            ("hooks/pre-commit", Area::Hook),
            ("index", Area::Index),
            ("worktrees/x/HEAD", Area::Worktree),
            ("objects/pack/pack-1.pack", Area::Object),
            ("COMMIT_EDITMSG", Area::Git),
            ("modules/deep/lib/hooks/post-checkout", Area::Hook),
            ("modules/lib/config", Area::Config),
        ] {
            assert_eq!(of_git(&RelPath::new(path.as_bytes()).unwrap()), expect, "{path}");
        }
    }
}
