//! Generated from the contracts in `wit/`. Nothing outside of `component` sees these types.

pub(super) mod provider {
    wasmtime::component::bindgen!({ path: "../../wit/analyzer-model.wit", world: "provider" });
}

pub(super) mod catalog {
    wasmtime::component::bindgen!({ path: "../../wit/analyzer-model.wit", world: "provider-with-catalog" });
}

pub(super) mod strategy {
    wasmtime::component::bindgen!({ path: "../../wit/isolation-strategy.wit", world: "strategy" });
}
