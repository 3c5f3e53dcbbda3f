//! What is asked for, and what it may use: flags, configuration, and what is known of the model.

use massgen_analysis::budget::Budget;
use massgen_analysis::capabilities::Capabilities;
use massgen_analysis::investigation::Plan;
use massgen_analysis::prompt;
use massgen_logs::files::RunFiles;
use massgen_models::catalog::Catalog;
use massgen_models::request::Reasoning;

use super::ask::Subject;
use super::{AnalyzeArgs, ReasoningLevel};
use crate::app::App;

/// Part of the context window that a digest may fill, for models without tools.
const DIGEST_SHARE: u64 = 2;
const CONTEXT_TOKENS_UNKNOWN: u64 = 32_000;

pub(super) fn plan(
    app: &App,
    args: &AnalyzeArgs,
    subject: &Subject<'_>,
    run_files: &RunFiles,
) -> Plan {
    let entry = Catalog::embedded().find(&subject.model.provider, &subject.model.model);
    // The catalogue has never heard of an added plugin's models; the plugin has.
    let pinned = app.providers.find(&subject.model.provider).and_then(|installed| {
        installed.models.iter().find(|model| model.id == subject.model.model)
    });
    let capabilities = Capabilities::from_features(
        entry
            .map(|entry| entry.features.as_slice())
            .or(pinned.map(|model| model.features.as_slice())),
        entry
            .and_then(|entry| entry.context_tokens)
            .or(pinned.and_then(|model| model.context_tokens)),
        entry
            .and_then(|entry| entry.max_output_tokens)
            .or(pinned.and_then(|model| model.max_output_tokens)),
    );
    let mut prompt = prompt::prompt(subject.facts, run_files, subject.wishes, capabilities.tools);
    if !capabilities.tools {
        let window = capabilities.context_tokens.unwrap_or(CONTEXT_TOKENS_UNKNOWN);
        let chars = usize::try_from(window / DIGEST_SHARE * 3).unwrap_or(usize::MAX);
        prompt.user.push_str(&prompt::digest(
            subject.facts,
            run_files,
            chars.saturating_sub(prompt.user.len()),
        ));
    }
    let config = &app.config;
    let default = Budget::default();
    let budget = Budget {
        max_cost_usd: args.max_cost.or_else(|| config.number("analysis.max_cost")),
        max_tokens: args.max_tokens.or_else(|| config.number("analysis.max_tokens")),
        max_steps: args
            .max_steps
            .or_else(|| config.number("analysis.max_steps"))
            .unwrap_or(default.max_steps)
            .clamp(1, 200),
        ..default
    };
    Plan {
        model: subject.model.model.clone(),
        capabilities,
        budget,
        reasoning: reasoning(args.reasoning, config.text("analysis.reasoning")),
        stream: !args.no_stream && config.text("analysis.stream") != Some("false"),
        prompt,
        counted: None,
    }
}

fn reasoning(flag: Option<ReasoningLevel>, configured: Option<&str>) -> Reasoning {
    match (flag, configured) {
        (Some(ReasoningLevel::Off), _) | (None, Some("off")) => Reasoning::Off,
        (Some(ReasoningLevel::Low), _) => Reasoning::Level("low".into()),
        (Some(ReasoningLevel::Medium), _) => Reasoning::Level("medium".into()),
        (Some(ReasoningLevel::High), _) => Reasoning::Level("high".into()),
        (None, Some(level)) => Reasoning::Level(level.to_string()),
        (None, None) => Reasoning::Unset,
    }
}
