//! Checks for providers. Each varies recorded exchanges the way services, networks or users do, and verifies that
//! the result is still correct.

mod ask;
mod bodies;
mod content;
mod count;
mod dialects;
mod errors;
mod fuzz;
mod identity;
mod limits;
mod replies;
mod secret;
mod stream;
mod subject;

use massgen_runtime::manifest::ManifestError;
use massgen_runtime::{GateError, LoadPluginError, LoadedPlugin};

use crate::cassette::Cassette;
use crate::report::{Check, Report, Verdict, failed};
use subject::Subject;

/// Options of a check run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names and values of the plugin's settings.
    pub settings: Vec<(String, String)>,
    /// Number of mutated replies to try in addition to the default.
    pub fuzz_runs: usize,
}

type Rule = fn(&Subject<'_>) -> Verdict;

const fn check(id: &'static str, rule: &'static str) -> Check {
    Check { id, rule }
}

const IMPORTS: Check = check("imports", "a plugin imports only diagnostics");
const ABI: Check = check("abi", "the component implements every item of the contract");
const MANIFEST: Check = check("manifest", "the manifest is present, complete and valid");
const IDENTITY: Check = check("identity", "id and version in the code match the manifest");
const SECRET: Check = check("secret-sentinel", "no part of a key reaches the guest");

/// Checks that need a loaded plugin, in report order.
const RULES: &[(Check, Rule)] = &[
    (IDENTITY, identity::identity),
    (
        check("models", "model ids are unique, and the default model is one of them"),
        identity::models,
    ),
    (check("cassettes", "recorded exchanges replay with the same result"), identity::cassettes),
    (
        check("determinism", "equal inputs produce equal requests and events at any time"),
        ask::determinism,
    ),
    (
        check("endpoint", "requests use only endpoints, methods and paths of the manifest"),
        ask::endpoint,
    ),
    (check("headers", "requests set no header that is reserved for the host"), ask::headers),
    (
        check(
            "count",
            "token count requests do not depend on the clock, and counts are never invented",
        ),
        count::count,
    ),
    (check("content", "no part of a conversation is silently dropped"), content::content),
    (
        check(
            "unsupported",
            "each feature is sent, refused with a pointer, or mentioned in a notice",
        ),
        content::unsupported,
    ),
    (check("unicode", "text is unchanged in both directions"), content::unicode),
    (check("opaque", "provider state is sent back unchanged"), content::opaque),
    (
        check("events", "tool calls start and end, and one stop reason ends the reply"),
        replies::events,
    ),
    (
        check(
            "tools",
            "tool calls have names and unique ids, and their arguments are JSON objects",
        ),
        replies::tools,
    ),
    (check("stop", "unknown stop reasons are passed on, never guessed"), replies::stop),
    (
        check(
            "usage",
            "token counts are totals that never decrease, and no part exceeds its total",
        ),
        replies::usage,
    ),
    (check("split", "events do not depend on how the reply is split into reads"), stream::split),
    (
        check(
            "sse",
            "line endings, comments, keep-alives and a missing final blank line change nothing",
        ),
        stream::sse,
    ),
    (check("truncate", "a truncated reply is a failure, never an answer"), stream::truncate),
    (
        check("unknown-event", "an unknown event does not change the other events"),
        stream::unknown_event,
    ),
    (check("unknown-field", "an unknown field changes nothing"), stream::unknown_field),
    (check("null-field", "a null field is treated as absent"), stream::null_field),
    (
        check("errors", "error statuses become matching kinds and keep the service's message"),
        errors::errors,
    ),
    (SECRET, secret::secret),
    (
        check("budget", "large conversations and replies stay within time and memory limits"),
        limits::budget,
    ),
    (check("fuzz", "no malformed reply crashes the plugin"), fuzz::fuzz),
];

/// Returns all checks in report order.
pub fn checks() -> Vec<Check> {
    [IMPORTS, ABI, MANIFEST].into_iter().chain(RULES.iter().map(|(check, _)| *check)).collect()
}

/// Runs all checks. `own` holds the plugin's cassettes; if it is empty, recorded replies of the dialect of its
/// requests are used where there are any.
pub fn run(plugin: &LoadedPlugin, size: usize, own: &[Cassette], options: &Options) -> Report {
    let subject = Subject::new(plugin, size, own, options);
    let mut results: Vec<(Check, Verdict)> =
        [IMPORTS, ABI, MANIFEST].map(|check| (check, Verdict::Passed { inputs: 1 })).into();
    results.extend(RULES.iter().map(|(check, rule)| (*check, rule(&subject))));
    Report { results }
}

/// Returns the report on a component that could not be loaded: the check that it fails.
pub fn refused(error: &LoadPluginError) -> Report {
    let (check, input) = match error {
        LoadPluginError::Gate { source: GateError::Import { import, .. }, .. } => {
            (IMPORTS, import.clone())
        }
        LoadPluginError::Gate { .. }
        | LoadPluginError::Skew { .. }
        | LoadPluginError::Compile { .. } => (ABI, "the component's exports".into()),
        LoadPluginError::Manifest(ManifestError::Secret { env, .. }) => (SECRET, env.clone()),
        LoadPluginError::Manifest(_) | LoadPluginError::TooLarge(_) => {
            (MANIFEST, "plugin.toml".into())
        }
        LoadPluginError::Kind { .. } => (MANIFEST, "kind".into()),
        LoadPluginError::Identity { .. } | LoadPluginError::Describe { .. } => {
            (IDENTITY, "describe()".into())
        }
    };
    Report { results: vec![(check, failed(input, chain(error)))] }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
