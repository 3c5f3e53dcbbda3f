//! What every author of an isolation strategy uses: the contract's types, a trait and one macro. A
//! strategy is a pure function of facts and outcomes; the host acts.

mod glue;

/// The contract, generated from `wit/isolation-strategy.wit`.
#[expect(missing_docs, reason = "generated: the glue between the component model and Rust")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/isolation-strategy.wit",
        world: "strategy",
        pub_export_macro: true,
        default_bindings_module: "massgen_strategy_sdk::bindings",
    });
}

pub use bindings::exports::massgen::isolation_strategy::isolation_strategy::{
    CopySet, CopyStep, Decision, ExtensionStep, Failure, GitFacts, Gitdir, IgnoredPolicy,
    LeftBehind, Outcome, Ready, SourceFacts, Step, StepError, StepFailure, StepReport,
    StrategyInfo, TargetFacts, Wants, WorktreeStep,
};
pub use glue::Adapter;

/// A strategy. It lives as long as the making of one workspace.
pub trait Strategy: 'static {
    /// Who this is; equal to the manifest.
    fn describe() -> StrategyInfo;

    /// Begins with what is known.
    fn new(source: SourceFacts, target: TargetFacts, wants: Wants) -> Self;

    /// Called with `Begin`, then once for each step's outcome.
    fn next(&mut self, outcome: Outcome) -> Decision;
}

/// Makes a type that implements [`Strategy`] the component's exports.
#[macro_export]
macro_rules! strategy {
    ($strategy:ty) => {
        type Component = $crate::Adapter<$strategy>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}

/// The value of a setting of the manifest, as text.
pub fn setting(wants: &Wants, name: &str) -> Option<String> {
    let (_, value) = wants.settings.iter().find(|(key, _)| key == name)?;
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// The decision to stop, with a reason and what the user can do.
pub fn abort(message: impl Into<String>, hint: Option<&str>) -> Decision {
    Decision::Abort(Failure { message: message.into(), hint: hint.map(String::from) })
}

/// The decision after a step failed: the host's words, and what the user can do.
pub fn give_up(failure: &StepFailure) -> Decision {
    let hint = match failure.error {
        StepError::TooLarge => Some("exclude what is not needed, or allow more with --max-size"),
        StepError::NoSpace => Some("free some space, or move the state with MASSGEN_STATE_DIR"),
        StepError::PermissionDenied => Some("look at the owner and the permissions of the path"),
        _ => None,
    };
    Decision::Abort(Failure { message: failure.message.clone(), hint: hint.map(String::from) })
}
