//! Checks of a plugin's identity, model list and cassettes.

use std::collections::BTreeSet;

use super::subject::Subject;
use crate::report::{Verdict, failed};

/// Checks the name alone: loading has already compared `describe` with the manifest.
pub(super) fn identity(subject: &Subject<'_>) -> Verdict {
    let manifest = subject.plugin.manifest();
    if manifest.name.trim().is_empty() {
        return failed("plugin.toml", "the name is empty");
    }
    Verdict::Passed { inputs: 1 }
}

pub(super) fn models(subject: &Subject<'_>) -> Verdict {
    let models = match subject.plugin.models() {
        Ok(models) => models,
        Err(crash) => return failed("models()", crash),
    };
    let mut seen = BTreeSet::new();
    for model in &models {
        let bad = model.id.is_empty()
            || model.id.len() > 200
            || model.id.chars().any(|c| c.is_control() || c.is_whitespace());
        if bad {
            return failed("models()", format!("{:?} is not a valid model id", model.id));
        }
        if !seen.insert(&model.id) {
            return failed("models()", format!("{} is listed twice", model.id));
        }
        if model.max_output_tokens > model.context_tokens && model.context_tokens.is_some() {
            return failed(
                "models()",
                format!("the output limit of {} exceeds its context window", model.id),
            );
        }
    }
    match &subject.plugin.manifest().default_model {
        Some(default) if !models.is_empty() && !seen.contains(default) => {
            failed("plugin.toml", format!("default-model {default} is not in models()"))
        }
        _ => Verdict::Passed { inputs: models.len().max(1) },
    }
}

pub(super) fn cassettes(subject: &Subject<'_>) -> Verdict {
    for cassette in subject.own {
        let mut cassette = cassette.clone();
        cassette.settings.extend(subject.options.settings.iter().cloned());
        if let Err(difference) = cassette.replay(subject.plugin) {
            return failed(format!("cassette {}", cassette.name), difference);
        }
    }
    match subject.own.len() {
        0 => Verdict::Untried { why: "the plugin has no cassettes".into() },
        inputs => Verdict::Passed { inputs },
    }
}
