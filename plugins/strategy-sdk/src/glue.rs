//! Connects the generated exports with the trait that authors implement.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Once;

use crate::Strategy;
use crate::bindings::exports::massgen::isolation_strategy::isolation_strategy as contract;
use crate::bindings::massgen::isolation_strategy::diagnostics;

/// Implements the exports for a strategy.
pub struct Adapter<S>(PhantomData<S>);

/// The planning of one workspace.
pub struct Session<S: Strategy>(RefCell<S>);

impl<S: Strategy> contract::Guest for Adapter<S> {
    type Session = Session<S>;

    fn describe() -> contract::StrategyInfo {
        report_panics();
        S::describe()
    }
}

impl<S: Strategy> contract::GuestSession for Session<S> {
    fn new(
        source: contract::SourceFacts,
        target: contract::TargetFacts,
        wants: contract::Wants,
    ) -> Self {
        report_panics();
        Self(RefCell::new(S::new(source, target, wants)))
    }

    fn next(&self, outcome: contract::Outcome) -> contract::Decision {
        self.0.borrow_mut().next(outcome)
    }
}

/// Logs panics. A panic aborts the guest, and without this hook the host would see only "unreachable".
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            diagnostics::log(diagnostics::Level::Error, &info.to_string());
        }));
    });
}
