//! `--dry-run`: what would be sent and what it would cost. Nothing is sent.

use massgen_analysis::estimate::{self, Estimate};
use massgen_analysis::investigation::{Investigation, Plan};
use massgen_analysis::tools;
use massgen_models::price::Pricing;
use serde_json::{Value, json};

use super::ask::Subject;
use super::exact::{self, Tokens};
use super::team::Member;
use crate::app::App;
use crate::commands::models::listing::block_on;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Where the values of a text begin.
const INDENT: usize = 11;

/// What is known before a model is asked.
struct Look<'a> {
    subject: &'a Subject<'a>,
    plan: &'a Plan,
    endpoint: String,
    estimate: Estimate,
    tokens: Tokens,
}

pub(super) fn run(
    app: &App,
    exact: bool,
    subject: &Subject<'_>,
    plan: &Plan,
    pricing: &Pricing,
) -> Result<Exit, CommandError> {
    let tokens = count(app, exact, subject, plan, pricing)?;
    let look = look(app, subject, plan, pricing, tokens);
    if app.ui.manner.json {
        app.ui.json(&look.document());
    } else {
        app.ui.answer(&app.ui.fit(&format!("{}\n{}", look.text(), look.sent_text()), INDENT));
    }
    Ok(Exit::Done)
}

/// The same for each model of a team, and the sum.
pub(super) fn run_team(
    app: &App,
    exact: bool,
    members: &[Member<'_>],
) -> Result<Exit, CommandError> {
    let mut looks = Vec::new();
    for Member { subject, plan, pricing } in members {
        let tokens = match count(app, exact, subject, plan, pricing) {
            // One that can't be asked has an estimate all the same.
            Err(error) if error.exit != Exit::Interrupted => {
                app.ui.warn(&format!("{} can't be asked: {}", subject.model, error.message));
                Tokens::NotCounted { why: error.message, sent: false }
            }
            tokens => tokens?,
        };
        looks.push(look(app, subject, plan, pricing, tokens));
    }
    let sum = |of: fn(&Estimate) -> Option<f64>| -> Option<f64> {
        looks.iter().map(|look| of(&look.estimate)).sum()
    };
    let low = sum(|estimate| estimate.low_usd);
    let expected = sum(|estimate| estimate.expected_usd);
    let worst = sum(|estimate| estimate.worst_usd);
    let worst_tokens: u64 = looks.iter().map(|look| look.estimate.worst_tokens).sum();
    if app.ui.manner.json {
        let names: Vec<String> = looks.iter().map(|look| look.subject.model.to_string()).collect();
        app.ui.json(&json!({
            "schema": "estimate/1",
            "model": {"provider": "team", "model": names.join(" + ")},
            "team": looks.iter().map(Look::document).collect::<Vec<Value>>(),
            "prompt_chars": looks.iter().map(|look| look.estimate.prompt_chars).sum::<usize>(),
            "prompt_tokens": looks.iter().map(|look| look.estimate.prompt_tokens).sum::<u64>(),
            "prompt_tokens_counted": looks.iter().all(|look| look.tokens.counted().is_some()),
            "cost_usd": {"low": low, "expected": expected, "worst": worst},
            "worst_tokens": worst_tokens,
            "max_steps": looks.iter().map(|look| look.plan.budget.max_steps).sum::<u32>(),
            "sent": looks.iter().any(|look| look.tokens.sent()),
        }));
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for look in &looks {
        text.push_str(&format!("{}\n{}\n\n", look.text(), look.sent_text()));
    }
    text.push_str(&format!(
        "Together   at least {}, typically {}, at most {} (estimated); {} tokens at worst",
        human::cost(low),
        human::cost(expected),
        human::cost(worst),
        human::count(worst_tokens),
    ));
    app.ui.answer(&app.ui.fit(&text, INDENT));
    Ok(Exit::Done)
}

fn count(
    app: &App,
    exact: bool,
    subject: &Subject<'_>,
    plan: &Plan,
    pricing: &Pricing,
) -> Result<Tokens, CommandError> {
    if !exact {
        return Ok(Tokens::Estimated);
    }
    let provider = subject.connect(app)?;
    block_on(exact::count(app, subject.model, plan, pricing, &provider))?
}

fn look<'a>(
    app: &App,
    subject: &'a Subject<'a>,
    plan: &'a Plan,
    pricing: &Pricing,
    tokens: Tokens,
) -> Look<'a> {
    let investigation = Investigation::new(plan.clone(), pricing);
    let overhead = if plan.capabilities.tools { tools::definitions_chars() } else { 0 };
    let messages = investigation.messages();
    let estimate = estimate::estimate(messages, overhead, tokens.counted(), &plan.budget, pricing);
    let installed = app.providers.find(&subject.model.provider);
    let endpoint = installed
        .map(|installed| installed.base_url(&app.environment, &app.config).0)
        .unwrap_or_default();
    Look { subject, plan, endpoint, estimate, tokens }
}

impl Look<'_> {
    fn document(&self) -> Value {
        let Self { subject, plan, endpoint, estimate, tokens } = self;
        let not_counted = match tokens {
            Tokens::NotCounted { why, .. } => Some(why),
            Tokens::Estimated | Tokens::Counted(_) => None,
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
            "sent": tokens.sent(),
        })
    }

    fn text(&self) -> String {
        let Self { subject, plan, endpoint, estimate, tokens } = self;
        let count = human::count(estimate.prompt_tokens);
        let count = match tokens {
            Tokens::Counted(_) => format!("{count} tokens (counted by {})", subject.model.provider),
            _ => format!("about {count} tokens (estimated)"),
        };
        format!(
            "Model      {} at {endpoint}\nPrompt     {} characters, {count}\nCost       at least {}, typically {}, at most {} (estimated)\nSteps      at most {}, {} tokens at worst",
            subject.model,
            human::count(estimate.prompt_chars as u64),
            human::cost(estimate.low_usd),
            human::cost(estimate.expected_usd),
            human::cost(estimate.worst_usd),
            plan.budget.max_steps,
            human::count(estimate.worst_tokens),
        )
    }

    fn sent_text(&self) -> String {
        let provider = &self.subject.model.provider;
        match &self.tokens {
            Tokens::Counted(_) => {
                format!("The prompt was sent to {provider} to be counted. No model was asked.")
            }
            Tokens::NotCounted { sent: true, .. } => "No model was asked.".into(),
            _ => "Nothing was sent.".into(),
        }
    }
}
