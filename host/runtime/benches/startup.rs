//! What a plugin costs at start: engine, load from the cache, instantiate. The budget is 2 ms for the warm
//! sum, and 1 ms for each component of it. Run with `cargo bench -p massgen-runtime`.

use massgen_bundle::PLUGINS;
use massgen_models::provider::Provider;
use massgen_runtime::{Connection, Runtime, RuntimeOptions, Secret};

fn main() {
    divan::main();
}

fn options(dir: &tempfile::TempDir) -> RuntimeOptions {
    RuntimeOptions { cache_dir: Some(dir.path().join("massgen")) }
}

/// Everything that stands between the start of the program and the first request, compiled before.
#[divan::bench]
fn engine_load_instantiate_warm(bencher: divan::Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let openai = PLUGINS.iter().find(|plugin| plugin.id == "openai").expect("it is bundled");
    Runtime::new(&options(&dir))
        .expect("the engine starts")
        .load(openai.component)
        .expect("it loads");
    bencher.bench(|| {
        let runtime = Runtime::new(&options(&dir)).expect("the engine starts");
        // Loading instantiates the component once and asks who it is.
        runtime.load(openai.component).expect("it loads")
    });
}

fn providers() -> impl Iterator<Item = &'static str> {
    let provider = |plugin: &&massgen_bundle::BundledPlugin| {
        plugin.manifest_toml.contains("kind = \"analyzer-model\"")
    };
    PLUGINS.iter().filter(provider).map(|plugin| plugin.id)
}

/// One component, compiled before, by an engine that runs already.
#[divan::bench(args = providers())]
fn load_warm(bencher: divan::Bencher<'_, '_>, id: &str) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let plugin = PLUGINS.iter().find(|plugin| plugin.id == id).expect("it is bundled");
    let runtime = Runtime::new(&options(&dir)).expect("the engine starts");
    runtime.load(plugin.component).expect("it loads");
    bencher.bench(|| runtime.load(plugin.component).expect("it loads"));
}

/// The same without a cache: what the first use of a plugin costs.
#[divan::bench(sample_count = 10)]
fn engine_load_instantiate_cold(bencher: divan::Bencher<'_, '_>) {
    let openai = PLUGINS.iter().find(|plugin| plugin.id == "openai").expect("it is bundled");
    bencher.bench(|| {
        let runtime = Runtime::new(&RuntimeOptions::default()).expect("the engine starts");
        runtime.load(openai.component).expect("it loads")
    });
}

/// Making a provider of a loaded plugin: mostly the HTTP client's certificates.
#[divan::bench(sample_count = 20)]
fn connect(bencher: divan::Bencher<'_, '_>) {
    let openai = PLUGINS.iter().find(|plugin| plugin.id == "openai").expect("it is bundled");
    let plugin = Runtime::new(&RuntimeOptions::default())
        .expect("the engine starts")
        .load(openai.component)
        .expect("it loads");
    bencher.bench(|| {
        let connection =
            Connection { credential: Some(Secret::new("a key").into()), ..Connection::default() };
        plugin.connect(connection).expect("it connects").id().len()
    });
}
