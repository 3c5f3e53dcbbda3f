//! Generated from the contracts in `wit/`. Nothing outside of `component` sees these types.

/// A provider with every companion. What a component must have is looked for interface by interface: the world as a
/// whole is asked of none, and the companions share the contract's types.
pub(super) mod provider {
    wasmtime::component::bindgen!({
        path: ["../../wit/analyzer-model.wit", "../../wit/token-counter.wit"],
        world: "massgen:token-counter/provider-with-counter",
    });

    pub(in super::super) use exports::massgen::analyzer_model::{analyzer_model, model_catalog};
    pub(in super::super) use exports::massgen::token_counter::token_counter;
}

pub(super) mod strategy {
    wasmtime::component::bindgen!({ path: "../../wit/isolation-strategy.wit", world: "strategy" });
}
