//! Counting the tokens of an investigation's first request through the service.

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::Provider;

use crate::budget::{Budget, Rates};
use crate::estimate::CountedPrompt;
use crate::investigation::{Investigation, Observation, Plan, Step};

/// An investigation can drop four parts of a request; the last attempt counts what remains.
const TRIES_MAX: usize = 5;

/// Counts the request as it would be sent, dropping the parts that the service rejects. Does not run the model and costs
/// nothing.
pub async fn count(
    plan: &Plan,
    rates: &dyn Rates,
    provider: &dyn Provider,
) -> Result<CountedPrompt, Failure> {
    // The counted prompt may fit a budget that the estimate exceeds, so no limit applies here.
    let budget = Budget { reply_tokens: plan.budget.reply_tokens, ..Budget::default() };
    let mut rehearsal = Investigation::new(Plan { budget, ..plan.clone() }, rates);
    let mut failure = Failure::new(FailureKind::Unsupported, "no request could be built");
    for _ in 0..TRIES_MAX {
        let Step::Ask(request) = rehearsal.next_step() else { break };
        match provider.count_tokens(&request).await {
            Ok(tokens) => return Ok(CountedPrompt { chars: rehearsal.prompt_chars(), tokens }),
            Err(error) => failure = error,
        }
        rehearsal.accept(Observation::Failed(failure.clone().into()));
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use massgen_models::event::Usage;
    use massgen_models::provider::{BoxFuture, ExchangeError, ListedModel, Observer, Reply};
    use massgen_models::request::{Reasoning, Request};

    use super::*;
    use crate::capabilities::Capabilities;
    use crate::estimate;
    use crate::prompt::Prompt;

    struct Unpriced;

    impl Rates for Unpriced {
        fn cost_usd(&self, _: &Usage) -> Option<f64> {
            None
        }
        fn worst_case_usd(&self, _: u64, _: u64) -> Option<f64> {
            None
        }
    }

    /// Counts characters, and rejects requests that contain a part in `rejects`.
    #[derive(Default)]
    struct Counter {
        rejects: Vec<&'static str>,
        asked: Mutex<Vec<Request>>,
    }

    impl Provider for Counter {
        fn id(&self) -> &str {
            "counter"
        }
        fn exchange<'a>(
            &'a self,
            _: &'a Request,
            _: &'a mut dyn Observer,
        ) -> BoxFuture<'a, Result<Reply, ExchangeError>> {
            panic!("the model is not run")
        }
        fn list_models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, Failure>> {
            panic!("models are not listed")
        }
        fn count_tokens<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<u64, Failure>> {
            self.asked.lock().unwrap().push(request.clone());
            let rejected = self.rejects.iter().find(|pointer| match **pointer {
                "/tools" => !request.tools.is_empty(),
                "/reasoning" => request.reasoning != Reasoning::Unset,
                _ => true,
            });
            let failure = rejected.map(|pointer| Failure {
                pointer: Some((*pointer).to_string()),
                ..Failure::new(FailureKind::Unsupported, "not supported")
            });
            let chars = estimate::chars(&request.messages) as u64;
            Box::pin(std::future::ready(failure.map_or(Ok(chars), Err)))
        }
    }

    fn counted(rejects: &[&'static str]) -> (Result<CountedPrompt, Failure>, Vec<Request>) {
        let plan = Plan {
            model: "m".into(),
            capabilities: Capabilities::from_features(Some(&["tools".into()]), None, None),
            // Too small even for the estimate.
            budget: Budget { max_cost_usd: Some(0.0), max_tokens: Some(1), ..Budget::default() },
            reasoning: Reasoning::Level("high".into()),
            stream: true,
            prompt: Prompt { system: "rules".into(), user: "facts".into() },
            counted: None,
        };
        let counter = Counter { rejects: rejects.into(), ..Counter::default() };
        let counted = count(&plan, &Unpriced, &counter).now_or_never().unwrap();
        (counted, counter.asked.into_inner().unwrap())
    }

    #[test]
    fn the_first_request_is_counted_in_full_without_limits() {
        let (all, asked) = counted(&[]);
        assert_eq!((all.unwrap().tokens, asked.len()), (10, 1));
        assert!(asked[0].tools.len() > 1 && asked[0].reasoning != Reasoning::Unset);
    }

    #[test]
    fn rejected_parts_are_dropped() {
        let (whole, _) = counted(&[]);
        let (without, asked) = counted(&["/reasoning", "/tools"]);
        assert_eq!(asked.len(), 3);
        assert!(asked[2].tools.is_empty() && asked[2].reasoning == Reasoning::Unset);
        assert!(without.unwrap().chars < whole.unwrap().chars, "tools are not counted");
        let (never, asked) = counted(&["/model"]);
        assert_eq!((never.unwrap_err().kind, asked.len()), (FailureKind::Unsupported, 1));
    }
}
