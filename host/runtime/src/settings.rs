//! The values of a plugin's settings.

use crate::manifest::Manifest;

/// Why a value of a setting is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The manifest does not declare the setting.
    #[error("{plugin} has no setting {name}")]
    Unknown {
        /// The plugin's id.
        plugin: String,
        /// The setting.
        name: String,
    },
    /// The setting does not allow the value.
    #[error("{plugin} does not allow the value {value:?} for the setting {name}")]
    Value {
        /// The plugin's id.
        plugin: String,
        /// The setting.
        name: String,
        /// The value.
        value: String,
    },
}

/// One value for each setting of a manifest, in plain text: the user's, or the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Checks the user's values, and completes them with the manifest's defaults.
    pub(crate) fn resolve(
        manifest: &Manifest,
        chosen: &[(String, String)],
    ) -> Result<Self, SettingError> {
        for (name, value) in chosen {
            check(manifest, name, value)?;
        }
        Ok(Self::complete(manifest, chosen))
    }

    /// Returns the manifest's defaults.
    pub(crate) fn defaults(manifest: &Manifest) -> Self {
        Self::complete(manifest, &[])
    }

    fn complete(manifest: &Manifest, chosen: &[(String, String)]) -> Self {
        let complete = manifest.settings.iter().map(|(name, setting)| {
            let value = chosen.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            (name.clone(), value.unwrap_or(&setting.default).clone())
        });
        Self(complete.collect())
    }

    /// Returns the value of a setting.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Encodes the values as the contracts define them: name and JSON text.
    pub(crate) fn to_json(&self) -> Vec<(String, String)> {
        let json = |value: &String| serde_json::Value::from(value.as_str()).to_string();
        self.0.iter().map(|(name, value)| (name.clone(), json(value))).collect()
    }
}

fn check(manifest: &Manifest, name: &str, value: &str) -> Result<(), SettingError> {
    let plugin = || manifest.id.clone();
    let Some(setting) = manifest.settings.get(name) else {
        return Err(SettingError::Unknown { plugin: plugin(), name: name.into() });
    };
    let listed = setting.values.is_empty() || setting.values.iter().any(|known| known == value);
    // A value in a host name must not be able to name another host.
    let safe = !is_part_of_a_base_url(manifest, name) || is_host_label(value);
    if listed && safe {
        return Ok(());
    }
    Err(SettingError::Value { plugin: plugin(), name: name.into(), value: value.into() })
}

fn is_part_of_a_base_url(manifest: &Manifest, name: &str) -> bool {
    let placeholders = [format!("{{{name}}}"), format!("{{{name}-}}")];
    let uses = |base: &str| placeholders.iter().any(|placeholder| base.contains(placeholder));
    manifest.endpoints.iter().any(|endpoint| uses(&endpoint.base))
}

fn is_host_label(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
schema = 1
id = "acme"
name = "Acme"
version = "0.1.0"
kind = "analyzer-model"
[[endpoint]]
name = "api"
base = "https://{region}.acme.example"
methods = ["POST"]
paths = ["/v1/chat"]
[auth]
scheme = "none"
[settings.region]
default = "east"
[settings.mode]
default = "fast"
values = ["fast", "slow"]
[settings.note]
default = ""
"#;

    fn resolve(chosen: &[(&str, &str)]) -> Result<Settings, SettingError> {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        Settings::resolve(&manifest, &chosen.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn chosen_values_replace_defaults() {
        let settings = resolve(&[("mode", "slow"), ("note", "a \"b\"")]).unwrap();
        assert_eq!(settings.get("mode"), Some("slow"));
        assert_eq!(settings.get("region"), Some("east"));
        assert_eq!(settings.get("other"), None);
        let json = settings.to_json();
        assert!(json.contains(&("note".into(), r#""a \"b\"""#.into())), "{json:?}");
    }

    #[test]
    fn unknown_settings_and_values_are_refused() {
        let error = |name, value| resolve(&[(name, value)]).unwrap_err().to_string();
        assert_eq!(error("colour", "red"), "acme has no setting colour");
        assert!(error("mode", "idle").contains("does not allow the value \"idle\""));
        assert!(error("region", "evil.example/").contains("region"));
    }
}
