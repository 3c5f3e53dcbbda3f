//! The policy of one session: paths that the agent may write or must not read. Covers the session's own paths, the
//! user's grants, and the needs of tools in their default configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::agents;
use super::known_paths::{CACHES, Tool, secret_paths};
use super::request::{Caches, Confinement, Net};
use crate::session::{GitKind, Session, StateDir};

/// Named shared memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// The paths of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The session's directory.
    pub session: PathBuf,
    /// Our state directory: hidden except for the paths of the session.
    pub state: PathBuf,
    /// The directory that holds the workspace and further work trees beside it.
    pub workspaces: PathBuf,
    /// Paths that git writes for the workspace.
    pub git: Vec<PathBuf>,
    /// Whether the workspace is a linked work tree of the user's repository.
    pub linked: bool,
    /// Temporary files, sockets and private caches.
    pub scratch: PathBuf,
    /// The user's files and repository, which the confinement protects.
    pub protected: Vec<PathBuf>,
}

impl Layout {
    /// Returns the paths of a session.
    pub fn of(session: &Session, state: &StateDir) -> Self {
        let dir = state.session(&session.id);
        let mut git = vec![dir.join("modules")];
        let mut linked = false;
        let mut protected = vec![session.project.0.clone()];
        if let Some(side) = &session.git {
            protected.extend([side.user_gitdir.0.clone(), side.user_common.0.clone()]);
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
            protected,
        }
    }

    /// Returns whether write access to `place` would include all of the user's files, or our state.
    pub(super) fn is_exposed_by(&self, place: &Path) -> bool {
        self.protected.iter().chain([&self.state]).any(|protected| protected.starts_with(place))
    }

    /// Returns whether write access to `place` would include any of the user's files, or our state.
    fn is_partly_exposed_by(&self, place: &Path) -> bool {
        self.is_exposed_by(place)
            || self.protected.iter().any(|protected| place.starts_with(protected))
    }

    /// Returns the directory for temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.scratch.join("tmp")
    }
}

/// A read-only view of the user's system.
pub struct HostView<'a> {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Looks up a variable that holds a path.
    pub variable: &'a dyn Fn(&str) -> Option<PathBuf>,
    /// Returns whether a path exists.
    pub exists: &'a dyn Fn(&Path) -> bool,
    /// Resolves symbolic links.
    pub real: &'a dyn Fn(&Path) -> PathBuf,
    /// Lists the names in a directory.
    pub names: &'a dyn Fn(&Path) -> Vec<OsString>,
    /// Files of ours that hold keys.
    pub own_secrets: Vec<PathBuf>,
}

/// A file that is created for agents in the session's scratch directory, from within the confinement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScratchEntry {
    /// A directory, including missing parents.
    Dir(PathBuf),
    /// A symbolic link, unless the path exists.
    Link {
        /// The path of the link.
        at: PathBuf,
        /// The target.
        to: PathBuf,
    },
    /// A copy of a file, unless the path exists.
    Copy {
        /// The path of the copy.
        at: PathBuf,
        /// The original.
        from: PathBuf,
    },
}

/// The permissions of an agent. Everything that is not listed can be read but not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Writable files, and directories with everything below them.
    pub write: Vec<PathBuf>,
    /// Paths that can't be read.
    pub hidden: Vec<PathBuf>,
    /// Readable paths within hidden ones.
    pub readable: Vec<PathBuf>,
    /// Whether the network may be used.
    pub net: Net,
    /// Variables that point tools to writable paths.
    pub variables: Vec<(String, OsString)>,
    /// Files to create in the scratch directory.
    pub scratch_entries: Vec<ScratchEntry>,
    /// Whether the user's grants include the project, which is then unprotected.
    pub reaches_project: bool,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// Computes the policy for a request.
pub fn policy(request: &Confinement, layout: &Layout, host: &HostView<'_>) -> Policy {
    let mut policy = Policy {
        write: vec![layout.workspaces.clone(), layout.scratch.clone()],
        hidden: hidden(request, layout, host),
        readable: Vec::new(),
        net: request.net,
        variables: variables(layout, host),
        scratch_entries: Vec::new(),
        reaches_project: false,
        notes: Vec::new(),
    };
    policy.write.extend(layout.git.iter().filter(|place| (host.exists)(place)).cloned());
    policy.readable = policy.write.clone();
    if layout.linked {
        policy.notes.push(
            "linked work tree: commits are stored in your own repository, so the agent may write its object store; \
             branches, stash, hooks and configuration are read-only"
                .into(),
        );
    }
    // Default grants must not expose protected paths.
    let is_safe = |place: &Path| !layout.is_partly_exposed_by(&(host.real)(place));
    let mut writable = caches(request.caches, layout, host, &is_safe, &mut policy.variables);
    // Agents need their own state even where the home directory is the project itself.
    let agents = agents::grants(layout, host);
    writable.extend(agents.write);
    let redirected =
        agents.variables.into_iter().map(|(name, place)| (name, place.into_os_string()));
    policy.variables.extend(redirected);
    policy.scratch_entries = agents.scratch_entries;
    match Path::new(SHARED_MEMORY) {
        place if !(host.exists)(place) => {}
        place if is_safe(place) => policy.write.push(place.to_path_buf()),
        place => policy.notes.push(format!(
            "{} is read-only because your files or sessions are below it: programs that share memory by name fail",
            place.display()
        )),
    }
    if !writable.is_empty() {
        policy.notes.push(format!(
            "tools may fill their caches and write their own state: {}",
            list_paths(&writable, host.home.as_deref())
        ));
        policy.write.extend(writable);
    }
    let granted: Vec<PathBuf> = request.allow_write.iter().map(|path| path.0.clone()).collect();
    if !granted.is_empty() {
        policy
            .notes
            .push(format!("granted by you: {}", list_paths(&granted, host.home.as_deref())));
        policy.reaches_project = granted.iter().any(|place| !is_safe(place));
        if policy.reaches_project {
            policy.notes.push("your grants include the project itself".into());
        }
        policy.write.extend(granted);
    }
    if request.net == Net::Deny {
        policy.notes.push("TCP is blocked; UDP and local sockets are not".into());
    }
    policy
}

fn hidden(request: &Confinement, layout: &Layout, host: &HostView<'_>) -> Vec<PathBuf> {
    let secrets = host.home.as_deref().map(secret_paths).unwrap_or_default();
    let mut hidden: Vec<PathBuf> = request
        .deny_read
        .iter()
        .map(|path| path.0.clone())
        .chain(secrets)
        .chain(host.own_secrets.iter().cloned())
        .chain([layout.state.clone()])
        .filter(|place| (host.exists)(place))
        .collect();
    hidden.sort();
    hidden.dedup();
    hidden
}

/// Returns variables that apply to every tool.
fn variables(layout: &Layout, host: &HostView<'_>) -> Vec<(String, OsString)> {
    let mut variables = vec![
        ("TMUX_TMPDIR".to_string(), layout.temporary().into_os_string()),
        // Programs keep their state in the session.
        ("XDG_STATE_HOME".to_string(), layout.scratch.join("state").into_os_string()),
        // The user's signing keys are not available: a commit that asks for one would fail.
        ("GIT_CONFIG_COUNT".to_string(), "2".into()),
        ("GIT_CONFIG_KEY_0".to_string(), "commit.gpgSign".into()),
        ("GIT_CONFIG_VALUE_0".to_string(), "false".into()),
        ("GIT_CONFIG_KEY_1".to_string(), "tag.gpgSign".into()),
        ("GIT_CONFIG_VALUE_1".to_string(), "false".into()),
    ];
    if (host.variable)("XDG_RUNTIME_DIR").is_some() {
        // The user's directory holds the sockets of the desktop bus and of container engines.
        let place = layout.scratch.join("run").into_os_string();
        variables.push(("XDG_RUNTIME_DIR".to_string(), place));
    }
    variables
}

/// Returns the writable caches. A cache that is missing or not shared is created in the session.
fn caches(
    caches: Caches,
    layout: &Layout,
    host: &HostView<'_>,
    is_safe: &dyn Fn(&Path) -> bool,
    variables: &mut Vec<(String, OsString)>,
) -> Vec<PathBuf> {
    let mut writable = Vec::new();
    for tool in CACHES {
        let place = tool.place(host.home.as_deref(), host.variable);
        let exists = place.as_deref().is_some_and(|place| (host.exists)(place) && is_safe(place));
        if exists && caches == Caches::Shared {
            writable.extend(existing_paths(tool, host));
        } else if let Some(variable) = tool.variable {
            let own = layout.scratch.join("caches").join(tool.name);
            variables.push((variable.to_string(), own.into_os_string()));
        }
    }
    writable
}

fn existing_paths(tool: &Tool, host: &HostView<'_>) -> Vec<PathBuf> {
    let Some(place) = tool.place(host.home.as_deref(), host.variable) else {
        return Vec::new();
    };
    tool.writable(&place).into_iter().filter(|part| (host.exists)(part)).collect()
}

fn list_paths(paths: &[PathBuf], home: Option<&Path>) -> String {
    let short = |place: &PathBuf| match home.and_then(|home| place.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => place.display().to_string(),
    };
    paths.iter().map(short).collect::<Vec<_>>().join(", ")
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
            protected: vec!["/home/u/project".into(), "/home/u/project/.git".into()],
        }
    }

    fn decide(request: &Confinement, existing: &[&str]) -> Policy {
        decide_for(&layout(), request, existing)
    }

    fn decide_for(layout: &Layout, request: &Confinement, existing: &[&str]) -> Policy {
        let exists = |path: &Path| existing.iter().any(|known| Path::new(known) == path);
        let host = HostView {
            home: Some("/home/u".into()),
            variable: &|_| None,
            exists: &exists,
            real: &Path::to_path_buf,
            names: &|dir| {
                let names =
                    existing.iter().map(Path::new).filter(|known| known.parent() == Some(dir));
                names.filter_map(|known| known.file_name().map(OsString::from)).collect()
            },
            own_secrets: vec!["/home/u/.massgen/.env".into()],
        };
        policy(request, layout, &host)
    }

    fn variable<'a>(policy: &'a Policy, name: &str) -> Option<&'a str> {
        policy.variables.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.to_str())
    }

    #[test]
    fn only_paths_of_the_session_are_writable_by_default() {
        let policy =
            decide(&Confinement::default(), &["/state", "/state/sessions/a/repository.git"]);
        let expect = [
            "/state/sessions/a/workspace",
            "/state/sessions/a/scratch",
            "/state/sessions/a/repository.git",
        ];
        assert_eq!(policy.write, expect.map(PathBuf::from));
        assert_eq!(policy.readable, policy.write);
        assert_eq!(policy.hidden, [PathBuf::from("/state")]);
    }

    #[test]
    fn existing_caches_are_writable_and_missing_ones_are_created() {
        let existing = [
            "/home/u/.cargo",
            "/home/u/.cargo/registry",
            "/home/u/.claude",
            "/home/u/.claude/projects",
        ];
        let shared = decide(&Confinement::default(), &existing);
        assert!(shared.write.contains(&"/home/u/.cargo/registry".into()));
        assert!(shared.write.contains(&"/home/u/.claude/projects".into()));
        assert_eq!(variable(&shared, "CARGO_HOME"), None);
        assert_eq!(
            variable(&shared, "npm_config_cache"),
            Some("/state/sessions/a/scratch/caches/npm")
        );
        let private = Confinement { caches: Caches::Private, ..Confinement::default() };
        let private = decide(&private, &existing);
        assert!(!private.write.contains(&"/home/u/.cargo/registry".into()));
        assert_eq!(
            variable(&private, "CARGO_HOME"),
            Some("/state/sessions/a/scratch/caches/cargo")
        );
    }

    #[test]
    fn applies_requested_grants_and_denials() {
        let request = Confinement {
            allow_write: vec![HostPath("/data".into())],
            deny_read: vec![HostPath("/srv/keys".into()), HostPath("/gone".into())],
            ..Confinement::default()
        };
        let policy =
            decide(&request, &["/data", "/srv/keys", "/home/u/.ssh", "/home/u/.massgen/.env"]);
        assert!(policy.write.contains(&"/data".into()));
        let hidden = ["/home/u/.massgen/.env", "/home/u/.ssh", "/srv/keys"];
        assert_eq!(policy.hidden, hidden.map(PathBuf::from));
        assert!(
            !policy.readable.contains(&"/data".into()),
            "a grant to write shows nothing hidden"
        );
    }

    #[test]
    fn default_grants_never_expose_the_project_or_our_state() {
        let existing = ["/dev/shm", "/home/u/.cargo", "/home/u/.cargo/registry"];
        let free = decide(&Confinement::default(), &existing);
        assert!(free.write.contains(&"/dev/shm".into()));
        assert!(free.write.contains(&"/home/u/.cargo/registry".into()));
        // Below a granted path, equal to it, and above it.
        for project in ["/home/u/.cargo/registry/src/crate", "/home/u/.cargo", "/home/u"] {
            let layout = Layout { protected: vec![project.into()], ..layout() };
            let policy = decide_for(&layout, &Confinement::default(), &existing);
            assert!(!policy.write.contains(&"/home/u/.cargo/registry".into()), "{project}");
            let own = variable(&policy, "CARGO_HOME");
            assert_eq!(own, Some("/state/sessions/a/scratch/caches/cargo"));
            assert!(!policy.reaches_project);
        }
        for (project, state) in [("/dev/shm/project", "/state"), ("/project", "/dev/shm/state")] {
            let layout =
                Layout { protected: vec![project.into()], state: state.into(), ..layout() };
            let policy = decide_for(&layout, &Confinement::default(), &existing);
            assert!(!policy.write.contains(&"/dev/shm".into()), "{project}");
            assert!(policy.notes.iter().any(|note| note.starts_with("/dev/shm is read-only")));
        }
    }

    #[test]
    fn reports_grants_that_include_the_project() {
        for (granted, reaches) in [("/home", true), ("/home/u/project/out", true), ("/data", false)]
        {
            let allow_write = vec![HostPath(granted.into())];
            let request = Confinement { allow_write, ..Confinement::default() };
            let policy = decide(&request, &[granted]);
            assert!(policy.write.contains(&granted.into()));
            assert_eq!(policy.reaches_project, reaches, "{granted}");
        }
    }
}
