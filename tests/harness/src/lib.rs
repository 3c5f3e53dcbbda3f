//! What end-to-end tests need: a fake of the LLM services on loopback, an environment of their own, and
//! real runs. Failures here are failures of the test, so that this crate may panic.
#![expect(clippy::unwrap_used, reason = "a test's tools fail the test")]

mod compiled;
mod env;
mod fake_llm;
mod wire;

pub use compiled::share as share_compiled;
pub use env::{Output, TestEnv};
pub use fake_llm::{FakeLlm, Recorded};
pub use wire::{COUNTED_TOKENS, Service, Step};
