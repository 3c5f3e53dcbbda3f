//! The driver of an investigation: sends requests, carries out tool calls and reports progress.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use massgen_models::event::Event;
use massgen_models::failure::Failure;
use massgen_models::provider::{Observer, Provider};

use crate::analysis_log::Record;
use crate::investigation::{Investigation, Observation, Step};
use crate::tools::{self, RunData};

/// A progress event.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// A request is being sent.
    Asking {
        /// Number of the request, from 1.
        step: u32,
        /// Tokens of the prompt: counted where possible, otherwise estimated.
        input_tokens: u64,
    },
    /// Part of a reply arrived.
    Receiving {
        /// Characters of text and reasoning so far.
        chars: usize,
    },
    /// A tool call is being carried out.
    Reading {
        /// Name of the tool.
        tool: &'a str,
        /// Arguments as JSON.
        args: &'a str,
    },
    /// A request failed and will be retried.
    Retrying {
        /// Number of the failed attempt, from 1.
        attempt: u32,
        /// Delay before the retry.
        wait_ms: u64,
        /// The failure of that attempt.
        failure: &'a Failure,
    },
    /// A message for the user.
    Notice(&'a str),
    /// A request ended; totals so far.
    Spent {
        /// Tokens of prompts and replies.
        tokens: u64,
        /// US dollars, if the price is known.
        cost_usd: Option<f64>,
    },
}

/// Receives progress and the analysis log.
pub trait Listener: Send {
    /// Handles a progress event.
    fn progress(&mut self, progress: Progress<'_>);
    /// Handles a new line of the analysis log.
    fn record(&mut self, record: &Record);
}

/// Runs an investigation to its end. `interrupted` and `time_up` end it early and keep the results so far.
pub async fn drive(
    investigation: &mut Investigation<'_>,
    provider: &dyn Provider,
    data: RunData<'_>,
    listener: &mut dyn Listener,
    interrupted: impl Future<Output = ()>,
    time_up: impl Future<Output = ()>,
) {
    let mut interrupted = pin!(interrupted);
    let mut time_up = pin!(time_up);
    loop {
        let observation = match investigation.next_step() {
            Step::Finish => return,
            Step::Read(calls) => {
                let results = calls.iter().map(|call| {
                    listener.progress(Progress::Reading {
                        tool: &call.name,
                        args: &call.arguments_json,
                    });
                    tools::run(data, call)
                });
                Observation::Results(results.collect())
            }
            Step::Ask(request) => {
                let step = investigation.spent().requests + 1;
                listener.progress(Progress::Asking {
                    step,
                    input_tokens: investigation.input_tokens(),
                });
                let mut relay = Relay { listener: &mut *listener, chars: 0, reply_begun: false };
                let exchange = provider.exchange(&request, &mut relay);
                let end =
                    match select(exchange, select(interrupted.as_mut(), time_up.as_mut())).await {
                        Either::Left((Ok(reply), _)) => {
                            RequestEnd::With(Box::new(Observation::Reply(reply)))
                        }
                        Either::Left((Err(error), _)) => {
                            RequestEnd::With(Box::new(Observation::Failed(error)))
                        }
                        Either::Right((Either::Left(_), _)) => RequestEnd::Interrupted,
                        Either::Right((Either::Right(_), _)) => RequestEnd::TimeUp,
                    };
                match end {
                    RequestEnd::With(observation) => *observation,
                    RequestEnd::Interrupted => {
                        Observation::Interrupted { reply_begun: relay.reply_begun }
                    }
                    RequestEnd::TimeUp => Observation::TimeUp { reply_begun: relay.reply_begun },
                }
            }
        };
        match &observation {
            Observation::Reply(reply) => listener.record(&Record::from(reply)),
            Observation::Failed(error) => listener.record(&Record::from(error)),
            Observation::Results(results) => {
                listener.record(&Record::Results { results: results.clone() });
            }
            Observation::Interrupted { .. } | Observation::TimeUp { .. } => {}
        }
        let was_request = !matches!(observation, Observation::Results(_));
        investigation.accept(observation);
        if was_request {
            let spent = investigation.spent();
            listener.progress(Progress::Spent { tokens: spent.tokens(), cost_usd: spent.cost_usd });
        }
    }
}

/// Replays an analysis log, so that the investigation continues after its last record.
pub fn replay(investigation: &mut Investigation<'_>, records: &[Record]) {
    for record in records {
        let observation = match record {
            Record::Reply { parts, stop, usage, request_id, served_model, billed_usd } => {
                Observation::Reply(massgen_models::provider::Reply {
                    parts: parts.clone(),
                    stop: stop.clone(),
                    usage: *usage,
                    notices: Vec::new(),
                    request_id: request_id.clone(),
                    served_model: served_model.clone(),
                    billed_usd: *billed_usd,
                    attempts: 1,
                })
            }
            Record::Results { results } => Observation::Results(results.clone()),
            // Failed requests are sent again.
            Record::Start { .. } | Record::Failed { .. } => continue,
        };
        // Each observation follows a step, as in the original run.
        if investigation.next_step() == Step::Finish {
            return;
        }
        investigation.accept(observation);
    }
}

/// The end of a request. The future still borrows the relay at that point.
enum RequestEnd {
    With(Box<Observation>),
    Interrupted,
    TimeUp,
}

struct Relay<'a> {
    listener: &'a mut dyn Listener,
    chars: usize,
    reply_begun: bool,
}

impl Observer for Relay<'_> {
    fn event(&mut self, event: &Event) {
        self.reply_begun = true;
        match event {
            Event::Text(text) | Event::Reasoning(text) => {
                self.chars += text.chars().count();
                self.listener.progress(Progress::Receiving { chars: self.chars });
            }
            Event::Notice(text) => self.listener.progress(Progress::Notice(text)),
            _ => {}
        }
    }

    fn retrying(&mut self, attempt: u32, wait_ms: u64, failure: &Failure) {
        self.chars = 0;
        self.listener.progress(Progress::Retrying { attempt, wait_ms, failure });
    }
}
