//! How an analysis ended, as a report and as an exit code.

use massgen_analysis::finding::Finding;
use massgen_analysis::investigation::{Ending, Stop};
use massgen_analysis::prompt::PROMPT_VERSION;
use massgen_analysis::report::{Analysis, ModelUsed, TeamMember, UsageTotals};
use massgen_logs::facts::Facts;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::model_id::ModelId;
use serde_json::json;

use super::models;
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Everything of the report but the facts.
pub(super) struct Ended {
    pub(super) model: Option<ModelUsed>,
    /// The models that it was settled from, if there are several.
    pub(super) team: Vec<TeamMember>,
    pub(super) usage: UsageTotals,
    pub(super) cost_usd: Option<f64>,
    pub(super) duration_ms: u64,
    pub(super) generated: String,
    pub(super) stop: Stop,
    pub(super) failure: Option<String>,
    pub(super) summary: String,
    pub(super) findings: Vec<Finding>,
    pub(super) notices: Vec<String>,
}

impl Ended {
    pub(super) fn analysis<'a>(&'a self, facts: &'a Facts) -> Analysis<'a> {
        Analysis {
            schema: "analysis/1",
            run: &facts.run,
            turn: facts.turn,
            model: self.model.clone(),
            team: &self.team,
            usage: self.usage,
            cost_usd: self.cost_usd,
            duration_ms: self.duration_ms,
            generated: self.generated.clone(),
            prompt_version: PROMPT_VERSION,
            stop: self.stop,
            failure: self.failure.clone(),
            summary: self.summary.clone(),
            facts,
            problems: &facts.problems,
            findings: &self.findings,
            notices: &self.notices,
        }
    }

    /// What was used, in words.
    pub(super) fn used(&self) -> String {
        format!(
            "{}, {} tokens, {}, {}",
            human::plural(u64::from(self.usage.requests), "request"),
            human::count(self.usage.input_tokens + self.usage.output_tokens),
            human::cost(self.cost_usd),
            human::duration(self.duration_ms),
        )
    }
}

/// The ending when nobody was asked.
pub(super) fn without_model(app: &App, _facts: &Facts) -> Ended {
    Ended {
        model: None,
        team: Vec::new(),
        usage: UsageTotals::default(),
        cost_usd: Some(0.0),
        duration_ms: 0,
        generated: now(app),
        stop: Stop::NoModel,
        failure: None,
        summary: String::new(),
        findings: Vec::new(),
        notices: Vec::new(),
    }
}

/// RFC 3339, to the second.
pub(crate) fn now(app: &App) -> String {
    let now = jiff::Timestamp::from_millisecond(app.environment.now_unix_ms()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The exit code of an investigation, and whether a report is written.
pub(super) fn exit(ending: &Ending) -> (Exit, bool) {
    match ending.stop {
        Stop::Finished | Stop::NoModel => (Exit::Done, true),
        Stop::Interrupted => (Exit::Interrupted, ending.begun),
        _ if ending.begun => (Exit::Partial, true),
        Stop::Budget | Stop::Steps => (Exit::Refused, false),
        _ => (Exit::NoModel, false),
    }
}

/// Why an analysis did not come to its end, in words.
pub(super) fn explain(app: &App, ending: &Ending, model: &ModelId, exit: Exit) -> CommandError {
    let mut error = match (&ending.failure, ending.stop) {
        (_, Stop::Interrupted) => {
            let next = if ending.begun {
                "the same command with --resume goes on with it"
            } else {
                "nothing had come yet: run the command again"
            };
            CommandError::new(exit, "interrupted", "the analysis was interrupted").hint(next)
        }
        (_, Stop::Budget) if !ending.begun => no_room(exit, model, ending),
        (None, Stop::Budget) => CommandError::new(
            exit,
            "budget",
            "the budget was used up before the report was finished",
        )
        .hint("raise --max-cost or --max-tokens, and go on with --resume"),
        (None, Stop::Steps) => CommandError::new(
            exit,
            "steps",
            "the steps were used up before the report was finished",
        )
        .hint("raise --max-steps, and go on with --resume"),
        (Some(failure), _) => of_failure(app, failure, model, exit),
        (None, stop) => {
            CommandError::new(exit, "stopped", format!("the analysis ended as {}", stop.as_str()))
        }
    };
    if exit == Exit::Partial {
        error = error.hint("facts, detected problems and what the model gave are in the report");
    }
    let failure = ending.failure.as_ref();
    error.with_detail(json!({
        "provider": model.provider,
        "model": model.model,
        "http_status": failure.and_then(|f| f.http_status),
        "provider_code": failure.and_then(|f| f.provider_code.clone()),
        "request_id": failure.and_then(|f| f.request_id.clone()),
        "retry_after_s": failure.and_then(|f| f.retry_after_ms).map(|ms| ms as f64 / 1000.0),
        "requests": ending.spent.requests,
        "cost_usd": ending.spent.cost_usd,
    }))
}

fn no_room(exit: Exit, model: &ModelId, ending: &Ending) -> CommandError {
    let message = if ending.spent.cost_usd.is_none() {
        format!("the price of {model} is unknown, so that a limit on cost can't be kept")
    } else {
        "the budget is too small for even one request".to_string()
    };
    CommandError::new(exit, "budget", message)
        .hint("--dry-run shows what a request costs")
        .hint("--max-tokens limits an analysis without a price")
}

/// A failure of a service in words, with what to do.
pub(crate) fn of_failure(
    app: &App,
    failure: &Failure,
    model: &ModelId,
    exit: Exit,
) -> CommandError {
    use FailureKind as Kind;
    let name = &model.provider;
    let (kind, message) = match failure.kind {
        Kind::Authentication => ("auth-invalid", format!("{name} does not accept the key")),
        Kind::Permission => ("auth-forbidden", format!("the key may not use {model}")),
        Kind::Billing => ("billing", format!("{name} refuses for lack of credit or quota")),
        Kind::RateLimited => ("rate-limit", format!("{name} is asked too often")),
        Kind::Overloaded => ("overloaded", format!("{name} is overloaded")),
        Kind::Unavailable => ("unavailable", format!("{name} can't be reached or fails")),
        Kind::ContextTooLong => (
            "context-overflow",
            format!("the conversation does not fit into {model}'s context window"),
        ),
        Kind::Refused => ("refused", format!("{model} refused")),
        Kind::ModelUnknown => {
            ("model-unknown", format!("{name} does not know the model {}", model.model))
        }
        Kind::InvalidRequest | Kind::Unsupported => {
            ("bad-request", format!("{name} rejects the request"))
        }
        Kind::Protocol => {
            ("protocol", format!("the reply of {name} broke off or can't be understood"))
        }
        Kind::Stalled => ("stalled", format!("the reply of {name} stopped coming")),
        Kind::Plugin => ("plugin", format!("the plugin of {name} failed")),
        Kind::TimeUp => ("time-up", format!("{model} did not finish in time")),
        Kind::Cancelled | Kind::Other => ("failed", format!("{name} could not be asked")),
    };
    let mut error = CommandError::new(exit, kind, message).with_cause(failure.message.clone());
    if let Some(id) = &failure.request_id {
        error.causes.push(format!("request {}", human::clean(id)));
    }
    for hint in hints(app, failure, model) {
        error = error.hint(hint);
    }
    error
}

fn hints(app: &App, failure: &Failure, model: &ModelId) -> Vec<String> {
    use FailureKind as Kind;
    let installed = app.providers.find(&model.provider);
    let key = installed.and_then(|i| i.key(&app.environment, &app.config)).map(|key| key.source);
    let place = installed.map(|i| i.base_url(&app.environment, &app.config));
    match failure.kind {
        Kind::Authentication | Kind::Permission => key
            .map(|source| {
                format!("the key comes from {source}: check it in the provider's console")
            })
            .into_iter()
            .chain([format!("`massgen auth test {}` tries it", model.provider)])
            .collect(),
        Kind::Billing => vec![
            "look at billing and limits in the provider's console; waiting does not help".into(),
        ],
        Kind::RateLimited => {
            let wait = failure.retry_after_ms.map_or_else(
                || "wait a little".into(),
                |ms| format!("wait {}", human::duration(ms)),
            );
            vec![format!("{wait}, then run the command again")]
        }
        Kind::Overloaded => {
            vec!["run the command again in a few minutes, or take another model".into()]
        }
        Kind::Unavailable | Kind::Stalled | Kind::Protocol => {
            let from = place
                .map(|(url, origin)| format!("the service is expected at {url} (from {origin})"));
            from.into_iter()
                .chain(["run the command again; --resume goes on where it stopped".to_string()])
                .collect()
        }
        Kind::ContextTooLong => vec![
            "take a model with a larger window: `massgen models` shows them".into(),
            "--turn N looks at one turn only".into(),
        ],
        Kind::ModelUnknown => {
            let near = models::near(app, &model.provider, &model.model);
            let near = (!near.is_empty()).then(|| format!("did you mean {}?", near.join(", ")));
            near.into_iter()
                .chain([format!(
                    "`massgen models --provider {}` lists the models that are known",
                    model.provider
                )])
                .collect()
        }
        Kind::TimeUp => vec!["raise --timeout, and go on with --resume".into()],
        Kind::Refused => vec!["another model may do it: `massgen models` shows them".into()],
        _ => vec![format!("`massgen models show {model}` tells what is asked for, --verbose more")],
    }
}
