//! Strategies without a project.

use massgen_isolation::strategy::{
    Decision, SourceFacts, StepOutcome, Strategy, StrategyError, TargetFacts, Wants,
};

use crate::component::ComponentStrategy;

/// One more than the host's own limit, so that a strategy without an end is noticed.
const DECISIONS_MAX: usize = 33;

/// The decisions of a strategy when every step has the same outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRehearsal {
    /// The decisions, in order. The last one ends the plan if `ended` is true.
    pub decisions: Vec<Decision>,
    /// The strategy ended its plan within the host's number of steps.
    pub ended: bool,
}

impl ComponentStrategy {
    /// Lets the strategy plan. Every step has the given outcome.
    pub fn rehearse(
        &self,
        source: &SourceFacts,
        target: &TargetFacts,
        wants: &Wants,
        outcome: &StepOutcome,
    ) -> Result<StrategyRehearsal, StrategyError> {
        let mut planner = self.begin(source, target, wants)?;
        let mut rehearsal = StrategyRehearsal { decisions: Vec::new(), ended: false };
        let mut next = StepOutcome::Begin;
        while rehearsal.decisions.len() < DECISIONS_MAX {
            let decision = planner.next(next)?;
            rehearsal.decisions.push(decision.clone());
            match decision {
                Decision::Perform(_) => next = outcome.clone(),
                _ => {
                    rehearsal.ended = rehearsal.decisions.len() < DECISIONS_MAX;
                    return Ok(rehearsal);
                }
            }
        }
        Ok(rehearsal)
    }
}
