//! Published contracts never change, components built against them still load, and differences are reported item by
//! item.
#![expect(clippy::unwrap_used, reason = "unwrap is allowed in tests")]

use std::path::{Path, PathBuf};

use massgen_conformance::MISCHIEF;
use massgen_runtime::{LoadPluginError, Runtime, RuntimeOptions, component_hash};

/// A published contract.
struct Published {
    name: &'static str,
    version: &'static str,
    hash: &'static str,
    /// The world with all interfaces.
    world: &'static str,
    /// The kind of plugin that implements the world.
    kind: &'static str,
    /// Name and version of the contract whose types it uses.
    uses: Option<(&'static str, &'static str)>,
}

/// All published contracts.
const FROZEN: &[Published] = &[
    Published {
        name: "analyzer-model",
        version: "0.1.0",
        hash: "08d7ba6e5f58a0c3fa7969fac940eea31b71d36ac25d79ea42a14a739ee08a0c",
        world: "massgen:analyzer-model/provider-with-catalog@0.1.0",
        kind: "analyzer-model",
        uses: None,
    },
    Published {
        name: "isolation-strategy",
        version: "0.1.0",
        hash: "729eba24afd3b5959152821dae17d2c41cc4d9bde3cb13fef44fc994ca9c994d",
        world: "massgen:isolation-strategy/strategy@0.1.0",
        kind: "isolation-strategy",
        uses: None,
    },
    Published {
        name: "token-counter",
        version: "0.1.0",
        hash: "d23887d66dea8526fbab6dbc28bf6a6e75b1d5a564af7359293cb51350d418c6",
        world: "massgen:token-counter/provider-with-counter@0.1.0",
        kind: "analyzer-model",
        uses: Some(("analyzer-model", "0.1.0")),
    },
];

impl Published {
    /// Returns the text, after that of the contract that it uses.
    fn texts(&self) -> Vec<String> {
        let used = self.uses.map(|(name, version)| frozen(name, version));
        used.into_iter().chain([frozen(self.name, self.version)]).collect()
    }
}

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

fn frozen(name: &str, version: &str) -> String {
    std::fs::read_to_string(wit().join(format!("frozen/{name}@{version}.wit"))).unwrap()
}

/// Returns a component of a contract whose functions are not implemented. The texts are in order of dependency.
fn built_from(texts: &[String], world: &str, kind: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let mut packages = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        packages.push(resolve.push_str(format!("contract-{at}.wit"), text).unwrap());
    }
    let world = resolve.select_world(&packages, Some(world)).unwrap();
    let mangling = wit_parser::ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync);
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    let manifest = format!(
        "schema = 1\nid = \"old\"\nname = \"Old\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\n[[endpoint]]\nname = \"api\"\nbase = \"https://old.invalid\"\nmethods = [\"POST\"]\npaths = [\"/x\"]\n"
    );
    massgen_componentise::componentise(&module, manifest.as_bytes()).unwrap()
}

fn load(component: &[u8], kind: &str) -> LoadPluginError {
    let runtime = Runtime::new(&RuntimeOptions::default()).unwrap();
    match kind {
        "analyzer-model" => runtime.load(component).unwrap_err(),
        _ => runtime.load_strategy(component).unwrap_err(),
    }
}

#[test]
fn published_texts_never_change() {
    let mut files: Vec<String> = std::fs::read_dir(wit().join("frozen"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let known: Vec<String> =
        FROZEN.iter().map(|text| format!("{}@{}.wit", text.name, text.version)).collect();
    assert_eq!(files, known);
    for Published { name, version, hash, .. } in FROZEN {
        assert_eq!(component_hash(frozen(name, version).as_bytes()), *hash, "{name}@{version}");
        let current = std::fs::read_to_string(wit().join(format!("{name}.wit"))).unwrap();
        if current.contains(&format!("@{version};")) {
            assert_eq!(
                current,
                frozen(name, version),
                "{name} changed without a new version (wit/VERSIONING.md)"
            );
        }
    }
}

#[test]
fn components_of_published_contracts_still_load() {
    for text in FROZEN {
        let error = load(&built_from(&text.texts(), text.world, text.kind), text.kind);
        // The types match: loading fails only because `describe` is not implemented.
        let fits = matches!(&error, LoadPluginError::Describe { why, .. } if why.contains("crashed (describe)") && why.contains("unreachable"));
        assert!(fits, "{}@{}: {error}", text.name, text.version);
    }
}

/// A change to a contract, and how loading a component of the changed contract fails.
struct Change<'a> {
    kind: &'static str,
    world: &'static str,
    text: &'a str,
    /// Replaced once by `to`.
    from: &'static str,
    to: &'static str,
    /// Part of the resulting error.
    error: &'static str,
}

#[test]
fn differences_are_reported_item_by_item() {
    let model = frozen("analyzer-model", "0.1.0");
    let strategy = frozen("isolation-strategy", "0.1.0");
    let counter = frozen("token-counter", "0.1.0");
    let changes = [
        Change {
            kind: "analyzer-model",
            world: "provider",
            text: &model,
            from: "        refusal,\n",
            to: "        refusal,\n        tired,\n",
            error: "the variant `stop-reason` has the case `tired`, which this program does not know",
        },
        Change {
            kind: "analyzer-model",
            world: "provider",
            text: &model,
            from: "        overloaded,\n",
            to: "",
            error: "the enum `failure-kind` lacks the case `overloaded`",
        },
        Change {
            kind: "analyzer-model",
            world: "provider",
            text: &model,
            from: "        cache-write-tokens: option<u64>,\n    }",
            to: "        cache-write-tokens: option<u64>,\n        audio-tokens: option<u64>,\n    }",
            error: "the record `usage` has the field `audio-tokens`",
        },
        Change {
            kind: "analyzer-model",
            world: "provider",
            text: &model,
            from: "retry-after-ms: option<u64>",
            to: "retry-after-ms: option<u32>",
            error: "the field `retry-after-ms` of the record `failure` is `retry-after-ms: option<u32>`; this program's is `retry-after-ms: option<u64>`",
        },
        Change {
            kind: "analyzer-model",
            world: "provider",
            text: &model,
            from: "explain: func(head: http-head, body: list<u8>) -> failure;",
            to: "explain: func(head: http-head) -> failure;",
            error: "the function `explain` is `func(head: http-head) -> failure`",
        },
        Change {
            kind: "analyzer-model",
            world: "provider-with-catalog",
            text: &model,
            from: "        models: list<model-info>,\n        ///",
            to: "        models: list<model-info>,\n        total: u32,\n        ///",
            error: "the record `model-page` has the field `total`",
        },
        Change {
            kind: "isolation-strategy",
            world: "strategy",
            text: &strategy,
            from: "        single-file: bool,\n",
            to: "",
            error: "the record `source-facts` lacks the field `single-file`",
        },
        Change {
            kind: "analyzer-model",
            world: "massgen:token-counter/provider-with-counter@0.1.0",
            text: &counter,
            from: "list<u8>) -> result<u64, failure>",
            to: "list<u8>) -> result<u32, failure>",
            error: "the function `count-response` is `func(head: http-head, body: list<u8>) -> result<u32, failure>`",
        },
    ];
    for Change { kind, world, text, from, to, error } in changes {
        assert!(text.contains(from), "{from:?} is no longer in the contract");
        let mut texts = vec![text.replacen(from, to, 1)];
        if world.starts_with("massgen:token-counter/") {
            texts.insert(0, model.clone());
        }
        let actual = load(&built_from(&texts, world, kind), kind).to_string();
        assert!(actual.contains(error), "{error}\n{actual}");
        assert!(
            actual.contains("old 0.1.0") && actual.contains(&format!("wit/{kind}.wit")),
            "{actual}"
        );
    }
    // Another version has another name.
    let newer = model.replace("@0.1.0", "@2.0.0");
    let error = format!(
        "{:?}",
        load(&built_from(&[newer], "provider", "analyzer-model"), "analyzer-model")
    );
    assert!(error.contains("@2.0.0") && error.contains("@0.1.0"), "{error}");
}

#[test]
fn a_string_that_is_not_utf8_is_refused() {
    // Corrupts a string in the module's memory.
    let text = b"breaks the contract";
    let at = MISCHIEF.windows(text.len()).position(|window| window == text).unwrap();
    let mut component = MISCHIEF.to_vec();
    component[at] = 0xff;
    let error = load(&component, "isolation-strategy").to_string();
    assert!(error.contains("utf-8") && error.contains("mischief 0.1.0"), "{error}");
}

#[test]
fn a_plugin_of_another_kind_is_refused() {
    let error = load(MISCHIEF, "analyzer-model").to_string();
    assert!(error.contains("mischief 0.1.0 is an isolation-strategy"), "{error}");
}
