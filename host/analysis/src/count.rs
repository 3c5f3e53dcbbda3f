//! Has a service count the prompt of an investigation's first request, as it would be sent.

use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::Provider;

use crate::budget::{Budget, Rates};
use crate::estimate::Counted;
use crate::investigation::{Investigation, Observation, Plan, Step};

/// A request has this many parts that an investigation can do without, and one more time to be counted without them.
const TRIES_MAX: usize = 5;

/// Asks for the count. What the service can't express is left out, as the investigation itself would; the model is not
/// asked, and nothing is spent.
pub async fn count(
    plan: &Plan,
    rates: &dyn Rates,
    provider: &dyn Provider,
) -> Result<Counted, Failure> {
    // A budget that is too small for the estimate may be large enough for the count.
    let budget = Budget { reply_tokens: plan.budget.reply_tokens, ..Budget::default() };
    let mut rehearsal = Investigation::new(Plan { budget, ..plan.clone() }, rates);
    let mut failure = Failure::new(FailureKind::Unsupported, "no request can be made of it");
    for _ in 0..TRIES_MAX {
        let Step::Ask(request) = rehearsal.next_step() else { break };
        match provider.count_tokens(&request).await {
            Ok(tokens) => return Ok(Counted { chars: rehearsal.prompt_chars(), tokens }),
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

    /// Counts characters; refuses what stands at a pointer while it is there.
    #[derive(Default)]
    struct Counter {
        refuses: Vec<&'static str>,
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
            panic!("no model is asked")
        }
        fn list_models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, Failure>> {
            panic!("no list is asked for")
        }
        fn count_tokens<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<u64, Failure>> {
            self.asked.lock().unwrap().push(request.clone());
            let refused = self.refuses.iter().find(|pointer| match **pointer {
                "/tools" => !request.tools.is_empty(),
                "/reasoning" => request.reasoning != Reasoning::Unset,
                _ => true,
            });
            let failure = refused.map(|pointer| Failure {
                pointer: Some((*pointer).to_string()),
                ..Failure::new(FailureKind::Unsupported, "no such part")
            });
            let chars = estimate::chars(&request.messages) as u64;
            Box::pin(std::future::ready(failure.map_or(Ok(chars), Err)))
        }
    }

    fn counted(refuses: &[&'static str]) -> (Result<Counted, Failure>, Vec<Request>) {
        let plan = Plan {
            model: "m".into(),
            capabilities: Capabilities::from_features(Some(&["tools".into()]), None, None),
            // Not even enough for the estimate.
            budget: Budget { max_cost_usd: Some(0.0), max_tokens: Some(1), ..Budget::default() },
            reasoning: Reasoning::Level("high".into()),
            stream: true,
            prompt: Prompt { system: "rules".into(), user: "facts".into() },
            counted: None,
        };
        let counter = Counter { refuses: refuses.into(), ..Counter::default() };
        let counted = count(&plan, &Unpriced, &counter).now_or_never().unwrap();
        (counted, counter.asked.into_inner().unwrap())
    }

    #[test]
    fn the_first_request_is_counted_whole_and_unbounded() {
        let (all, asked) = counted(&[]);
        assert_eq!((all.unwrap().tokens, asked.len()), (10, 1));
        assert!(asked[0].tools.len() > 1 && asked[0].reasoning != Reasoning::Unset);
    }

    #[test]
    fn what_can_not_be_counted_is_left_out() {
        let (whole, _) = counted(&[]);
        let (without, asked) = counted(&["/reasoning", "/tools"]);
        assert_eq!(asked.len(), 3);
        assert!(asked[2].tools.is_empty() && asked[2].reasoning == Reasoning::Unset);
        assert!(without.unwrap().chars < whole.unwrap().chars, "tools are no part of it");
        let (never, asked) = counted(&["/model"]);
        assert_eq!((never.unwrap_err().kind, asked.len()), (FailureKind::Unsupported, 1));
    }
}
