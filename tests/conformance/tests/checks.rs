//! The checks for plugins: correct plugins pass all of them, and every seeded fault fails the check that is for it.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::path::{Path, PathBuf};

use massgen_conformance::{FAULTY, TEMPLATE_CHAT};
use massgen_kit::cassette::{Cassette, load_all};
use massgen_kit::provider::{Options, refused, run};
use massgen_kit::{Report, Verdict};
use massgen_runtime::{Runtime, RuntimeOptions};

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins")
}

fn cassettes(folder: &str) -> Vec<Cassette> {
    load_all(&plugins().join(folder).join("cassettes")).unwrap()
}

fn check(component: &[u8], own: &[Cassette], options: &Options) -> Report {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    match runtime.load(component) {
        Ok(plugin) => run(&plugin, component.len(), own, options),
        Err(error) => refused(&error),
    }
}

fn lines(report: &Report) -> String {
    report.failures().map(|(check, verdict)| format!("{}: {verdict:?}\n", check.id)).collect()
}

/// Maximum size of a bundled plugin, in bytes.
const COMPONENT_BYTES_MAX: usize = 260_000;

/// Checks that do not apply to a provider: it has no provider state, no lines of text, or no token counts.
const INAPPLICABLE: &[(&str, &str)] = &[
    ("bedrock", "sse"),
    ("ollama", "count"),
    ("ollama", "opaque"),
    ("openai-compatible", "count"),
    ("openai-compatible", "opaque"),
];

#[test]
fn the_bundled_providers_pass() {
    for plugin in massgen_bundle::PLUGINS
        .iter()
        .filter(|plugin| plugin.manifest_toml.contains("kind = \"analyzer-model\""))
    {
        let own = cassettes(plugin.id);
        let report = check(plugin.component, &own, &Options::default());
        assert!(report.passed(), "{}:\n{}", plugin.id, lines(&report));
        let untried: Vec<_> = report
            .results
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Untried { .. }))
            .map(|(check, _)| (plugin.id, check.id))
            .collect();
        let inapplicable: Vec<_> =
            INAPPLICABLE.iter().filter(|(id, _)| *id == plugin.id).copied().collect();
        assert_eq!(untried, inapplicable);
        assert!(
            plugin.component.len() <= COMPONENT_BYTES_MAX,
            "{} has {} bytes",
            plugin.id,
            plugin.component.len()
        );
    }
}

#[test]
fn the_template_passes() {
    let report = check(TEMPLATE_CHAT, &cassettes("templates/chat"), &Options::default());
    assert!(report.passed(), "{}", lines(&report));
}

/// Returns the faulty guest with a text in its manifest replaced by another of the same length.
fn patched(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let offsets: Vec<usize> =
        (0..FAULTY.len() - from.len()).filter(|at| FAULTY[*at..].starts_with(from)).collect();
    assert!(!offsets.is_empty(), "{}", String::from_utf8_lossy(from));
    let mut bytes = FAULTY.to_vec();
    // The manifest is at the end of the component.
    let at = *offsets.last().unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// Returns a component of another contract, given as WIT. Its functions are not implemented.
fn component_of(text: &str, world: &str, manifest: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("contract.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mangling = wit_parser::ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync);
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
    )
    .unwrap();
    massgen_componentise::componentise(&module, manifest.as_bytes()).unwrap()
}

fn contract(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../wit/{name}.wit"));
    std::fs::read_to_string(path).unwrap()
}

const MANIFEST: &str = "schema = 1\nid = \"faulty\"\nname = \"Faulty\"\nversion = \"0.1.0\"\nkind = \"analyzer-model\"\n[[endpoint]]\nname = \"api\"\nbase = \"https://faulty.invalid\"\nmethods = [\"POST\"]\npaths = [\"/x\"]\n";

/// Returns faulty components, each with the check that must find the fault.
fn faulty_components() -> Vec<(&'static str, Vec<u8>)> {
    let changed = contract("analyzer-model")
        .replace("        refusal,\n", "        refusal,\n        tired,\n");
    let import = wat::parse_str("(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance)))");
    vec![
        ("imports", massgen_conformance::with_manifest(&import.unwrap(), MANIFEST)),
        ("abi", component_of(&changed, "provider", MANIFEST)),
        ("manifest", patched("kind = \"analyzer-model\"", "kind = \"analyzer-other\"")),
        ("identity", patched("version = \"0.1.0\"", "version = \"0.1.1\"")),
        ("models", patched("default-model = \"template-1\"", "default-model = \"template-2\"")),
        ("secret-sentinel", patched("# env = \"FAULTY_API_KEY\"", "  env = \"FAULTY_API_KEY\"")),
        ("errors", patched("explains-well-or-badly:0", "explains-well-or-badly:1")),
    ]
}

/// Faults that the setting `fault` turns on, named after the check that must find them.
const SWITCHABLE: &[&str] = &[
    "cassettes",
    "determinism",
    "endpoint",
    "headers",
    "count",
    "content",
    "unsupported",
    "unicode",
    "opaque",
    "events",
    "tools",
    "stop",
    "usage",
    "split",
    "sse",
    "truncate",
    "unknown-event",
    "unknown-field",
    "null-field",
    "budget",
    "fuzz",
];

#[test]
fn each_seeded_fault_fails_its_check() {
    let own = cassettes("templates/chat");
    let mut seeded = Vec::new();
    let mut found = |id: &'static str, report: &Report| {
        let failure = report.failures().find(|(check, _)| check.id == id);
        let (check, verdict) =
            failure.unwrap_or_else(|| panic!("{id} did not fail:\n{}", lines(report)));
        let Verdict::Failed { input, saw } = verdict else {
            unreachable!("failures() returns failures")
        };
        assert!(
            !check.rule.is_empty() && !input.is_empty() && !saw.is_empty(),
            "{id}: {verdict:?}"
        );
        seeded.push(id);
    };
    for (id, component) in faulty_components() {
        found(id, &check(&component, &own, &Options::default()));
    }
    for fault in SWITCHABLE {
        let settings = vec![("fault".to_string(), (*fault).to_string())];
        let options = Options { settings, ..Options::default() };
        found(fault, &check(FAULTY, &own, &options));
    }
    let all: Vec<&str> = massgen_kit::provider::checks().iter().map(|check| check.id).collect();
    seeded.sort_unstable();
    let mut wanted = all.clone();
    wanted.sort_unstable();
    assert_eq!(seeded, wanted, "every check finds a seeded fault");
    // Without a fault, the guest passes all checks.
    let good = check(FAULTY, &own, &Options::default());
    assert!(good.passed(), "{}", lines(&good));
}

/// Checks, each with a misdeed of the test strategy that must fail it.
const MISDEEDS: &[(&str, &str)] = &[
    ("determinism", "by-the-clock"),
    ("hostile-facts", "panic"),
    ("bounded", "never-ends"),
    ("outcomes", "ready-at-once"),
    ("outcomes", "ready-after-failure"),
    ("decline", "silent-decline"),
    ("decline", "decline-late"),
    ("abort", "silent-abort"),
    ("abort", "abort-with-escapes"),
    ("invents", "other-commit"),
    ("invents", "other-gitdir"),
    ("invents", "unknown-step"),
    ("order", "copies-first"),
    ("globs", "climb"),
];

#[test]
fn each_misdeed_of_a_strategy_fails_its_check() {
    use massgen_kit::strategy;
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    let mischief = runtime.load_strategy(massgen_conformance::MISCHIEF).unwrap();
    let with = |misdeed: &str| strategy::run(&mischief, &[("misdeed".into(), misdeed.into())]);
    for (id, misdeed) in MISDEEDS {
        let report = with(misdeed);
        let found = report.failures().any(|(check, _)| check.id == *id);
        assert!(found, "{id} did not find {misdeed}:\n{}", lines(&report));
    }
    for check in strategy::checks() {
        assert!(
            MISDEEDS.iter().any(|(id, _)| *id == check.id),
            "no misdeed fails the check {}",
            check.id
        );
    }
    assert!(with("none").passed(), "{}", lines(&with("none")));
    for plugin in massgen_bundle::PLUGINS
        .iter()
        .filter(|plugin| plugin.manifest_toml.contains("kind = \"isolation-strategy\""))
    {
        let report = strategy::run(&runtime.load_strategy(plugin.component).unwrap(), &[]);
        assert!(report.passed(), "{}:\n{}", plugin.id, lines(&report));
        assert!(
            plugin.component.len() <= COMPONENT_BYTES_MAX,
            "{} has {} bytes",
            plugin.id,
            plugin.component.len()
        );
    }
}
