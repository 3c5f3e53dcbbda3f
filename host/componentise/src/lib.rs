//! Builds guest crates and makes plugins of them: cargo for the one target that gives components without
//! imports, then a component with its manifest inside. Build scripts and `massgen plugin build` share it.

mod cargo;
mod encode;

pub use cargo::{BuildError, Cargo};
pub use encode::{EncodeError, SECTION, componentise, embed};

/// The one target that gives components without imports.
pub const TARGET: &str = "wasm32-unknown-unknown";
