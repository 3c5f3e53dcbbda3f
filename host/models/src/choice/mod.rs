//! Which model is taken, and why. The first candidate that was given decides; an explicit one that can't
//! be resolved is an error, never another model.

mod error;
mod family;
mod origin;

pub use error::ChoiceError;
pub use origin::Origin;

use error::near_list;
use family::family;

use crate::catalog::{Catalog, Status};
use crate::model_id::ModelId;
use crate::provider_profile::ProviderProfile;
use crate::selector::{self, Selector};
use crate::suggest;

/// Providers whose key decides first when nobody names a model: MassGen's own order.
const KEY_ORDER: &[&str] = &["google", "anthropic", "openai"];

/// Suggestions of an error.
const NEAR_MAX: usize = 3;

/// Aliases may lead to aliases, this far.
const ALIAS_DEPTH_MAX: usize = 8;

/// The outcome of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The model; none for facts only.
    pub model: Option<ModelId>,
    /// What was typed, if anything.
    pub selector: Option<String>,
    /// Who named it.
    pub origin: Origin,
    /// The catalogue knows the model.
    pub known: bool,
    /// What the user should know of the way here.
    pub notices: Vec<String>,
}

/// What a choice is made of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Who said what, the strongest first.
    pub candidates: &'a [(Origin, String)],
    /// The user's aliases.
    pub aliases: &'a [(String, String)],
    /// Installed providers.
    pub providers: &'a [ProviderProfile],
    /// What is known of models.
    pub catalog: &'a Catalog,
}

/// Chooses.
pub fn choose(inputs: &Inputs<'_>) -> Result<Choice, ChoiceError> {
    match inputs.candidates.first() {
        Some((origin, selector)) => explicit(inputs, origin, selector),
        None => Ok(by_key(inputs)),
    }
}

fn explicit(inputs: &Inputs<'_>, origin: &Origin, typed: &str) -> Result<Choice, ChoiceError> {
    let mut notices = Vec::new();
    let target = follow_aliases(inputs, typed, &mut notices)?;
    let selector = selector::parse(&target).map_err(|source| ChoiceError::Selector {
        selector: typed.to_string(),
        origin: origin.to_string(),
        source,
    })?;
    let model = match selector {
        Selector::None => None,
        Selector::Qualified { provider, model } => Some(qualified(inputs, &provider, model)?),
        Selector::Bare(name) => Some(bare(inputs, &name, &mut notices)?),
    };
    let known = model
        .as_ref()
        .is_some_and(|model| inputs.catalog.find(&model.provider, &model.model).is_some());
    if let Some(model) = &model {
        notices.extend(remarks(inputs, model));
    }
    Ok(Choice {
        model,
        selector: Some(typed.trim().to_string()),
        origin: origin.clone(),
        known,
        notices,
    })
}

fn follow_aliases(
    inputs: &Inputs<'_>,
    typed: &str,
    notices: &mut Vec<String>,
) -> Result<String, ChoiceError> {
    let mut target = typed.trim().to_string();
    for _ in 0..ALIAS_DEPTH_MAX {
        match inputs.aliases.iter().find(|(alias, _)| *alias == target) {
            None => return Ok(target),
            Some((alias, next)) => {
                notices.push(format!("alias {alias} stands for {next}"));
                target = next.clone();
            }
        }
    }
    Err(ChoiceError::AliasCircle(typed.to_string()))
}

fn qualified(inputs: &Inputs<'_>, provider: &str, model: String) -> Result<ModelId, ChoiceError> {
    match inputs.providers.iter().find(|profile| profile.is_called(provider)) {
        Some(profile) => Ok(ModelId::new(&profile.id, model)),
        None => {
            let names = inputs
                .providers
                .iter()
                .flat_map(|p| std::iter::once(&p.id).chain(&p.aliases))
                .map(String::as_str);
            let mut near: Vec<String> =
                suggest::nearest(provider, names, NEAR_MAX).into_iter().map(String::from).collect();
            if near.is_empty() {
                near = inputs.providers.iter().map(|profile| profile.id.clone()).collect();
            }
            Err(ChoiceError::UnknownProvider { provider: provider.to_string(), near })
        }
    }
}

fn bare(
    inputs: &Inputs<'_>,
    name: &str,
    notices: &mut Vec<String>,
) -> Result<ModelId, ChoiceError> {
    let profile = |id: &str| inputs.providers.iter().find(|profile| profile.id == id);
    let mut known: Vec<&ProviderProfile> =
        inputs.catalog.named(name).filter_map(|entry| profile(&entry.provider)).collect();
    // A provider whose key is there comes first, then the vendor itself; the sort keeps the order among others.
    let vendor = family(name);
    known.sort_by_key(|profile| (!profile.usable, vendor != Some(profile.id.as_str())));
    if let Some(first) = known.first() {
        if known.len() > 1 {
            let others: Vec<&str> = known[1..].iter().map(|profile| profile.id.as_str()).collect();
            let why = if first.usable { " because its key is present" } else { "" };
            notices.push(format!(
                "{name} is offered by several providers; {} is taken{why} (also: {})",
                first.id,
                others.join(", ")
            ));
        }
        return Ok(ModelId::new(&first.id, name));
    }
    if let Some((typed, model)) = name.split_once(':')
        && let Some(profile) = inputs.providers.iter().find(|profile| profile.is_called(typed))
    {
        return Err(ChoiceError::Colon {
            typed: name.to_string(),
            fixed: format!("{}/{model}", profile.id),
        });
    }
    if let Some(profile) = family(name).and_then(profile) {
        return Ok(ModelId::new(&profile.id, name));
    }
    Err(ChoiceError::UnknownModel { name: name.to_string(), near: near_models(inputs, None, name) })
}

/// What is worth a word about a model that was named.
fn remarks(inputs: &Inputs<'_>, model: &ModelId) -> Option<String> {
    let Some(entry) = inputs.catalog.find(&model.provider, &model.model) else {
        let near = near_models(inputs, Some(&model.provider), &model.model);
        return Some(format!(
            "{model} is not in the catalogue of {}: it is passed to {} as it is{}",
            inputs.catalog.as_of(),
            model.provider,
            near_list(&near)
        ));
    };
    match (&entry.shutdown, entry.status) {
        (Some(day), _) => Some(format!("{model} is shut down by its service on {day}")),
        (None, Status::Deprecated) => Some(format!("{model} is deprecated by its service")),
        _ => None,
    }
}

/// Models that may have been meant, usable ones first, deprecated ones last.
pub fn near_models(inputs: &Inputs<'_>, provider: Option<&str>, name: &str) -> Vec<String> {
    let usable =
        |id: &str| inputs.providers.iter().any(|profile| profile.id == id && profile.usable);
    let installed = |id: &str| inputs.providers.iter().any(|profile| profile.id == id);
    let mut entries: Vec<_> = inputs
        .catalog
        .all()
        .filter(|entry| {
            provider
                .map_or_else(|| installed(&entry.provider), |provider| entry.provider == provider)
        })
        .collect();
    entries.sort_by_key(|entry| (!usable(&entry.provider), entry.status));
    // The very name that was refused is no suggestion.
    entries.retain(|entry| entry.id != name);
    let near = suggest::nearest(name, entries.iter().map(|entry| entry.id.as_str()), NEAR_MAX);
    let full = |id: &str| {
        entries
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| format!("{}/{}", entry.provider, entry.id))
    };
    near.into_iter().filter_map(full).collect()
}

fn by_key(inputs: &Inputs<'_>) -> Choice {
    let rank = |profile: &&ProviderProfile| {
        let place = KEY_ORDER.iter().position(|id| *id == profile.id).unwrap_or(KEY_ORDER.len());
        (place, profile.id.clone())
    };
    let first = inputs
        .providers
        .iter()
        .filter(|profile| profile.usable && profile.volunteers && profile.default_model.is_some())
        .min_by_key(rank);
    let model =
        first.and_then(|profile| Some(ModelId::new(&profile.id, profile.default_model.clone()?)));
    let known = model
        .as_ref()
        .is_some_and(|model| inputs.catalog.find(&model.provider, &model.model).is_some());
    let origin = if model.is_some() { Origin::KeyOrder } else { Origin::Nothing };
    Choice { model, selector: None, origin, known, notices: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(usable: &[&str]) -> Vec<ProviderProfile> {
        [
            ("anthropic", "claude-haiku-5-5", &["claude"][..]),
            ("google", "gemini-3.5-flash-lite", &["gemini"]),
            ("openai", "gpt-6-luna", &[]),
        ]
        .map(|(id, model, aliases)| ProviderProfile {
            id: id.into(),
            name: id.into(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            default_model: Some(model.into()),
            usable: usable.contains(&id),
            volunteers: true,
        })
        .into()
    }

    fn choice(typed: Option<&str>, usable: &[&str]) -> Result<Choice, ChoiceError> {
        let candidates: Vec<_> =
            typed.map(|text| (Origin::Flag, text.to_string())).into_iter().collect();
        let aliases = [
            ("fast".to_string(), "openai/gpt-6-luna".to_string()),
            ("a".into(), "b".into()),
            ("b".into(), "a".into()),
        ];
        choose(&Inputs {
            candidates: &candidates,
            aliases: &aliases,
            providers: &profiles(usable),
            catalog: Catalog::embedded(),
        })
    }

    fn chosen(typed: &str) -> String {
        choice(Some(typed), &[])
            .unwrap()
            .model
            .map(|model| model.to_string())
            .unwrap_or_else(|| "none".into())
    }

    #[test]
    fn what_is_named_is_taken() {
        for (typed, expect) in [
            ("openai/gpt-5.2", "openai/gpt-5.2"),
            ("gemini/gemini-3.8-flash", "google/gemini-3.8-flash"),
            ("gpt-4o", "openai/gpt-4o"),
            ("claude-sonnet-4-20250514", "anthropic/claude-sonnet-4-20250514"),
            ("gemini-3-flash-preview", "google/gemini-3-flash-preview"),
            ("gpt-77-new", "openai/gpt-77-new"),
            ("o9-mini", "openai/o9-mini"),
            ("fast", "openai/gpt-6-luna"),
            ("none", "none"),
        ] {
            assert_eq!(chosen(typed), expect, "{typed}");
        }
    }

    #[test]
    fn an_unknown_model_is_passed_through_with_a_warning() {
        let choice = choice(Some("openai/gpt-6-lunar"), &["openai"]).unwrap();
        assert!(!choice.known);
        assert!(choice.notices[0].contains("openai/gpt-6-luna"), "{:?}", choice.notices);
    }

    #[test]
    fn what_can_not_be_resolved_is_an_error_with_near_names() {
        let near = |typed: &str| choice(Some(typed), &[]).unwrap_err().to_string();
        assert!(near("opnai/gpt-4o").contains("openai"));
        assert!(near("luna-gpt").contains("no installed provider"));
        assert!(near("openai:gpt-4o").contains("openai/gpt-4o"));
        assert!(near("a").contains("leads back"));
        assert!(matches!(choice(Some("x y"), &[]), Err(ChoiceError::Selector { .. })));
    }

    #[test]
    fn without_a_name_the_keys_decide() {
        let by_key = |usable: &[&str]| choice(None, usable).unwrap();
        assert_eq!(by_key(&["openai", "anthropic"]).model.unwrap().provider, "anthropic");
        assert_eq!(
            by_key(&["openai", "anthropic", "google"]).model.unwrap().to_string(),
            "google/gemini-3.5-flash-lite"
        );
        assert_eq!(by_key(&[]).model, None);
        assert_eq!(by_key(&[]).origin, Origin::Nothing);
    }
}
