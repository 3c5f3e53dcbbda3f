//! The one part of an analysis that acts: asks the provider, reads for the model, tells how it goes.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use massgen_models::event::Event;
use massgen_models::failure::Failure;
use massgen_models::provider::{Observer, Provider};

use crate::investigation::{Investigation, Observation, Step};
use crate::tools::{self, Sight};
use crate::transcript::Record;

/// How it goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// A request is sent: its number, and the tokens of its prompt.
    Asking {
        /// From 1.
        step: u32,
        /// As far as they are known.
        input_tokens: u64,
    },
    /// More of a reply arrived.
    Receiving {
        /// Characters of text and reasoning so far.
        chars: usize,
    },
    /// A tool is called.
    Reading {
        /// Its name.
        tool: &'a str,
        /// Its arguments.
        args: &'a str,
    },
    /// A request failed and is sent again.
    Retrying {
        /// Which attempt failed.
        attempt: u32,
        /// How long is waited first.
        wait_ms: u64,
        /// Why.
        failure: &'a Failure,
    },
    /// A line for the user.
    Notice(&'a str),
    /// A request is over: what was used so far.
    Spent {
        /// Tokens of prompts and replies.
        tokens: u64,
        /// US dollars, if there is a price.
        cost_usd: Option<f64>,
    },
}

/// Who is told.
pub trait Witness: Send {
    /// How it goes.
    fn progress(&mut self, progress: Progress<'_>);
    /// A line of the transcript.
    fn record(&mut self, record: &Record);
}

/// Runs an investigation to its end. `interrupted` and `time_up` end it early; what it has is kept.
pub async fn drive(
    investigation: &mut Investigation<'_>,
    provider: &dyn Provider,
    sight: Sight<'_>,
    witness: &mut dyn Witness,
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
                    witness.progress(Progress::Reading {
                        tool: &call.name,
                        args: &call.arguments_json,
                    });
                    tools::run(sight, call)
                });
                Observation::Results(results.collect())
            }
            Step::Ask(request) => {
                let step = investigation.spent().requests + 1;
                witness.progress(Progress::Asking {
                    step,
                    input_tokens: investigation.input_tokens(),
                });
                let mut relay = Relay { witness: &mut *witness, chars: 0, heard: false };
                let exchange = provider.exchange(&request, &mut relay);
                let ended =
                    match select(exchange, select(interrupted.as_mut(), time_up.as_mut())).await {
                        Either::Left((Ok(reply), _)) => {
                            Ended::With(Box::new(Observation::Reply(reply)))
                        }
                        Either::Left((Err(error), _)) => {
                            Ended::With(Box::new(Observation::Failed(error)))
                        }
                        Either::Right((Either::Left(_), _)) => Ended::Interrupted,
                        Either::Right((Either::Right(_), _)) => Ended::TimeUp,
                    };
                match ended {
                    Ended::With(observation) => *observation,
                    Ended::Interrupted => Observation::Interrupted { reply_begun: relay.heard },
                    Ended::TimeUp => Observation::TimeUp { reply_begun: relay.heard },
                }
            }
        };
        match &observation {
            Observation::Reply(reply) => witness.record(&Record::from(reply)),
            Observation::Failed(error) => witness.record(&Record::from(error)),
            Observation::Results(results) => {
                witness.record(&Record::Results { results: results.clone() });
            }
            Observation::Interrupted { .. } | Observation::TimeUp { .. } => {}
        }
        let asked = !matches!(observation, Observation::Results(_));
        investigation.accept(observation);
        if asked {
            let spent = investigation.spent();
            witness.progress(Progress::Spent { tokens: spent.tokens(), cost_usd: spent.cost_usd });
        }
    }
}

/// Goes through a transcript again; what it ends with is what is done next.
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
            // What failed is asked again.
            Record::Start { .. } | Record::Failed { .. } => continue,
        };
        // A step is taken before each observation, as it was the first time.
        if investigation.next_step() == Step::Finish {
            return;
        }
        investigation.accept(observation);
    }
}

/// How a request ended, while its future still borrows the relay.
enum Ended {
    With(Box<Observation>),
    Interrupted,
    TimeUp,
}

struct Relay<'a> {
    witness: &'a mut dyn Witness,
    chars: usize,
    heard: bool,
}

impl Observer for Relay<'_> {
    fn event(&mut self, event: &Event) {
        self.heard = true;
        match event {
            Event::Text(text) | Event::Reasoning(text) => {
                self.chars += text.chars().count();
                self.witness.progress(Progress::Receiving { chars: self.chars });
            }
            Event::Notice(text) => self.witness.progress(Progress::Notice(text)),
            _ => {}
        }
    }

    fn retrying(&mut self, attempt: u32, wait_ms: u64, failure: &Failure) {
        self.chars = 0;
        self.witness.progress(Progress::Retrying { attempt, wait_ms, failure });
    }
}
