//! The investigation: a state machine without I/O. It decides on the next step and processes the result; the driver
//! owns time, network and files.

mod asking;
mod ending;
mod failures;
mod phase;
mod replies;
#[cfg(test)]
mod tests;

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{ExchangeError, Reply};
use massgen_models::request::{Message, Reasoning, Request, Role, ToolCall, ToolResult};

pub use ending::{Ending, Stop};
use phase::Phase;

use crate::budget::{self, Budget, Headroom, Rates, Spent};
use crate::capabilities::{Capabilities, ReportMode};
use crate::estimate::CountedPrompt;
use crate::finding::ModelReport;
use crate::prompt::Prompt;

/// Maximum tool calls that are carried out per reply.
const CALLS_MAX: usize = 16;

/// Input of an investigation.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The model's id.
    pub model: String,
    /// The model's capabilities.
    pub capabilities: Capabilities,
    /// Limits on requests, tokens and cost.
    pub budget: Budget,
    /// Reasoning effort of the model.
    pub reasoning: Reasoning,
    /// Whether replies are streamed.
    pub stream: bool,
    /// The first two messages.
    pub prompt: Prompt,
    /// Token count of the first request, if the service counted it.
    pub counted: Option<CountedPrompt>,
}

/// The next action of the driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send a request to the model.
    Ask(Box<Request>),
    /// Carry out tool calls.
    Read(Vec<ToolCall>),
    /// Stop.
    Finish,
}

/// The result of a step, or an event that interrupted it.
#[derive(Debug, Clone)]
pub enum Observation {
    /// The model replied.
    Reply(Reply),
    /// The exchange failed.
    Failed(ExchangeError),
    /// Tool results, in the order of the calls.
    Results(Vec<ToolResult>),
    /// The user interrupted a request.
    Interrupted {
        /// Whether part of the reply had arrived.
        reply_begun: bool,
    },
    /// The time limit expired during a request.
    TimeUp {
        /// Whether part of the reply had arrived.
        reply_begun: bool,
    },
}

/// An investigation in progress.
pub struct Investigation<'a> {
    plan: Plan,
    rates: &'a dyn Rates,
    phase: Phase,
    messages: Vec<Message>,
    /// Falls back when the service rejects it.
    mode: ReportMode,
    /// Unset when the service rejects it.
    reasoning: Reasoning,
    /// Whether the service has ever begun to reply.
    begun: bool,
    spent: Spent,
    served_model: Option<String>,
    notices: Vec<String>,
    report: ModelReport,
}

impl<'a> Investigation<'a> {
    /// Starts an investigation.
    pub fn new(plan: Plan, rates: &'a dyn Rates) -> Self {
        let mut user = Message::text(Role::User, plan.prompt.user.clone());
        user.cache_hint = true;
        let messages = vec![Message::text(Role::System, plan.prompt.system.clone()), user];
        let priced = rates.worst_case_usd(1, 1).is_some();
        Self {
            phase: Phase::Exploring,
            mode: ReportMode::best(&plan.capabilities),
            reasoning: plan.reasoning.clone(),
            plan,
            rates,
            messages,
            begun: false,
            spent: Spent::nothing(priced),
            served_model: None,
            notices: Vec::new(),
            report: ModelReport::default(),
        }
    }

    /// Returns the conversation so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns the usage so far.
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Returns the next step. A request is made only if its worst case fits the budget.
    pub fn next_step(&mut self) -> Step {
        match &self.phase {
            Phase::Over { .. } => return Step::Finish,
            Phase::Reading(calls) => return Step::Read(calls.clone()),
            Phase::Exploring | Phase::Concluding | Phase::Repairing => {}
        }
        match budget::headroom(&self.plan.budget, &self.spent, self.rates, self.input_tokens()) {
            Headroom::Several => {}
            Headroom::Last => self.conclude("This is the last request that the budget allows."),
            Headroom::None => {
                let steps = self.spent.requests >= self.plan.budget.max_steps;
                self.end(if steps { Stop::Steps } else { Stop::Budget }, None);
                return Step::Finish;
            }
        }
        Step::Ask(Box::new(self.request()))
    }

    /// Processes the result of a step.
    pub fn accept(&mut self, observation: Observation) {
        match observation {
            Observation::Reply(reply) => self.reply(reply),
            Observation::Failed(error) => self.failed(error),
            Observation::Results(results) => self.results(results),
            Observation::Interrupted { reply_begun } => {
                self.abort(reply_begun);
                self.end(Stop::Interrupted, None);
            }
            Observation::TimeUp { reply_begun } => {
                self.abort(reply_begun);
                let stop = if self.begun { Stop::Budget } else { Stop::Unavailable };
                let failure =
                    Failure::new(FailureKind::TimeUp, "the time limit set by --timeout expired");
                self.end(stop, Some(failure));
            }
        }
    }

    /// Ends the investigation. One that is not over counts as interrupted.
    pub fn into_ending(self) -> Ending {
        let (stop, failure) = match self.phase {
            Phase::Over { stop, failure } => (stop, failure),
            _ => (Stop::Interrupted, None),
        };
        Ending {
            stop,
            failure,
            begun: self.begun,
            report: self.report,
            spent: self.spent,
            served_model: self.served_model,
            notices: self.notices,
        }
    }

    fn end(&mut self, stop: Stop, failure: Option<Failure>) {
        self.phase.enter(Phase::Over { stop, failure });
    }
}
