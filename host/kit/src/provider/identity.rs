//! Who a plugin says that it is, and what was recorded of it.

use std::collections::BTreeSet;

use super::subject::Subject;
use crate::report::{Verdict, failed};

/// Loading has compared `describe` with the manifest; here is the rest.
pub(super) fn identity(subject: &Subject<'_>) -> Verdict {
    let manifest = subject.plugin.manifest();
    if manifest.name.trim().is_empty() {
        return failed("plugin.toml", "its name is empty");
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
            return failed("models()", format!("{:?} is no model id", model.id));
        }
        if !seen.insert(&model.id) {
            return failed("models()", format!("{} is named twice", model.id));
        }
        if model.max_output_tokens > model.context_tokens && model.context_tokens.is_some() {
            return failed("models()", format!("{} writes more than it holds", model.id));
        }
    }
    match &subject.plugin.manifest().default_model {
        Some(default) if !models.is_empty() && !seen.contains(default) => {
            failed("plugin.toml", format!("default-model {default} is none of models()"))
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
