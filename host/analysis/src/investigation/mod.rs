//! The investigation: a state machine without I/O. It says what to do next and takes what came of it; time,
//! network and files are somebody else's.

mod asking;
mod outcome;
#[cfg(test)]
mod tests;

use massgen_models::event::{StopReason, Usage};
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{ExchangeError, Reply};
use massgen_models::request::{Message, Part, Reasoning, Request, Role, ToolCall, ToolResult};

pub use outcome::{Outcome, Stop};

use crate::budget::{self, Budget, Rates, Room, Spent};
use crate::capabilities::{Capabilities, ReportMode};
use crate::estimate::Counted;
use crate::finding::Answer;
use crate::prompt::Prompt;
use crate::schema::{self, ParseAnswerError, REPORT_NAME};
use crate::tools;

/// Tool calls of one reply that are answered.
const CALLS_MAX: usize = 16;

/// What an investigation is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The model's id.
    pub model: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What may be used.
    pub budget: Budget,
    /// How much the model may think.
    pub reasoning: Reasoning,
    /// Ask for replies piece by piece.
    pub stream: bool,
    /// The two messages that begin it.
    pub prompt: Prompt,
    /// The first request's tokens, if its service counted them.
    pub counted: Option<Counted>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask the model.
    Ask(Box<Request>),
    /// Read for the model.
    Read(Vec<ToolCall>),
    /// It is over.
    Finish,
}

/// What came of a step, or ended it.
#[derive(Debug, Clone)]
pub enum Observation {
    /// The model replied.
    Reply(Reply),
    /// The exchange failed.
    Failed(ExchangeError),
    /// The tools gave this, in the order of the calls.
    Results(Vec<ToolResult>),
    /// The user ended it.
    Interrupted {
        /// Something of a reply had come.
        heard: bool,
    },
    /// The time is up.
    TimeUp {
        /// Something of a reply had come.
        heard: bool,
    },
}

/// An investigation under way.
pub struct Investigation<'a> {
    plan: Plan,
    rates: &'a dyn Rates,
    messages: Vec<Message>,
    mode: ReportMode,
    use_tools: bool,
    reasoning: Reasoning,
    concluding: bool,
    repaired: bool,
    pending: Vec<ToolCall>,
    spent: Spent,
    begun: bool,
    served_model: Option<String>,
    notices: Vec<String>,
    answer: Answer,
    over: Option<(Stop, Option<Failure>)>,
}

impl<'a> Investigation<'a> {
    /// Begins one.
    pub fn new(plan: Plan, rates: &'a dyn Rates) -> Self {
        let mut user = Message::text(Role::User, plan.prompt.user.clone());
        user.cache_hint = true;
        let messages = vec![Message::text(Role::System, plan.prompt.system.clone()), user];
        let priced = rates.worst_case_usd(1, 1).is_some();
        Self {
            mode: ReportMode::best(&plan.capabilities),
            use_tools: plan.capabilities.tools,
            reasoning: plan.reasoning.clone(),
            plan,
            rates,
            messages,
            concluding: false,
            repaired: false,
            pending: Vec::new(),
            spent: Spent::nothing(priced),
            begun: false,
            served_model: None,
            notices: Vec::new(),
            answer: Answer::default(),
            over: None,
        }
    }

    /// The conversation so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What was used so far.
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// What to do next. Asking reserves nothing: the worst that the request can cost must fit first.
    pub fn next_step(&mut self) -> Step {
        if self.over.is_some() {
            return Step::Finish;
        }
        if !self.pending.is_empty() {
            return Step::Read(self.pending.clone());
        }
        match budget::room(&self.plan.budget, &self.spent, self.rates, self.input_tokens()) {
            Room::Enough => {}
            Room::Last => self.conclude("This is the last request that the budget allows."),
            Room::None => {
                let steps = self.spent.requests >= self.plan.budget.max_steps;
                self.over = Some((if steps { Stop::Steps } else { Stop::Budget }, None));
                return Step::Finish;
            }
        }
        Step::Ask(Box::new(self.request()))
    }

    /// Takes what came of a step.
    pub fn accept(&mut self, observation: Observation) {
        match observation {
            Observation::Reply(reply) => self.reply(reply),
            Observation::Failed(error) => self.failed(error),
            Observation::Results(results) => self.results(results),
            Observation::Interrupted { heard } => {
                self.cut_off(heard);
                self.end(Stop::Interrupted, None);
            }
            Observation::TimeUp { heard } => {
                self.cut_off(heard);
                let stop = if self.begun { Stop::Budget } else { Stop::Unavailable };
                let failure =
                    Failure::new(FailureKind::TimeUp, "the time that --timeout allows is up");
                self.end(stop, Some(failure));
            }
        }
    }

    /// What it came to.
    pub fn outcome(self) -> Outcome {
        let (stop, failure) = self.over.unwrap_or((Stop::Interrupted, None));
        Outcome {
            stop,
            failure,
            begun: self.begun,
            answer: self.answer,
            spent: self.spent,
            served_model: self.served_model,
            notices: self.notices,
        }
    }

    fn reply(&mut self, reply: Reply) {
        self.begun = true;
        self.spent.requests += 1;
        self.spent.add(&reply.usage, reply.billed_usd, true, self.rates);
        self.served_model = reply.served_model.clone().or(self.served_model.take());
        self.notices.extend(reply.notices.iter().cloned());
        let text = reply.text();
        let mut calls: Vec<ToolCall> = reply
            .parts
            .iter()
            .filter_map(|p| if let Part::ToolCall(call) = p { Some(call.clone()) } else { None })
            .collect();
        if !reply.parts.is_empty() {
            self.messages.push(Message {
                role: Role::Assistant,
                parts: reply.parts,
                cache_hint: false,
            });
        }
        if let Some(report) = calls.iter().find(|call| call.name == REPORT_NAME) {
            let arguments = report.arguments_json.clone();
            return self.answered(&arguments, Some(&calls));
        }
        match reply.stop {
            StopReason::Refusal => {
                let said: String = text.chars().take(300).collect();
                self.end(
                    Stop::Refused,
                    Some(Failure::new(
                        FailureKind::Refused,
                        if said.is_empty() {
                            "the model refused".to_string()
                        } else {
                            format!("the model refused: {said}")
                        },
                    )),
                );
            }
            StopReason::MaxTokens if schema::parse_answer(&text).is_err() => {
                self.answer.findings = schema::salvage(&text);
                self.end(
                    Stop::Truncated,
                    Some(Failure::new(
                        FailureKind::Other,
                        "the reply reached the output limit before the report was whole",
                    )),
                );
            }
            _ if !calls.is_empty() && self.concluding => self.answered("", Some(&calls)),
            _ if !calls.is_empty() => {
                calls.truncate(CALLS_MAX);
                self.pending = calls;
            }
            _ => self.answered(&text, None),
        }
    }

    /// A reply without calls is the report, or it is asked for once more.
    fn answered(&mut self, text: &str, calls: Option<&[ToolCall]>) {
        let problem = match schema::parse_answer(text) {
            Ok(answer) => {
                self.answer = answer;
                return self.end(Stop::Finished, None);
            }
            Err(problem) => problem,
        };
        // Every call needs a result, also one that is not carried out.
        if let Some(calls) = calls {
            let result = |call: &ToolCall| {
                Part::ToolResult(tools::refused(call, "the report is due; no more calls"))
            };
            self.messages.push(Message {
                role: Role::User,
                parts: calls.iter().map(result).collect(),
                cache_hint: false,
            });
        }
        match problem {
            ParseAnswerError::NoJson if !self.concluding => {
                self.conclude("That is not the report yet.");
            }
            problem if self.repaired => {
                let failure = Failure::new(
                    FailureKind::Protocol,
                    format!("the model did not give the report that was asked for: {problem}"),
                );
                self.end(Stop::Protocol, Some(failure));
            }
            problem => {
                self.repaired = true;
                self.concluding = true;
                self.say(format!("{problem}. Send the report again: one JSON object of the schema, nothing before or after it."));
            }
        }
    }

    fn results(&mut self, results: Vec<ToolResult>) {
        let calls = std::mem::take(&mut self.pending);
        // A result for each call that the model made, also for those beyond the limit.
        let answered: Vec<&str> = results.iter().map(|result| result.call_id.as_str()).collect();
        let last_calls =
            self.messages.last().map(|message| message.parts.clone()).unwrap_or_default();
        let beyond = last_calls.iter().filter_map(|part| match part {
            Part::ToolCall(call) if !answered.contains(&call.id.as_str()) => {
                Some(Part::ToolResult(tools::refused(call, "too many calls at once; ask again")))
            }
            _ => None,
        });
        let beyond: Vec<Part> = beyond.collect();
        debug_assert!(!calls.is_empty(), "results come after calls");
        for message in self.messages.iter_mut().skip(2) {
            message.cache_hint = false;
        }
        let parts = results.into_iter().map(Part::ToolResult).chain(beyond).collect();
        self.messages.push(Message { role: Role::User, parts, cache_hint: true });
    }

    /// A request was under way: it counts, and once its reply had begun nobody knows what it cost.
    fn cut_off(&mut self, heard: bool) {
        self.begun |= heard;
        self.spent.requests += 1;
        self.spent.add(&Usage::default(), None, heard, self.rates);
    }

    fn failed(&mut self, error: ExchangeError) {
        // What the plugin can't express was never sent.
        let sent = error.attempts > 0 && error.failure.kind != FailureKind::Unsupported;
        self.spent.requests += u32::from(sent);
        self.spent.add(&error.usage, None, false, self.rates);
        let failure = error.failure;
        if matches!(failure.kind, FailureKind::Unsupported | FailureKind::InvalidRequest)
            && self.step_down(&failure)
        {
            return;
        }
        self.begun |= error.begun
            || matches!(failure.kind, FailureKind::ContextTooLong | FailureKind::Refused);
        let partial: String = error
            .partial
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect();
        self.answer.findings = schema::salvage(&partial);
        let stop = match failure.kind {
            FailureKind::ContextTooLong => Stop::Overflow,
            FailureKind::Refused => Stop::Refused,
            FailureKind::Protocol | FailureKind::Plugin => Stop::Protocol,
            FailureKind::Cancelled => Stop::Interrupted,
            _ => Stop::Unavailable,
        };
        self.end(stop, Some(failure));
    }

    /// The service objects to a part of the request: do without it, once for each part.
    fn step_down(&mut self, failure: &Failure) -> bool {
        let pointer = failure.pointer.as_deref().unwrap_or_default();
        if pointer.starts_with("/reasoning") && self.reasoning != Reasoning::Unset {
            self.reasoning = Reasoning::Unset;
            self.notices.push(format!("the reasoning setting is left out: {}", failure.message));
            return true;
        }
        if pointer.starts_with("/tool") && self.use_tools {
            self.use_tools = false;
            self.mode = if self.plan.capabilities.schema {
                ReportMode::NativeSchema
            } else {
                ReportMode::JsonInText
            };
            self.notices.push(format!("the model gets no tools: {}", failure.message));
            return true;
        }
        let about_output = pointer.starts_with("/output")
            || (pointer.is_empty() && failure.message.contains("schema"));
        let below = self.mode.below(&self.plan.capabilities).map(|mode| match mode {
            // A service that took no tools takes no forced one either.
            ReportMode::ForcedTool if !self.use_tools => ReportMode::JsonInText,
            mode => mode,
        });
        match below {
            Some(mode) if about_output => {
                self.mode = mode;
                self.notices
                    .push(format!("the report is asked for in another way: {}", failure.message));
                true
            }
            _ => false,
        }
    }

    fn end(&mut self, stop: Stop, failure: Option<Failure>) {
        self.pending.clear();
        self.over.get_or_insert((stop, failure));
    }
}
