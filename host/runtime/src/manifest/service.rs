//! Services: one component may speak for many that differ only in data. Each becomes a manifest of its own.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Auth, Endpoint, Manifest};

/// The setting that tells a plugin what messages call its service.
const NAME_SETTING: &str = "service";

/// One service: what it replaces in the manifest of its plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// The provider's id.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Other ids that users may type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The model that is taken when only the provider is known.
    #[serde(default)]
    pub default_model: Option<String>,
    /// Base URL of every endpoint; empty: the user must give one.
    pub base: String,
    /// Variable that overrides the base URL.
    #[serde(default)]
    pub base_env: Option<String>,
    /// Endings of a base URL that paths repeat; they are taken off.
    #[serde(default)]
    pub base_endings: Vec<String>,
    /// How the credential is sent, where it differs from the plugin's way.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Variables that may hold the key, where the way is the plugin's.
    #[serde(default)]
    pub env: Vec<String>,
    /// The service works without a key too.
    #[serde(default)]
    pub key_optional: bool,
    /// Values instead of the settings' defaults.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Variables that set settings.
    #[serde(default)]
    pub settings_env: BTreeMap<String, String>,
}

impl Service {
    /// An endpoint of the plugin, as the service has it.
    pub(super) fn endpoint(&self, place: &Endpoint) -> Endpoint {
        Endpoint { base: self.base.clone(), base_env: self.base_env.clone(), ..place.clone() }
    }

    /// How the service wants the credential, where the plugin's way is `general`.
    pub(super) fn auth(&self, general: &Auth) -> Auth {
        self.auth.clone().unwrap_or_else(|| Auth {
            env: self.env.clone(),
            optional: self.key_optional,
            or: Vec::new(),
            ..general.clone()
        })
    }
}

impl Manifest {
    /// The providers that the plugin gives: itself, or one for each of its services.
    pub fn providers(&self) -> Vec<Manifest> {
        if self.services.is_empty() {
            return vec![self.clone()];
        }
        self.services.iter().map(|service| self.of_service(service)).collect()
    }

    /// The manifest as one service has it.
    pub fn of_service(&self, service: &Service) -> Manifest {
        let mut own = Manifest {
            schema: self.schema,
            id: service.id.clone(),
            name: service.name.clone(),
            version: self.version.clone(),
            kind: self.kind,
            license: self.license.clone(),
            repository: self.repository.clone(),
            aliases: service.aliases.clone(),
            default_model: service.default_model.clone(),
            endpoints: self.endpoints.iter().map(|place| service.endpoint(place)).collect(),
            auth: service.auth(&self.auth),
            settings: self.settings.clone(),
            limits: self.limits,
            services: Vec::new(),
            base_endings: service.base_endings.clone(),
            family: Some(self.label()),
        };
        if let Some(setting) = own.settings.get_mut(NAME_SETTING) {
            setting.default = service.name.clone();
        }
        for (name, value) in &service.settings {
            if let Some(setting) = own.settings.get_mut(name) {
                setting.default = value.clone();
            }
        }
        for (name, variable) in &service.settings_env {
            if let Some(setting) = own.settings.get_mut(name) {
                setting.env = Some(variable.clone());
            }
        }
        own
    }

    /// The base URL of an endpoint with the settings that stand in braces.
    pub fn filled<'a>(&self, base: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut filled = base.to_string();
        if !base.contains('{') {
            return filled;
        }
        for (name, setting) in &self.settings {
            // `{name-}` is the value and a dash, or nothing where the value is `global`.
            let dashed = format!("{{{name}-}}");
            if filled.contains(&dashed) {
                let text = value(name).unwrap_or(&setting.default);
                let with_dash = format!("{text}-");
                filled = filled.replace(&dashed, if text == "global" { "" } else { &with_dash });
            }
            let place = format!("{{{name}}}");
            if filled.contains(&place) {
                filled = filled.replace(&place, value(name).unwrap_or(&setting.default));
            }
        }
        filled
    }

    /// A base URL as the user gave it, without an ending that paths repeat.
    pub fn trimmed<'a>(&self, base: &'a str) -> &'a str {
        let base = base.trim().trim_end_matches('/');
        let ending = self.base_endings.iter().find_map(|ending| base.strip_suffix(ending.as_str()));
        ending.unwrap_or(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = r#"
schema = 1
id = "family"
name = "Family"
version = "0.1.0"
kind = "analyzer-model"
[[endpoint]]
name = "api"
base = "https://{region}.family.example/v1"
methods = ["POST"]
paths = ["/chat"]
[auth]
scheme = "bearer"
optional = true
[settings.service]
default = "the service"
[settings.region]
default = "east"
[settings.limit]
default = "a"
values = ["a", "b"]
[[service]]
id = "one"
name = "One"
base = "https://one.example/v1"
base-env = "ONE_BASE_URL"
base-endings = ["/v1/chat", "/chat"]
env = ["ONE_API_KEY"]
settings = { limit = "b" }
[[service]]
id = "two"
name = "Two"
base = "http://127.0.0.1:1"
key-optional = true
"#;

    #[test]
    fn each_service_is_a_provider() {
        let family = Manifest::parse(FAMILY).unwrap();
        let providers = family.providers();
        let one = &providers[0];
        assert_eq!(
            (one.id.as_str(), one.endpoints[0].base.as_str()),
            ("one", "https://one.example/v1")
        );
        assert_eq!(
            (one.auth.env.as_slice(), one.auth.optional),
            (&["ONE_API_KEY".to_string()][..], false)
        );
        assert_eq!(
            (one.settings["limit"].default.as_str(), one.settings["service"].default.as_str()),
            ("b", "One")
        );
        assert_eq!(one.label(), "one (family 0.1.0)");
        assert!(providers[1].auth.optional && providers[1].auth.env.is_empty());
    }

    #[test]
    fn bases_are_filled_and_trimmed() {
        let family = Manifest::parse(FAMILY).unwrap();
        let base = &family.endpoints[0].base;
        assert_eq!(family.filled(base, |_| None), "https://east.family.example/v1");
        assert_eq!(family.filled(base, |_| Some("west")), "https://west.family.example/v1");
        let one = &family.providers()[0];
        assert_eq!(one.trimmed(" https://x.example/v1/chat/ "), "https://x.example");
        assert_eq!(one.trimmed("https://x.example"), "https://x.example");
    }

    #[test]
    fn bad_services_name_what_is_wrong() {
        for (from, to, expect) in [
            ("limit = \"b\"", "limit = \"c\"", "limit"),
            ("limit = \"b\"", "nonsense = \"b\"", "nonsense"),
            ("id = \"two\"", "id = \"one\"", "one"),
            ("https://one.example", "http://one.example", "https"),
            ("ONE_API_KEY", "one key", "variable"),
        ] {
            let error = Manifest::parse(&FAMILY.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(expect), "{error} lacks {expect}");
        }
    }
}
