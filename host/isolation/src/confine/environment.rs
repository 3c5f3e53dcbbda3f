//! The environment of an agent, without variables that redirect git, keys that were not granted, and sockets of the
//! user's running programs.

use std::ffi::{OsStr, OsString};

/// A filtered environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Variables that the agent gets.
    pub passed: Vec<(OsString, OsString)>,
    /// Names of withheld variables that look like keys.
    pub withheld: Vec<String>,
}

/// Endings of names that indicate a secret.
const ENDINGS: &[&str] = &[
    "_API_KEY",
    "_APIKEY",
    "_ACCESS_KEY",
    "_ACCESS_KEY_ID",
    "_SECRET_KEY",
    "_PRIVATE_KEY",
    "_SIGNING_KEY",
    "_ENCRYPTION_KEY",
    "_KEY_BASE",
    "_TOKEN",
    "_PAT",
    "_SECRET",
    "_PASSWORD",
    "_PASSWD",
    "_PASSPHRASE",
    "_CREDENTIALS",
    "_CREDENTIALS_JSON",
    "_AUTH",
    "_DSN",
];
const PARTS: &[&str] = &["SECRET", "PASSWORD"];
const NAMES: &[&str] = &["API_KEY", "TOKEN", "PASSWD", "PGPASSWORD", "MYSQL_PWD", "DATABASE_URL"];
/// Sockets of programs that act for the user: key agents, the desktop bus, terminal multiplexers.
const SOCKETS: &[&str] = &[
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GPG_AGENT_INFO",
    "DBUS_SESSION_BUS_ADDRESS",
    "TMUX",
    "STY",
];
/// Our own variables: a `massgen` that the agent starts uses its own state.
const OURS: &[&str] = &["MASSGEN_STATE_DIR"];

/// Removes what an agent must not get. `pass` names variables that it gets regardless; a trailing `*` matches any ending.
pub fn scrub(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    pass: &[String],
) -> Scrubbed {
    let mut scrubbed = Scrubbed::default();
    for (name, value) in environment {
        if !is_passed(&name, pass) {
            if is_key(&name) {
                scrubbed.withheld.push(name.to_string_lossy().into_owned());
                continue;
            }
            if is_dropped(&name) {
                continue;
            }
        }
        scrubbed.passed.push((name, value));
    }
    scrubbed.withheld.sort();
    scrubbed
}

fn is_passed(name: &OsStr, pass: &[String]) -> bool {
    let name = name.as_encoded_bytes();
    pass.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()),
        None => name == pattern.as_bytes(),
    })
}

fn is_key(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_uppercase();
    NAMES.contains(&name.as_str())
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || PARTS.iter().any(|part| name.contains(part))
}

fn is_dropped(name: &OsStr) -> bool {
    let text = name.to_string_lossy();
    text.starts_with("GIT_") || SOCKETS.contains(&text.as_ref()) || OURS.contains(&text.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pass: &[&str], names: &[&str]) -> (Vec<String>, Vec<String>) {
        let pass: Vec<String> = pass.iter().map(ToString::to_string).collect();
        let environment = names.iter().map(|name| (name.into(), "v".into()));
        let scrubbed = scrub(environment, &pass);
        let passed = scrubbed.passed.into_iter().map(|(n, _)| n.to_string_lossy().into_owned());
        (passed.collect(), scrubbed.withheld)
    }

    #[test]
    fn withholds_keys_and_sockets() {
        let names = [
            "PATH",
            "OPENAI_API_KEY",
            "GIT_DIR",
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
            "github_token",
            "LANG",
            "KEYBOARD",
            "TOKENIZERS_PARALLELISM",
        ];
        let (passed, withheld) = check(&[], &names);
        assert_eq!(passed, ["PATH", "LANG", "KEYBOARD", "TOKENIZERS_PARALLELISM"]);
        assert_eq!(withheld, ["AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "github_token"]);
    }

    #[test]
    fn passes_requested_variables() {
        let names = ["OPENAI_API_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "GIT_AUTHOR_NAME"];
        let (passed, withheld) = check(&["OPENAI_API_KEY", "GIT_AUTHOR_NAME"], &names);
        assert_eq!(passed, ["OPENAI_API_KEY", "GIT_AUTHOR_NAME"]);
        assert_eq!(withheld, ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"]);
        assert_eq!(check(&["AWS_*"], &names).1, ["OPENAI_API_KEY"]);
    }
}
