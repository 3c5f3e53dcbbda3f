//! A strategy without a project.

use massgen_isolation::strategy::{
    Decision, SourceFacts, StepOutcome, Strategy, StrategyError, TargetFacts, Wants,
};

use crate::component::ComponentStrategy;

/// Most decisions of one rehearsal: one more than the host takes.
const DECISIONS_MAX: usize = 33;

/// What a strategy decided when every step ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRehearsal {
    /// Its decisions, in order; the last one is an end unless it never came to one.
    pub decisions: Vec<Decision>,
    /// It came to an end within the host's number of steps.
    pub ended: bool,
}

impl ComponentStrategy {
    /// Lets the strategy plan; every step ends as `outcome` says.
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
