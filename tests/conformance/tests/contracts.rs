//! Published contracts: their texts never change, what was built against them still fits, and what does not fit
//! is told item by item.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::path::{Path, PathBuf};

use massgen_conformance::MISCHIEF;
use massgen_runtime::{LoadPluginError, Runtime, RuntimeOptions, component_hash};

/// A text that was published.
struct Published {
    name: &'static str,
    version: &'static str,
    hash: &'static str,
    /// A world of it that has everything, and what kind of plugin implements that.
    world: &'static str,
    kind: &'static str,
    /// The text that it uses.
    uses: Option<(&'static str, &'static str)>,
}

/// Every text that was ever published, with its hash.
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
    /// Its text, after the one that it uses.
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

/// A component of a contract, with nothing behind its functions. A text that uses another comes after it.
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
    let mut kept: Vec<String> = std::fs::read_dir(wit().join("frozen"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    kept.sort();
    let known: Vec<String> =
        FROZEN.iter().map(|text| format!("{}@{}.wit", text.name, text.version)).collect();
    assert_eq!(kept, known);
    for Published { name, version, hash, .. } in FROZEN {
        assert_eq!(component_hash(frozen(name, version).as_bytes()), *hash, "{name}@{version}");
        let current = std::fs::read_to_string(wit().join(format!("{name}.wit"))).unwrap();
        if current.contains(&format!("@{version};")) {
            assert_eq!(
                current,
                frozen(name, version),
                "{name} changed: give it a new version (wit/VERSIONING.md)"
            );
        }
    }
}

#[test]
fn what_was_built_against_a_published_contract_still_fits() {
    for text in FROZEN {
        let error = load(&built_from(&text.texts(), text.world, text.kind), text.kind);
        // Its types fit: it fails only where there is nothing behind `describe`.
        let fits = matches!(&error, LoadPluginError::Describe { why, .. } if why.contains("crashed (describe)") && why.contains("unreachable"));
        assert!(fits, "{}@{}: {error}", text.name, text.version);
    }
}

#[test]
fn what_does_not_fit_is_named_item_by_item() {
    let model = frozen("analyzer-model", "0.1.0");
    let strategy = frozen("isolation-strategy", "0.1.0");
    let counter = frozen("token-counter", "0.1.0");
    for (kind, world, text, from, to, says) in [
        (
            "analyzer-model",
            "provider",
            &model,
            "        refusal,\n",
            "        refusal,\n        tired,\n",
            "the variant `stop-reason` has the case `tired`, which this program does not know",
        ),
        (
            "analyzer-model",
            "provider",
            &model,
            "        overloaded,\n",
            "",
            "the enum `failure-kind` lacks the case `overloaded`",
        ),
        (
            "analyzer-model",
            "provider",
            &model,
            "        cache-write-tokens: option<u64>,\n    }",
            "        cache-write-tokens: option<u64>,\n        audio-tokens: option<u64>,\n    }",
            "the record `usage` has the field `audio-tokens`",
        ),
        (
            "analyzer-model",
            "provider",
            &model,
            "retry-after-ms: option<u64>",
            "retry-after-ms: option<u32>",
            "the field `retry-after-ms` of the record `failure` is `retry-after-ms: option<u32>`; this program's is `retry-after-ms: option<u64>`",
        ),
        (
            "analyzer-model",
            "provider",
            &model,
            "explain: func(head: http-head, body: list<u8>) -> failure;",
            "explain: func(head: http-head) -> failure;",
            "the function `explain` is `func(head: http-head) -> failure`",
        ),
        (
            "analyzer-model",
            "provider-with-catalog",
            &model,
            "        models: list<model-info>,\n        ///",
            "        models: list<model-info>,\n        total: u32,\n        ///",
            "the record `model-page` has the field `total`",
        ),
        (
            "isolation-strategy",
            "strategy",
            &strategy,
            "        single-file: bool,\n",
            "",
            "the record `source-facts` lacks the field `single-file`",
        ),
        (
            "analyzer-model",
            "massgen:token-counter/provider-with-counter@0.1.0",
            &counter,
            "list<u8>) -> result<u64, failure>",
            "list<u8>) -> result<u32, failure>",
            "the function `count-response` is `func(head: http-head, body: list<u8>) -> result<u32, failure>`",
        ),
    ] {
        assert!(text.contains(from), "{from:?} is no longer in the contract");
        let mut texts = vec![text.replacen(from, to, 1)];
        if world.starts_with("massgen:token-counter/") {
            texts.insert(0, model.clone());
        }
        let said = load(&built_from(&texts, world, kind), kind).to_string();
        assert!(said.contains(says), "{says}\n{said}");
        assert!(said.contains("old 0.1.0") && said.contains(&format!("wit/{kind}.wit")), "{said}");
    }
    // Another version altogether: the name says it.
    let newer = model.replace("@0.1.0", "@2.0.0");
    let said = format!(
        "{:?}",
        load(&built_from(&[newer], "provider", "analyzer-model"), "analyzer-model")
    );
    assert!(said.contains("@2.0.0") && said.contains("@0.1.0"), "{said}");
}

#[test]
fn a_text_that_is_not_utf8_is_refused() {
    // Core wasm as no compiler writes it: the bytes of a text in its memory are no text.
    let text = b"breaks the contract";
    let at = MISCHIEF.windows(text.len()).position(|window| window == text).unwrap();
    let mut component = MISCHIEF.to_vec();
    component[at] = 0xff;
    let said = load(&component, "isolation-strategy").to_string();
    assert!(said.contains("utf-8") && said.contains("mischief 0.1.0"), "{said}");
}

#[test]
fn a_plugin_of_another_world_is_refused() {
    let said = load(MISCHIEF, "analyzer-model").to_string();
    assert!(said.contains("mischief 0.1.0 is an isolation-strategy"), "{said}");
}
