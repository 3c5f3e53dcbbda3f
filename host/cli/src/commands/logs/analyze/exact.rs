//! `--exact`: the prompt's tokens as the service counts them, instead of an estimate.

use std::time::Duration;

use massgen_analysis::count;
use massgen_analysis::estimate::CountedPrompt;
use massgen_analysis::investigation::Plan;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::model_id::ModelId;
use massgen_models::price::Pricing;
use massgen_runtime::ComponentProvider;

use super::ending;
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// A count is a matter of a moment; an estimate is better than a long wait for one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the figure of a prompt's tokens comes from.
#[derive(Debug)]
pub(super) enum Tokens {
    /// Nobody was asked.
    Estimated,
    /// The service counted them.
    Counted(CountedPrompt),
    /// The service can't, or did not.
    NotCounted {
        /// Why, in words.
        why: String,
        /// The prompt may have left this machine.
        sent: bool,
    },
}

impl Tokens {
    pub(super) fn counted(&self) -> Option<CountedPrompt> {
        match self {
            Self::Counted(counted) => Some(*counted),
            Self::Estimated | Self::NotCounted { .. } => None,
        }
    }

    /// Whether the prompt may have left this machine.
    pub(super) fn sent(&self) -> bool {
        match self {
            Self::Estimated => false,
            Self::Counted(_) => true,
            Self::NotCounted { sent, .. } => *sent,
        }
    }
}

/// Has the service count the first request's prompt. Where it does not, that is said, and the estimate stands.
pub(super) async fn count(
    app: &App,
    model: &ModelId,
    plan: &Plan,
    pricing: &Pricing,
    provider: &ComponentProvider,
) -> Result<Tokens, CommandError> {
    let failure = tokio::select! {
        counted = count::count(plan, pricing, provider) => match counted {
            Ok(counted) => return Ok(Tokens::Counted(counted)),
            Err(failure) => failure,
        },
        () = tokio::time::sleep(PATIENCE) => {
            Failure::new(FailureKind::Stalled, format!("no count came within {} s", PATIENCE.as_secs()))
        }
        () = super::ask::interrupted() => {
            return Err(CommandError::new(Exit::Interrupted, "interrupted", "the count was interrupted"));
        }
    };
    let unsent = matches!(failure.kind, FailureKind::Unsupported | FailureKind::Plugin);
    let why = if failure.kind == FailureKind::Unsupported {
        human::clean(&failure.message)
    } else {
        let words = ending::of_failure(app, &failure, model, Exit::NoModel);
        human::clean(&format!("{} ({})", words.message, words.causes.join("; ")))
    };
    app.ui.warn(&format!("the tokens of the prompt for {model} are an estimate: {why}"));
    Ok(Tokens::NotCounted { why, sent: !unsent })
}
