//! Support for end-to-end tests: fake LLM services on loopback, a clean environment and recorded runs. Errors fail the
//! test, so this crate may panic.
#![expect(clippy::unwrap_used, reason = "errors fail the test")]

mod compiled;
mod env;
mod fake_llm;
mod wire;

pub use compiled::share as share_compiled;
pub use env::{Output, TestEnv};
pub use fake_llm::{FakeLlm, Recorded};
pub use wire::{COUNTED_TOKENS, Service, Step};
