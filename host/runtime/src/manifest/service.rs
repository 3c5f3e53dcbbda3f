//! Services: one component can support several that differ only in data. Each gets its own manifest.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Auth, Endpoint, Manifest};

/// The setting that holds the service's display name.
const NAME_SETTING: &str = "service";

/// One service: the values that replace those of its plugin's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// The provider's id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Other ids that users can type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The model to use when only the provider is known.
    #[serde(default)]
    pub default_model: Option<String>,
    /// Base URL of every endpoint; if empty, the user must configure one.
    pub base: String,
    /// Environment variable that overrides the base URL.
    #[serde(default)]
    pub base_env: Option<String>,
    /// Suffixes to remove from a user's base URL because the paths repeat them.
    #[serde(default)]
    pub base_endings: Vec<String>,
    /// How the credential is sent, if not as in the plugin's manifest.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Environment variables that may hold the key, if `auth` is not set.
    #[serde(default)]
    pub env: Vec<String>,
    /// The service also works without a key.
    #[serde(default)]
    pub key_optional: bool,
    /// Values that replace the defaults of settings.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Environment variables that set settings.
    #[serde(default)]
    pub settings_env: BTreeMap<String, String>,
}

impl Service {
    /// Returns an endpoint of the plugin with the service's base URL.
    pub(super) fn endpoint(&self, endpoint: &Endpoint) -> Endpoint {
        Endpoint { base: self.base.clone(), base_env: self.base_env.clone(), ..endpoint.clone() }
    }

    /// Returns how the service's credential is sent. `plugin` is the plugin's way.
    pub(super) fn auth(&self, plugin: &Auth) -> Auth {
        self.auth.clone().unwrap_or_else(|| Auth {
            env: self.env.clone(),
            optional: self.key_optional,
            or: Vec::new(),
            ..plugin.clone()
        })
    }
}

impl Manifest {
    /// Returns the manifests of the plugin's providers: one for each service, or the plugin's own.
    pub fn providers(&self) -> Vec<Manifest> {
        if self.services.is_empty() {
            return vec![self.clone()];
        }
        self.services.iter().map(|service| self.of_service(service)).collect()
    }

    /// Returns the manifest of one service.
    pub fn of_service(&self, service: &Service) -> Manifest {
        let mut manifest = Manifest {
            schema: self.schema,
            id: service.id.clone(),
            name: service.name.clone(),
            version: self.version.clone(),
            kind: self.kind,
            license: self.license.clone(),
            repository: self.repository.clone(),
            aliases: service.aliases.clone(),
            default_model: service.default_model.clone(),
            endpoints: self.endpoints.iter().map(|endpoint| service.endpoint(endpoint)).collect(),
            auth: service.auth(&self.auth),
            settings: self.settings.clone(),
            limits: self.limits,
            services: Vec::new(),
            base_endings: service.base_endings.clone(),
            family: Some(self.label()),
        };
        if let Some(setting) = manifest.settings.get_mut(NAME_SETTING) {
            setting.default = service.name.clone();
        }
        for (name, value) in &service.settings {
            if let Some(setting) = manifest.settings.get_mut(name) {
                setting.default = value.clone();
            }
        }
        for (name, variable) in &service.settings_env {
            if let Some(setting) = manifest.settings.get_mut(name) {
                setting.env = Some(variable.clone());
            }
        }
        manifest
    }

    /// Fills in the settings that a base URL names in braces. A setting without a value has its default.
    pub fn fill_base<'a>(&self, base: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut filled = base.to_string();
        if !base.contains('{') {
            return filled;
        }
        for (name, setting) in &self.settings {
            // `{name-}` stands for the value and a dash, or for nothing if the value is `global`.
            let dashed = format!("{{{name}-}}");
            if filled.contains(&dashed) {
                let text = value(name).unwrap_or(&setting.default);
                let with_dash = format!("{text}-");
                filled = filled.replace(&dashed, if text == "global" { "" } else { &with_dash });
            }
            let plain = format!("{{{name}}}");
            if filled.contains(&plain) {
                filled = filled.replace(&plain, value(name).unwrap_or(&setting.default));
            }
        }
        filled
    }

    /// Removes the suffix of a user's base URL that the paths repeat.
    pub fn trim_base<'a>(&self, base: &'a str) -> &'a str {
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
        assert_eq!(family.fill_base(base, |_| None), "https://east.family.example/v1");
        assert_eq!(family.fill_base(base, |_| Some("west")), "https://west.family.example/v1");
        let one = &family.providers()[0];
        assert_eq!(one.trim_base(" https://x.example/v1/chat/ "), "https://x.example");
        assert_eq!(one.trim_base("https://x.example"), "https://x.example");
    }

    #[test]
    fn errors_of_services_name_the_cause() {
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
