//! What agents need to write about themselves: conversations, logs, and the tokens that they renew. Their
//! settings, hooks and programs stay closed, and so do the directories in which these lie: what an agent wants to
//! make there has a place in the session, to which a variable leads it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::places::{Tool, tool};
use super::policy::{Layout, Prepared, Surroundings};

/// An agent that is known.
struct Agent {
    tool: Tool,
    own: Own,
}

/// What an agent has for the session alone.
enum Own {
    Nothing,
    /// A variable leads to a file; others may be made beside it.
    File(&'static str, &'static str),
    Home(Home),
}

/// A directory like the user's, in which what the user has is seen through links.
struct Home {
    /// The variable that leads to it.
    variable: &'static str,
    /// Where it is below what the variable names.
    below: &'static str,
    /// Parts of names that are not shown: the agent makes these anew.
    anew: &'static [&'static str],
    /// Names that are copied: the agent writes them, and what it writes holds for the session.
    copied: &'static [&'static str],
}

/// As these versions were seen to need it: MassGen 0.1.97, Claude Code 2.1, Codex 0.171, Gemini CLI 0.61,
/// opencode 1.18, Qwen Code 0.15, Copilot CLI 1.0 (`tests/real/agents.sh`).
const AGENTS: &[Agent] = &[
    Agent {
        // Its registry of sessions is replaced as a whole, and stays as it is.
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
        own: Own::Nothing,
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
        own: Own::Nothing,
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
        own: Own::Home(Home {
            variable: "CODEX_HOME",
            below: "",
            anew: &[".sqlite", ".tmp"],
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
        own: Own::Home(Home {
            variable: "GEMINI_CLI_HOME",
            below: ".gemini",
            anew: &["projects.json"],
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
        own: Own::File("OPENCODE_DB", "opencode.db"),
    },
    Agent {
        tool: tool(
            "qwen",
            Some("QWEN_HOME"),
            ".qwen",
            &["projects", "tmp", "todos", "debug", "logs", "oauth_creds.json"],
        ),
        own: Own::Nothing,
    },
    Agent {
        tool: tool(
            "copilot",
            Some("COPILOT_HOME"),
            ".copilot",
            &["session-state", "command-history-state", "logs"],
        ),
        own: Own::Nothing,
    },
];

/// What agents may write of the user's, and what they get for themselves.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    pub(super) write: Vec<PathBuf>,
    pub(super) variables: Vec<(String, PathBuf)>,
    pub(super) prepared: Vec<Prepared>,
}

/// Decides for all of them: who will be started is not known.
pub(super) fn allow(layout: &Layout, around: &Surroundings<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    for agent in AGENTS {
        let place = agent.tool.place(around.home.as_deref(), around.variable);
        let place = place.filter(|place| (around.exists)(place));
        let own = layout.scratch.join("state").join(agent.tool.name);
        if let Some(place) = &place {
            let parts = agent.tool.writable(place);
            let parts = parts.into_iter().filter(|part| (around.exists)(part));
            allowed.write.extend(parts.filter(|part| !layout.lies_in(&(around.real)(part))));
        }
        match (&agent.own, &place) {
            (Own::Home(home), place) => {
                // Its own variable told where the user's is, and leads to the session's from now on. Another one may
                // be the user's.
                let is_ours = agent.tool.variable == Some(home.variable);
                if is_ours || (around.variable)(home.variable).is_none() {
                    let dir = own.join(home.below);
                    allowed.lead(home.variable, &own, &dir);
                    if let Some(place) = place {
                        let names = (around.names)(place).into_iter();
                        let shown = names.filter_map(|name| home.shows(&name, &dir, place));
                        allowed.prepared.extend(shown);
                    }
                }
            }
            (Own::File(variable, name), Some(_)) if (around.variable)(variable).is_none() => {
                allowed.lead(variable, &own.join(name), &own);
            }
            (Own::File(..), _) | (Own::Nothing, Some(_)) => {}
            // An agent that was never started here has a home of the session's.
            (Own::Nothing, None) => {
                if let Some(variable) = agent.tool.variable {
                    allowed.lead(variable, &own, &own);
                }
            }
        }
    }
    allowed
}

impl Home {
    /// How something that the user has is seen; `None`: not at all.
    fn shows(&self, name: &OsStr, dir: &Path, place: &Path) -> Option<Prepared> {
        let text = name.to_string_lossy();
        let (at, from) = (dir.join(name), place.join(name));
        if self.copied.iter().any(|copied| text == *copied) {
            return Some(Prepared::Copy { at, from });
        }
        let anew = self.anew.iter().any(|part| text.contains(part));
        (!anew).then_some(Prepared::Link { at, to: from })
    }
}

impl Allowed {
    /// Leads an agent to a place of the session's, for which there is a directory.
    fn lead(&mut self, variable: &str, to: &Path, dir: &Path) {
        self.variables.push((variable.to_string(), to.to_path_buf()));
        self.prepared.push(Prepared::Dir(dir.to_path_buf()));
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
            kept: vec!["/p".into()],
        }
    }

    fn decide(there: &[&str], set: &[(&str, &str)]) -> Allowed {
        let names = |dir: &Path| -> Vec<OsString> {
            let below = there.iter().map(Path::new).filter(|known| known.parent() == Some(dir));
            below.filter_map(|known| known.file_name().map(OsString::from)).collect()
        };
        let around = Surroundings {
            home: Some("/u".into()),
            variable: &|name| Some(set.iter().find(|(known, _)| *known == name)?.1.into()),
            exists: &|path| there.iter().any(|known| Path::new(known) == path),
            real: &Path::to_path_buf,
            names: &names,
            own_secrets: Vec::new(),
        };
        allow(&layout(), &around)
    }

    fn led<'a>(allowed: &'a Allowed, variable: &str) -> Option<&'a Path> {
        let (_, place) = allowed.variables.iter().find(|(name, _)| name == variable)?;
        Some(place)
    }

    #[test]
    fn settings_are_seen_and_what_is_written_of_them_stays_in_the_session() {
        let there = [
            "/u/.codex",
            "/u/.codex/auth.json",
            "/u/.codex/config.toml",
            "/u/.codex/prompts",
            "/u/.codex/state_5.sqlite-wal",
        ];
        let allowed = decide(&there, &[]);
        assert_eq!(allowed.write, [Path::new("/u/.codex/auth.json")]);
        assert_eq!(led(&allowed, "CODEX_HOME"), Some(Path::new("/s/scratch/state/codex")));
        let at = |name: &str| Path::new("/s/scratch/state/codex").join(name);
        let from = |name: &str| Path::new("/u/.codex").join(name);
        let seen = |name: &str| Prepared::Link { at: at(name), to: from(name) };
        let copied = Prepared::Copy { at: at("config.toml"), from: from("config.toml") };
        let own = Prepared::Dir("/s/scratch/state/codex".into());
        let expect = [own, seen("auth.json"), copied, seen("prompts")];
        let codex = |made: &&Prepared| format!("{made:?}").contains("codex");
        assert_eq!(allowed.prepared.iter().filter(codex).cloned().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn the_users_variables_tell_where_to_look_and_are_left_where_they_are_no_home() {
        let set = [("CODEX_HOME", "/x"), ("OPENCODE_DB", "/y"), ("GEMINI_CLI_HOME", "/z")];
        let there = ["/x", "/x/sessions", "/u/.local/share/opencode", "/u/.gemini"];
        let allowed = decide(&there, &set);
        assert_eq!(allowed.write, [Path::new("/x/sessions")]);
        assert_eq!(led(&allowed, "CODEX_HOME"), Some(Path::new("/s/scratch/state/codex")));
        assert_eq!(led(&allowed, "OPENCODE_DB"), None);
        assert_eq!(led(&allowed, "GEMINI_CLI_HOME"), None);
    }

    #[test]
    fn who_was_never_here_gets_a_home() {
        let allowed = decide(&[], &[]);
        assert_eq!(allowed.write, [] as [PathBuf; 0]);
        for (variable, place) in [
            ("CLAUDE_CONFIG_DIR", "claude"),
            ("CODEX_HOME", "codex"),
            ("GEMINI_CLI_HOME", "gemini"),
            ("QWEN_HOME", "qwen"),
            ("COPILOT_HOME", "copilot"),
        ] {
            let expect = Path::new("/s/scratch/state").join(place);
            assert_eq!(led(&allowed, variable), Some(expect.as_path()), "{variable}");
        }
        let there = ["/u/.claude", "/u/.local/share/opencode"];
        let allowed = decide(&there, &[]);
        assert_eq!(led(&allowed, "CLAUDE_CONFIG_DIR"), None);
        let database = Path::new("/s/scratch/state/opencode/opencode.db");
        assert_eq!(led(&allowed, "OPENCODE_DB"), Some(database));
    }
}
