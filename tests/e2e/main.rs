//! The built program, end to end: real runs, real components, a fake of the services on loopback.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod analysis;
mod config;
mod confine;
mod defects;
mod errors;
mod faults;
mod guides;
mod help;
mod isolate;
mod logs;
mod plugins;
mod providers;
mod review;

use massgen_harness::{FakeLlm, TestEnv};

/// Keys that must appear nowhere.
const KEYS: [(&str, &str); 3] = [
    ("OPENAI_API_KEY", "sentinel-key-openai-1"),
    ("ANTHROPIC_API_KEY", "sentinel-key-anthropic-2"),
    ("GEMINI_API_KEY", "sentinel-key-google-3"),
];

/// The three services' default models.
const MODELS: [&str; 3] =
    ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.5-flash-lite"];

fn env() -> TestEnv {
    TestEnv::new(env!("CARGO_BIN_EXE_massgen"))
}

/// An environment whose services are the fake.
fn env_with(fake: &FakeLlm) -> TestEnv {
    let mut env = env();
    for (name, key) in KEYS {
        env.set(name, key);
    }
    env.set("OPENAI_BASE_URL", &format!("{}/v1", fake.url()));
    env.set("ANTHROPIC_BASE_URL", &fake.url());
    env.set("GEMINI_BASE_URL", &fake.url());
    env
}

fn holds_a_key(text: &str) -> bool {
    KEYS.iter().any(|(_, key)| text.contains(key))
}
