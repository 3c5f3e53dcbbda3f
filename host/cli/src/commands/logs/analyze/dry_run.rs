//! `--dry-run`: what would be sent and what it would cost. No model is asked.

use massgen_analysis::estimate::{self, Estimate};
use massgen_analysis::investigation::{Investigation, Plan};
use massgen_analysis::tools;
use massgen_models::price::Pricing;
use serde_json::{Value, json};

use super::ask::Subject;
use super::exact::{self, Tokens};
use crate::app::App;
use crate::commands::models::listing::block_on;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::human;

pub(super) fn run(
    app: &App,
    exact: bool,
    subject: &Subject<'_>,
    plan: &Plan,
    pricing: &Pricing,
) -> Result<Exit, CommandError> {
    let tokens = if exact {
        let provider = subject.connect(app)?;
        block_on(exact::count(app, subject.model, plan, pricing, &provider))??
    } else {
        Tokens::Estimated
    };
    let investigation = Investigation::new(plan.clone(), pricing);
    let overhead = if plan.capabilities.tools { tools::definitions_chars() } else { 0 };
    let messages = investigation.messages();
    let estimate = estimate::estimate(messages, overhead, tokens.counted(), &plan.budget, pricing);
    let installed = app.providers.find(&subject.model.provider);
    let endpoint = installed
        .map(|installed| installed.base_url(&app.environment, &app.config).0)
        .unwrap_or_default();
    if app.ui.manner.json {
        app.ui.json(&document(subject, plan, &endpoint, &estimate, &tokens));
    } else {
        let text = text(subject, plan, &endpoint, &estimate, &tokens);
        app.ui.answer(&app.ui.fit(&text, 11));
    }
    Ok(Exit::Done)
}

fn document(
    subject: &Subject<'_>,
    plan: &Plan,
    endpoint: &str,
    estimate: &Estimate,
    tokens: &Tokens,
) -> Value {
    let (not_counted, sent) = match tokens {
        Tokens::Estimated => (None, false),
        Tokens::Counted(_) => (None, true),
        Tokens::NotCounted { why, sent } => (Some(why), *sent),
    };
    json!({
        "schema": "estimate/1",
        "model": {"provider": subject.model.provider, "model": subject.model.model},
        "origin": subject.choice.origin.to_string(),
        "endpoint": endpoint,
        "prompt_chars": estimate.prompt_chars,
        "prompt_tokens": estimate.prompt_tokens,
        "prompt_tokens_counted": tokens.counted().is_some(),
        "not_counted": not_counted,
        "cost_usd": {"low": estimate.low_usd, "expected": estimate.expected_usd, "worst": estimate.worst_usd},
        "worst_tokens": estimate.worst_tokens,
        "max_steps": plan.budget.max_steps,
        "sent": sent,
    })
}

fn text(
    subject: &Subject<'_>,
    plan: &Plan,
    endpoint: &str,
    estimate: &Estimate,
    tokens: &Tokens,
) -> String {
    let provider = &subject.model.provider;
    let count = human::count(estimate.prompt_tokens);
    let count = match tokens {
        Tokens::Counted(_) => format!("{count} tokens (counted by {provider})"),
        _ => format!("about {count} tokens (estimated)"),
    };
    let sent = match tokens {
        Tokens::Counted(_) => {
            format!("The prompt was sent to {provider} to be counted. No model was asked.")
        }
        Tokens::NotCounted { sent: true, .. } => "No model was asked.".into(),
        _ => "Nothing was sent.".into(),
    };
    format!(
        "Model      {} at {endpoint}\nPrompt     {} characters, {count}\nCost       {} if it answers at once, {} as usual, {} at worst (estimated)\nSteps      at most {}, {} tokens at worst\n{sent}",
        subject.model,
        human::count(estimate.prompt_chars as u64),
        human::cost(estimate.low_usd),
        human::cost(estimate.expected_usd),
        human::cost(estimate.worst_usd),
        plan.budget.max_steps,
        human::count(estimate.worst_tokens),
    )
}
