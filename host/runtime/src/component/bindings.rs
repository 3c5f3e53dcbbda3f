//! Types generated from the contracts in `wit/`. They stay inside `component`.

/// A provider with every companion. No component has to implement the whole world: interfaces are looked up one by
/// one. One world serves them all because companions share the contract's types.
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
