//! The checks for providers. Each takes recorded exchanges, changes them in one way that a service, a
//! network or a user may, and says what must stay true.

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

/// How to check.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Values of the plugin's settings.
    pub settings: Vec<(String, String)>,
    /// Mutated replies to try beyond the usual ones.
    pub fuzz_runs: usize,
}

type Rule = fn(&Subject<'_>) -> Verdict;

const fn check(id: &'static str, rule: &'static str) -> Check {
    Check { id, rule }
}

const IMPORTS: Check = check("imports", "a plugin imports nothing but diagnostics");
const ABI: Check = check("abi", "the component implements this program's contract, item by item");
const MANIFEST: Check = check("manifest", "the manifest is there, whole and within its rules");
const IDENTITY: Check = check("identity", "the code says the same id and version as its manifest");
const SECRET: Check = check("secret-sentinel", "no byte of a key crosses into the guest");

/// Every check that needs a plugin that was let in, in order.
const RULES: &[(Check, Rule)] = &[
    (IDENTITY, identity::identity),
    (
        check("models", "models have distinct names, and the default is one of them"),
        identity::models,
    ),
    (check("cassettes", "recorded exchanges give what was recorded"), identity::cassettes),
    (
        check("determinism", "equal inputs give equal bytes and events, whatever the clock says"),
        ask::determinism,
    ),
    (
        check("endpoint", "requests go to endpoints, methods and paths of the manifest"),
        ask::endpoint,
    ),
    (check("headers", "no header that only the host sets"), ask::headers),
    (
        check("count", "a count of tokens is asked for alike at any time, and never made up"),
        count::count,
    ),
    (check("content", "nothing of a conversation is dropped in silence"), content::content),
    (
        check("unsupported", "a feature is sent, or refused with a pointer, or noticed"),
        content::unsupported,
    ),
    (check("unicode", "text arrives as it was sent, in both directions"), content::unicode),
    (check("opaque", "provider state goes back as it came"), content::opaque),
    (check("events", "calls begin and end, and one reason ends the reply"), replies::events),
    (
        check("tools", "calls have names and distinct ids, and their arguments are JSON objects"),
        replies::tools,
    ),
    (check("stop", "a reason that is not known is passed on, never guessed"), replies::stop),
    (
        check("usage", "token counts are totals: they never fall, and parts fit into wholes"),
        replies::usage,
    ),
    (check("split", "any cut of the same bytes into reads gives the same events"), stream::split),
    (
        check(
            "sse",
            "line ends, comments, keep-alives and a missing last blank line change nothing",
        ),
        stream::sse,
    ),
    (check("truncate", "a reply without its end is a failure, never an answer"), stream::truncate),
    (
        check("unknown-event", "an event that is not known changes nothing else"),
        stream::unknown_event,
    ),
    (check("unknown-field", "a field that is not known changes nothing"), stream::unknown_field),
    (check("null-field", "a field that is null is a field that is absent"), stream::null_field),
    (
        check("errors", "statuses become kinds that fit, with the service's own words"),
        errors::errors,
    ),
    (SECRET, secret::secret),
    (
        check("budget", "large conversations and replies stay within time and memory"),
        limits::budget,
    ),
    (check("fuzz", "no reply, however broken, crashes the plugin"), fuzz::fuzz),
];

/// All checks, in the order of a report.
pub fn checks() -> Vec<Check> {
    [IMPORTS, ABI, MANIFEST].into_iter().chain(RULES.iter().map(|(check, _)| *check)).collect()
}

/// Runs all checks. `own` are the plugin's cassettes; without any, replies of the dialect that its requests
/// speak are used, if there is one.
pub fn run(plugin: &LoadedPlugin, size: usize, own: &[Cassette], options: &Options) -> Report {
    let subject = Subject::new(plugin, size, own, options);
    let mut results: Vec<(Check, Verdict)> =
        [IMPORTS, ABI, MANIFEST].map(|check| (check, Verdict::Passed { inputs: 1 })).into();
    results.extend(RULES.iter().map(|(check, rule)| (*check, rule(&subject))));
    Report { results }
}

/// The report on a component that was not let in: which rule it breaks.
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
