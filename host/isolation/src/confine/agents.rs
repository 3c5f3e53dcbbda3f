//! Files of known agents: conversations, logs and renewable tokens, which agents may write. Their settings, hooks and
//! programs stay read-only, and so do the directories that hold these: files that an agent creates there are redirected
//! to the session by a variable.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::known_paths::{Tool, tool};
use super::policy::{HostView, Layout, ScratchEntry};

/// A known agent.
struct Agent {
    tool: Tool,
    state: PrivateState,
}

/// The private state of an agent within a session.
enum PrivateState {
    Nothing,
    /// A variable names a file; the agent may create others beside it.
    File(&'static str, &'static str),
    Home(Home),
}

/// A private home directory that shows the user's files through links.
struct Home {
    /// The variable that names it.
    variable: &'static str,
    /// The path below the directory that the variable names.
    below: &'static str,
    /// Parts of the names of files that are not shown and that the agent creates anew.
    recreated: &'static [&'static str],
    /// Names of files that are copied: the agent writes them, and its changes stay in the session.
    copied: &'static [&'static str],
}

/// Paths needed by MassGen 0.1.97, Claude Code 2.1, Codex 0.171, Gemini CLI 0.61, opencode 1.18, Qwen Code 0.15 and
/// Copilot CLI 1.0, as observed by `tests/real/agents.sh`.
const AGENTS: &[Agent] = &[
    Agent {
        // The registry of sessions is replaced as a whole, so it stays read-only.
        tool: tool(
            "massgen",
            None,
            ".massgen",
            &[
                "sessions.lock",
                "sessions",
                "massgen_logs",
                "model_cache",
                "mcp_cache",
                "webui_logs",
            ],
        ),
        state: PrivateState::Nothing,
    },
    Agent {
        tool: tool(
            "claude",
            Some("CLAUDE_CONFIG_DIR"),
            ".claude",
            &[
                "projects",
                "todos",
                "tasks",
                "plans",
                "sessions",
                "statsig",
                "telemetry",
                "shell-snapshots",
                "session-env",
                "file-history",
                "debug",
                "history.jsonl",
                ".credentials.json",
            ],
        ),
        state: PrivateState::Nothing,
    },
    Agent {
        tool: tool(
            "codex",
            Some("CODEX_HOME"),
            ".codex",
            &[
                "sessions",
                "archived_sessions",
                "shell_snapshots",
                "thread-writer-locks",
                "log",
                "tmp",
                "installation_id",
                "history.jsonl",
                "auth.json",
            ],
        ),
        state: PrivateState::Home(Home {
            variable: "CODEX_HOME",
            below: "",
            recreated: &[".sqlite", ".tmp"],
            copied: &["config.toml"],
        }),
    },
    Agent {
        tool: tool(
            "gemini",
            None,
            ".gemini",
            &["tmp", "history", "state.json", "google_accounts.json", "oauth_creds.json"],
        ),
        state: PrivateState::Home(Home {
            variable: "GEMINI_CLI_HOME",
            below: ".gemini",
            recreated: &["projects.json"],
            copied: &["settings.json", "trustedFolders.json"],
        }),
    },
    Agent {
        tool: tool(
            "opencode",
            None,
            ".local/share/opencode",
            &["storage", "project", "snapshot", "repos", "log", "auth.json"],
        ),
        state: PrivateState::File("OPENCODE_DB", "opencode.db"),
    },
    Agent {
        tool: tool(
            "qwen",
            Some("QWEN_HOME"),
            ".qwen",
            &["projects", "tmp", "todos", "debug", "logs", "oauth_creds.json"],
        ),
        state: PrivateState::Nothing,
    },
    Agent {
        tool: tool(
            "copilot",
            Some("COPILOT_HOME"),
            ".copilot",
            &["session-state", "command-history-state", "logs"],
        ),
        state: PrivateState::Nothing,
    },
];

/// Paths of the user that agents may write, and their private state.
#[derive(Debug, Default)]
pub(super) struct AgentGrants {
    pub(super) write: Vec<PathBuf>,
    pub(super) variables: Vec<(String, PathBuf)>,
    pub(super) scratch_entries: Vec<ScratchEntry>,
}

/// Computes the grants of all known agents: which of them a command will start is unknown.
pub(super) fn grants(layout: &Layout, host: &HostView<'_>) -> AgentGrants {
    let mut grants = AgentGrants::default();
    for agent in AGENTS {
        let place = agent.tool.place(host.home.as_deref(), host.variable);
        let place = place.filter(|place| (host.exists)(place));
        let private_dir = layout.scratch.join("state").join(agent.tool.name);
        if let Some(place) = &place {
            let parts = agent.tool.writable(place);
            let parts = parts.into_iter().filter(|part| (host.exists)(part));
            grants.write.extend(parts.filter(|part| !layout.is_exposed_by(&(host.real)(part))));
        }
        match (&agent.state, &place) {
            (PrivateState::Home(home), place) => {
                // The agent's own variable located the user's directory and names the session's from here on. Any
                // other variable stays if the user has set it.
                let is_ours = agent.tool.variable == Some(home.variable);
                if is_ours || (host.variable)(home.variable).is_none() {
                    let dir = private_dir.join(home.below);
                    grants.redirect(home.variable, &private_dir, &dir);
                    if let Some(place) = place {
                        let names = (host.names)(place).into_iter();
                        let visible = names.filter_map(|name| home.shows(&name, &dir, place));
                        grants.scratch_entries.extend(visible);
                    }
                }
            }
            (PrivateState::File(variable, name), Some(_))
                if (host.variable)(variable).is_none() =>
            {
                grants.redirect(variable, &private_dir.join(name), &private_dir);
            }
            (PrivateState::File(..), _) | (PrivateState::Nothing, Some(_)) => {}
            // An agent that the user never started gets a home in the session.
            (PrivateState::Nothing, None) => {
                if let Some(variable) = agent.tool.variable {
                    grants.redirect(variable, &private_dir, &private_dir);
                }
            }
        }
    }
    grants
}

impl Home {
    /// Returns how a file of the user appears in the private home; `None` if it is not shown.
    fn shows(&self, name: &OsStr, dir: &Path, place: &Path) -> Option<ScratchEntry> {
        let text = name.to_string_lossy();
        let (at, from) = (dir.join(name), place.join(name));
        if self.copied.iter().any(|copied| text == *copied) {
            return Some(ScratchEntry::Copy { at, from });
        }
        let recreated = self.recreated.iter().any(|part| text.contains(part));
        (!recreated).then_some(ScratchEntry::Link { at, to: from })
    }
}

impl AgentGrants {
    /// Sets a variable to a path in the session and creates the directory for it.
    fn redirect(&mut self, variable: &str, to: &Path, dir: &Path) {
        self.variables.push((variable.to_string(), to.to_path_buf()));
        self.scratch_entries.push(ScratchEntry::Dir(dir.to_path_buf()));
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn layout() -> Layout {
        Layout {
            session: "/s".into(),
            state: "/s".into(),
            workspaces: "/s/workspace".into(),
            git: Vec::new(),
            linked: false,
            scratch: "/s/scratch".into(),
            protected: vec!["/p".into()],
        }
    }

    fn decide(existing: &[&str], variables: &[(&str, &str)]) -> AgentGrants {
        let names = |dir: &Path| -> Vec<OsString> {
            let below = existing.iter().map(Path::new).filter(|known| known.parent() == Some(dir));
            below.filter_map(|known| known.file_name().map(OsString::from)).collect()
        };
        let host = HostView {
            home: Some("/u".into()),
            variable: &|name| Some(variables.iter().find(|(known, _)| *known == name)?.1.into()),
            exists: &|path| existing.iter().any(|known| Path::new(known) == path),
            real: &Path::to_path_buf,
            names: &names,
            own_secrets: Vec::new(),
        };
        grants(&layout(), &host)
    }

    fn redirected<'a>(grants: &'a AgentGrants, variable: &str) -> Option<&'a Path> {
        let (_, place) = grants.variables.iter().find(|(name, _)| name == variable)?;
        Some(place)
    }

    #[test]
    fn settings_are_visible_and_changes_stay_in_the_session() {
        let existing = [
            "/u/.codex",
            "/u/.codex/auth.json",
            "/u/.codex/config.toml",
            "/u/.codex/prompts",
            "/u/.codex/state_5.sqlite-wal",
        ];
        let grants = decide(&existing, &[]);
        assert_eq!(grants.write, [Path::new("/u/.codex/auth.json")]);
        assert_eq!(redirected(&grants, "CODEX_HOME"), Some(Path::new("/s/scratch/state/codex")));
        let at = |name: &str| Path::new("/s/scratch/state/codex").join(name);
        let from = |name: &str| Path::new("/u/.codex").join(name);
        let seen = |name: &str| ScratchEntry::Link { at: at(name), to: from(name) };
        let copied = ScratchEntry::Copy { at: at("config.toml"), from: from("config.toml") };
        let private_dir = ScratchEntry::Dir("/s/scratch/state/codex".into());
        let expect = [private_dir, seen("auth.json"), copied, seen("prompts")];
        let codex = |made: &&ScratchEntry| format!("{made:?}").contains("codex");
        assert_eq!(
            grants.scratch_entries.iter().filter(codex).cloned().collect::<Vec<_>>(),
            expect
        );
    }

    #[test]
    fn variables_of_the_user_are_respected() {
        let variables = [("CODEX_HOME", "/x"), ("OPENCODE_DB", "/y"), ("GEMINI_CLI_HOME", "/z")];
        let existing = ["/x", "/x/sessions", "/u/.local/share/opencode", "/u/.gemini"];
        let grants = decide(&existing, &variables);
        assert_eq!(grants.write, [Path::new("/x/sessions")]);
        assert_eq!(redirected(&grants, "CODEX_HOME"), Some(Path::new("/s/scratch/state/codex")));
        assert_eq!(redirected(&grants, "OPENCODE_DB"), None);
        assert_eq!(redirected(&grants, "GEMINI_CLI_HOME"), None);
    }

    #[test]
    fn agents_without_a_directory_get_a_home_in_the_session() {
        let grants = decide(&[], &[]);
        assert_eq!(grants.write, [] as [PathBuf; 0]);
        for (variable, place) in [
            ("CLAUDE_CONFIG_DIR", "claude"),
            ("CODEX_HOME", "codex"),
            ("GEMINI_CLI_HOME", "gemini"),
            ("QWEN_HOME", "qwen"),
            ("COPILOT_HOME", "copilot"),
        ] {
            let expect = Path::new("/s/scratch/state").join(place);
            assert_eq!(redirected(&grants, variable), Some(expect.as_path()), "{variable}");
        }
        let existing = ["/u/.claude", "/u/.local/share/opencode"];
        let grants = decide(&existing, &[]);
        assert_eq!(redirected(&grants, "CLAUDE_CONFIG_DIR"), None);
        let database = Path::new("/s/scratch/state/opencode/opencode.db");
        assert_eq!(redirected(&grants, "OPENCODE_DB"), Some(database));
    }
}
