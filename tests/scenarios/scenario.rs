//! What a scenario's file may say.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A case. Scripts run with `sh -eu`; a script that fails fails the scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it shows.
    #[expect(dead_code, reason = "for readers")]
    about: String,
    /// Rows of the catalogue of edge cases (B…) and defects of others (M…) that it covers.
    #[expect(dead_code, reason = "for readers, and for the table in docs/")]
    rows: Vec<String>,
    /// Strategies that it is played with.
    #[serde(default = "automatic")]
    pub(crate) strategies: Vec<String>,
    /// Name of the project's directory.
    #[serde(default = "project")]
    pub(crate) project: String,
    /// Makes the project; runs in its directory.
    #[serde(default)]
    pub(crate) setup: String,
    /// Variables for all commands.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Where the program is started, below the project.
    #[serde(default)]
    pub(crate) start: String,
    /// More arguments of `isolate run`.
    #[serde(default)]
    pub(crate) run_args: Vec<String>,
    /// The agent; runs in the workspace.
    #[serde(default)]
    pub(crate) agent: String,
    /// The agent's script plays the user, too: the project is another one afterwards.
    #[serde(default)]
    pub(crate) agent_plays_user: bool,
    /// How `isolate run` ends.
    #[serde(default)]
    pub(crate) run_exit: i32,
    /// What its error says, if it fails before the agent.
    #[serde(default)]
    pub(crate) run_error: Option<String>,
    /// What the user does to the project after the agent ran.
    #[serde(default)]
    pub(crate) meanwhile: String,
    /// Every change in scope: `A path`, `M path`, `D path`, `R old -> new`, `T path`, `X path`.
    #[serde(default)]
    pub(crate) changes: Option<Vec<String>>,
    /// Every other change: `out-of-scope path`, `ignored-output path`.
    #[serde(default)]
    pub(crate) elsewhere: Option<Vec<String>>,
    /// Paths that are not carried, with a part of the reason.
    #[serde(default)]
    pub(crate) not_carried: BTreeMap<String, String>,
    /// Parts of notes that the session must have.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    /// Risks of a path.
    #[serde(default)]
    pub(crate) risks: BTreeMap<String, Vec<String>>,
    /// More arguments of `isolate apply`.
    #[serde(default)]
    pub(crate) apply_args: Vec<String>,
    /// What `isolate apply` reads on stdin.
    #[serde(default)]
    pub(crate) stdin: String,
    /// How `isolate apply` ends.
    #[serde(default)]
    pub(crate) apply_exit: i32,
    /// Parts of what it says when it refuses.
    #[serde(default)]
    pub(crate) conflicts: Vec<String>,
    /// Runs in the project after the apply and must succeed. `$WORKSPACE` is the workspace.
    #[serde(default)]
    pub(crate) after: String,
    /// Whether the applied files are the workspace's, byte for byte.
    #[serde(default = "yes")]
    pub(crate) exact: bool,
}

fn automatic() -> Vec<String> {
    vec!["auto".into()]
}

fn project() -> String {
    "project".into()
}

fn yes() -> bool {
    true
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}
