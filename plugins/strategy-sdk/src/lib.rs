//! The SDK for isolation strategies: the contract's types, a trait and a macro. A strategy is a pure function of facts
//! and outcomes; the host performs the steps.

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

/// A strategy. One value plans one workspace.
pub trait Strategy: 'static {
    /// Returns id, name and version, equal to those of the manifest, and a summary.
    fn describe() -> StrategyInfo;

    /// Starts planning a workspace.
    fn new(source: SourceFacts, target: TargetFacts, wants: Wants) -> Self;

    /// Returns the next decision. Called with `Begin`, then with the outcome of each step.
    fn next(&mut self, outcome: Outcome) -> Decision;
}

/// Exports a type that implements [`Strategy`] from the component.
#[macro_export]
macro_rules! strategy {
    ($strategy:ty) => {
        type Component = $crate::Adapter<$strategy>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}

/// Returns the value of a setting declared in the manifest, as text.
pub fn setting(wants: &Wants, name: &str) -> Option<String> {
    let (_, value) = wants.settings.iter().find(|(key, _)| key == name)?;
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// Returns the decision to abort, with a reason and a hint for the user.
pub fn abort(message: impl Into<String>, hint: Option<&str>) -> Decision {
    Decision::Abort(Failure { message: message.into(), hint: hint.map(String::from) })
}

/// Returns the decision to abort after a failed step, with the host's message and a hint for the user.
pub fn give_up(failure: &StepFailure) -> Decision {
    let hint = match failure.error {
        StepError::TooLarge => {
            Some("exclude files that are not needed, or raise the limit with --max-size")
        }
        StepError::NoSpace => Some("free some space, or move the state with MASSGEN_STATE_DIR"),
        StepError::PermissionDenied => Some("check the owner and the permissions of the path"),
        _ => None,
    };
    Decision::Abort(Failure { message: failure.message.clone(), hint: hint.map(String::from) })
}
