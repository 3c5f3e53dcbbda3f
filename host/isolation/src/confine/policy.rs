//! What one session's agent may write and must not read, as a value: the session's own places, what the
//! user granted, and what tools need in their usual configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::agents;
use super::places::{CACHES, Tool, secret_places};
use super::request::{Caches, Confinement, Net};
use crate::session::{GitKind, Session, StateDir};

/// Memory that processes share by name.
const SHARED_MEMORY: &str = "/dev/shm";

/// Where a session's own places are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The session's directory.
    pub session: PathBuf,
    /// All of our state: hidden, but for what belongs to the session.
    pub state: PathBuf,
    /// The directory that holds the copy, and further work trees beside it.
    pub workspaces: PathBuf,
    /// What the workspace's git has to write.
    pub git: Vec<PathBuf>,
    /// The workspace is a linked work tree of the user's repository.
    pub linked: bool,
    /// Temporary files, sockets and private caches.
    pub scratch: PathBuf,
    /// The user's own files and their repository: what all of this is there to keep.
    pub kept: Vec<PathBuf>,
}

impl Layout {
    /// Of a session.
    pub fn of(session: &Session, state: &StateDir) -> Self {
        let dir = state.session(&session.id);
        let mut git = vec![dir.join("modules")];
        let mut linked = false;
        let mut kept = vec![session.project.0.clone()];
        if let Some(side) = &session.git {
            kept.extend([side.user_gitdir.0.clone(), side.user_common.0.clone()]);
            linked = side.kind == GitKind::Linked;
            match side.kind {
                GitKind::Private | GitKind::Shared => git.push(side.repository.0.clone()),
                GitKind::Linked => {
                    git.push(side.admin.0.clone());
                    git.push(side.user_common.join("objects"));
                }
            }
        }
        Self {
            state: state.root().to_path_buf(),
            workspaces: dir.join("workspace"),
            git,
            linked,
            scratch: dir.join("scratch"),
            session: dir,
            kept,
        }
    }

    /// Whether somebody who may write a place may write all of the user's files, or our state, with it.
    pub(super) fn lies_in(&self, place: &Path) -> bool {
        self.kept.iter().chain([&self.state]).any(|kept| kept.starts_with(place))
    }

    /// The same of any of the user's files.
    fn is_reached_by(&self, place: &Path) -> bool {
        self.lies_in(place) || self.kept.iter().any(|kept| place.starts_with(kept))
    }

    /// Temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.scratch.join("tmp")
    }
}

/// What is known of the user's surroundings.
pub struct Surroundings<'a> {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// A variable that holds a path.
    pub variable: &'a dyn Fn(&str) -> Option<PathBuf>,
    /// Whether something is there.
    pub exists: &'a dyn Fn(&Path) -> bool,
    /// A path without links.
    pub real: &'a dyn Fn(&Path) -> PathBuf,
    /// Names of what is in a directory.
    pub names: &'a dyn Fn(&Path) -> Vec<OsString>,
    /// Files of ours that hold keys.
    pub own_secrets: Vec<PathBuf>,
}

/// What is made for agents in a session's own places, from within the confinement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// A directory, with those above it.
    Dir(PathBuf),
    /// A link, unless something is there.
    Link {
        /// Where it is.
        at: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// A copy of a file, unless something is there.
    Copy {
        /// Where it is.
        at: PathBuf,
        /// What is copied.
        from: PathBuf,
    },
}

/// What is allowed. Everything else outside of it can be read, and not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Directories with all that is below them, and files, that may be written.
    pub write: Vec<PathBuf>,
    /// What may not be read.
    pub hidden: Vec<PathBuf>,
    /// What may be read although it lies in a hidden place.
    pub shown: Vec<PathBuf>,
    /// Whether the network may be used.
    pub net: Net,
    /// Variables that lead tools to where they may write.
    pub variables: Vec<(String, OsString)>,
    /// What is made in the session's own places.
    pub prepared: Vec<Prepared>,
    /// The user's grants reach the project itself: nothing keeps the agent from writing it.
    pub reaches_project: bool,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// Decides.
pub fn policy(asked: &Confinement, layout: &Layout, around: &Surroundings<'_>) -> Policy {
    let mut policy = Policy {
        write: vec![layout.workspaces.clone(), layout.scratch.clone()],
        hidden: hidden(asked, layout, around),
        shown: Vec::new(),
        net: asked.net,
        variables: variables(layout, around),
        prepared: Vec::new(),
        reaches_project: false,
        notes: Vec::new(),
    };
    policy.write.extend(layout.git.iter().filter(|place| (around.exists)(place)).cloned());
    policy.shown = policy.write.clone();
    if layout.linked {
        policy.notes.push(
            "a linked work tree: commits are stored in your own repository, whose objects the agent may \
             therefore write; branches, stash, hooks and configuration are closed to it"
                .into(),
        );
    }
    // What is granted to whoever asks for nothing must not open what is to be kept.
    let is_free = |place: &Path| !layout.is_reached_by(&(around.real)(place));
    let mut filled = caches(asked.caches, layout, around, &is_free, &mut policy.variables);
    // An agent in a home directory that is the project itself needs its own state all the same.
    let agents = agents::allow(layout, around);
    filled.extend(agents.write);
    let led = agents.variables.into_iter().map(|(name, place)| (name, place.into_os_string()));
    policy.variables.extend(led);
    policy.prepared = agents.prepared;
    match Path::new(SHARED_MEMORY) {
        place if !(around.exists)(place) => {}
        place if is_free(place) => policy.write.push(place.to_path_buf()),
        place => policy.notes.push(format!(
            "{} is closed, since your files or sessions lie in it: programs that share memory by name fail",
            place.display()
        )),
    }
    if !filled.is_empty() {
        policy.notes.push(format!(
            "tools may fill their caches and write their own state: {}",
            names(&filled, around.home.as_deref())
        ));
        policy.write.extend(filled);
    }
    let granted: Vec<PathBuf> = asked.allow_write.iter().map(|path| path.0.clone()).collect();
    if !granted.is_empty() {
        policy.notes.push(format!("granted by you: {}", names(&granted, around.home.as_deref())));
        policy.reaches_project = granted.iter().any(|place| !is_free(place));
        if policy.reaches_project {
            policy.notes.push("what you granted reaches the project itself".into());
        }
        policy.write.extend(granted);
    }
    if asked.net == Net::Deny {
        policy.notes.push("TCP is closed; UDP and sockets of this machine are not".into());
    }
    policy
}

fn hidden(asked: &Confinement, layout: &Layout, around: &Surroundings<'_>) -> Vec<PathBuf> {
    let secrets = around.home.as_deref().map(secret_places).unwrap_or_default();
    let mut hidden: Vec<PathBuf> = asked
        .deny_read
        .iter()
        .map(|path| path.0.clone())
        .chain(secrets)
        .chain(around.own_secrets.iter().cloned())
        .chain([layout.state.clone()])
        .filter(|place| (around.exists)(place))
        .collect();
    hidden.sort();
    hidden.dedup();
    hidden
}

/// Variables that every tool obeys.
fn variables(layout: &Layout, around: &Surroundings<'_>) -> Vec<(String, OsString)> {
    let mut variables = vec![
        ("TMUX_TMPDIR".to_string(), layout.temporary().into_os_string()),
        // What programs remember between two starts has a place for the session.
        ("XDG_STATE_HOME".to_string(), layout.scratch.join("state").into_os_string()),
        // Keys of the user are out of reach: a commit that waits for one would fail.
        ("GIT_CONFIG_COUNT".to_string(), "2".into()),
        ("GIT_CONFIG_KEY_0".to_string(), "commit.gpgSign".into()),
        ("GIT_CONFIG_VALUE_0".to_string(), "false".into()),
        ("GIT_CONFIG_KEY_1".to_string(), "tag.gpgSign".into()),
        ("GIT_CONFIG_VALUE_1".to_string(), "false".into()),
    ];
    if (around.variable)("XDG_RUNTIME_DIR").is_some() {
        // The user's holds the sockets of the desktop's bus and of container engines.
        let place = layout.scratch.join("run").into_os_string();
        variables.push(("XDG_RUNTIME_DIR".to_string(), place));
    }
    variables
}

/// What of the caches may be filled. A cache that is not there, or is not shared, is made for the session.
fn caches(
    whose: Caches,
    layout: &Layout,
    around: &Surroundings<'_>,
    is_free: &dyn Fn(&Path) -> bool,
    variables: &mut Vec<(String, OsString)>,
) -> Vec<PathBuf> {
    let mut filled = Vec::new();
    for tool in CACHES {
        let place = tool.place(around.home.as_deref(), around.variable);
        let there_already =
            place.as_deref().is_some_and(|place| (around.exists)(place) && is_free(place));
        if there_already && whose == Caches::Shared {
            filled.extend(there(tool, around));
        } else if let Some(variable) = tool.variable {
            let own = layout.scratch.join("caches").join(tool.name);
            variables.push((variable.to_string(), own.into_os_string()));
        }
    }
    filled
}

fn there(tool: &Tool, around: &Surroundings<'_>) -> Vec<PathBuf> {
    let Some(place) = tool.place(around.home.as_deref(), around.variable) else {
        return Vec::new();
    };
    tool.writable(&place).into_iter().filter(|part| (around.exists)(part)).collect()
}

fn names(places: &[PathBuf], home: Option<&Path>) -> String {
    let short = |place: &PathBuf| match home.and_then(|home| place.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => place.display().to_string(),
    };
    places.iter().map(short).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::HostPath;

    fn layout() -> Layout {
        Layout {
            session: "/state/sessions/a".into(),
            state: "/state".into(),
            workspaces: "/state/sessions/a/workspace".into(),
            git: vec![
                "/state/sessions/a/repository.git".into(),
                "/state/sessions/a/modules".into(),
            ],
            linked: false,
            scratch: "/state/sessions/a/scratch".into(),
            kept: vec!["/home/u/project".into(), "/home/u/project/.git".into()],
        }
    }

    fn decide(asked: &Confinement, there: &[&str]) -> Policy {
        decide_for(&layout(), asked, there)
    }

    fn decide_for(layout: &Layout, asked: &Confinement, there: &[&str]) -> Policy {
        let exists = |path: &Path| there.iter().any(|known| Path::new(known) == path);
        let around = Surroundings {
            home: Some("/home/u".into()),
            variable: &|_| None,
            exists: &exists,
            real: &Path::to_path_buf,
            names: &|dir| {
                let names = there.iter().map(Path::new).filter(|known| known.parent() == Some(dir));
                names.filter_map(|known| known.file_name().map(OsString::from)).collect()
            },
            own_secrets: vec!["/home/u/.massgen/.env".into()],
        };
        policy(asked, layout, &around)
    }

    fn variable<'a>(policy: &'a Policy, name: &str) -> Option<&'a str> {
        policy.variables.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.to_str())
    }

    #[test]
    fn the_sessions_own_places_and_nothing_else() {
        let policy =
            decide(&Confinement::default(), &["/state", "/state/sessions/a/repository.git"]);
        let expect = [
            "/state/sessions/a/workspace",
            "/state/sessions/a/scratch",
            "/state/sessions/a/repository.git",
        ];
        assert_eq!(policy.write, expect.map(PathBuf::from));
        assert_eq!(policy.shown, policy.write);
        assert_eq!(policy.hidden, [PathBuf::from("/state")]);
    }

    #[test]
    fn caches_that_are_there_are_filled_and_others_are_made() {
        let there = [
            "/home/u/.cargo",
            "/home/u/.cargo/registry",
            "/home/u/.claude",
            "/home/u/.claude/projects",
        ];
        let shared = decide(&Confinement::default(), &there);
        assert!(shared.write.contains(&"/home/u/.cargo/registry".into()));
        assert!(shared.write.contains(&"/home/u/.claude/projects".into()));
        assert_eq!(variable(&shared, "CARGO_HOME"), None);
        assert_eq!(
            variable(&shared, "npm_config_cache"),
            Some("/state/sessions/a/scratch/caches/npm")
        );
        let private = Confinement { caches: Caches::Private, ..Confinement::default() };
        let private = decide(&private, &there);
        assert!(!private.write.contains(&"/home/u/.cargo/registry".into()));
        assert_eq!(
            variable(&private, "CARGO_HOME"),
            Some("/state/sessions/a/scratch/caches/cargo")
        );
    }

    #[test]
    fn what_is_asked_for_is_granted_and_hidden() {
        let asked = Confinement {
            allow_write: vec![HostPath("/data".into())],
            deny_read: vec![HostPath("/srv/keys".into()), HostPath("/gone".into())],
            ..Confinement::default()
        };
        let policy =
            decide(&asked, &["/data", "/srv/keys", "/home/u/.ssh", "/home/u/.massgen/.env"]);
        assert!(policy.write.contains(&"/data".into()));
        let hidden = ["/home/u/.massgen/.env", "/home/u/.ssh", "/srv/keys"];
        assert_eq!(policy.hidden, hidden.map(PathBuf::from));
        assert!(!policy.shown.contains(&"/data".into()), "a grant to write shows nothing hidden");
    }

    #[test]
    fn no_grant_by_default_opens_the_project_or_our_state() {
        let there = ["/dev/shm", "/home/u/.cargo", "/home/u/.cargo/registry"];
        let free = decide(&Confinement::default(), &there);
        assert!(free.write.contains(&"/dev/shm".into()));
        assert!(free.write.contains(&"/home/u/.cargo/registry".into()));
        // In the place that is granted, and around it.
        for project in ["/home/u/.cargo/registry/src/crate", "/home/u/.cargo", "/home/u"] {
            let layout = Layout { kept: vec![project.into()], ..layout() };
            let policy = decide_for(&layout, &Confinement::default(), &there);
            assert!(!policy.write.contains(&"/home/u/.cargo/registry".into()), "{project}");
            let own = variable(&policy, "CARGO_HOME");
            assert_eq!(own, Some("/state/sessions/a/scratch/caches/cargo"));
            assert!(!policy.reaches_project);
        }
        for (project, state) in [("/dev/shm/project", "/state"), ("/project", "/dev/shm/state")] {
            let layout = Layout { kept: vec![project.into()], state: state.into(), ..layout() };
            let policy = decide_for(&layout, &Confinement::default(), &there);
            assert!(!policy.write.contains(&"/dev/shm".into()), "{project}");
            assert!(policy.notes.iter().any(|note| note.starts_with("/dev/shm is closed")));
        }
    }

    #[test]
    fn what_the_user_grants_may_reach_the_project_and_is_told() {
        for (granted, reaches) in [("/home", true), ("/home/u/project/out", true), ("/data", false)]
        {
            let allow_write = vec![HostPath(granted.into())];
            let asked = Confinement { allow_write, ..Confinement::default() };
            let policy = decide(&asked, &[granted]);
            assert!(policy.write.contains(&granted.into()));
            assert_eq!(policy.reaches_project, reaches, "{granted}");
        }
    }
}
