//! Checks a manifest's values.

use std::collections::BTreeSet;

use super::{Auth, Endpoint, Manifest, ManifestError, PluginKind, Scheme, Service};
use crate::transport::endpoint::base_url;

/// Checks everything but settings that could leak keys. The error is a sentence fragment for users.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    if manifest.schema != 1 {
        return Err(format!("schema {} is unknown; this version supports 1", manifest.schema));
    }
    if manifest.version.is_empty()
        || manifest.version.len() > 40
        || manifest.version.contains(char::is_control)
    {
        return Err("version is empty, longer than 40 bytes, or has control characters".into());
    }
    if manifest.kind == PluginKind::AnalyzerModel && manifest.endpoints.is_empty() {
        return Err("a provider needs at least one [[endpoint]]".into());
    }
    check_id(&manifest.id, &manifest.aliases)?;
    for endpoint in &manifest.endpoints {
        check_endpoint(manifest, endpoint, false)?;
    }
    check_auth(&manifest.auth)?;
    let variables = manifest.settings.values().flat_map(|s| s.env.iter().chain(&s.other_env));
    check_variables(variables)?;
    check_services(manifest)
}

fn check_id(id: &String, aliases: &[String]) -> Result<(), String> {
    if !is_id(id) && !aliases.contains(id) {
        return Err(format!("id {id:?} does not match [a-z][a-z0-9-]{{1,39}}"));
    }
    Ok(())
}

fn check_auth(auth: &Auth) -> Result<(), String> {
    for way in auth.ways() {
        check_way(way)?;
        check_variables(&way.env)?;
    }
    Ok(())
}

fn check_way(way: &Auth) -> Result<(), String> {
    let name = way.name.as_deref().unwrap_or_default();
    match way.scheme {
        Scheme::Header | Scheme::Query | Scheme::AwsSigv4 if name.is_empty() => {
            Err("auth.name is missing for this scheme".into())
        }
        Scheme::Header if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            Err(format!("auth.name {name:?} is not a header name"))
        }
        _ => Ok(()),
    }
}

/// Checks that no setting reads an environment variable that holds a key, of this service or of another: settings are
/// passed to the plugin.
pub(super) fn check_secrets(manifest: &Manifest) -> Result<(), ManifestError> {
    const WORDS: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH"];
    let is_secret_by_name = |env: &str| {
        env.split('_').any(|word| {
            let word = word.trim_end_matches('S');
            WORDS.iter().any(|secret| word.ends_with(secret))
        })
    };
    let services = manifest.services.iter();
    let ways = services.clone().filter_map(|service| service.auth.as_ref()).chain([&manifest.auth]);
    let keys: BTreeSet<&String> = ways
        .flat_map(|auth| auth.ways().flat_map(|way| &way.env))
        .chain(services.clone().flat_map(|service| &service.env))
        .collect();
    let of_plugin = manifest.settings.iter().flat_map(|(setting, value)| {
        value.env.iter().chain(&value.other_env).map(move |env| (setting, env))
    });
    let of_services = services.flat_map(|service| &service.settings_env);
    match of_plugin.chain(of_services).find(|(_, env)| is_secret_by_name(env) || keys.contains(env))
    {
        Some((setting, env)) => {
            Err(ManifestError::Secret { setting: setting.clone(), env: env.clone() })
        }
        None => Ok(()),
    }
}

fn check_variables<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    match names.into_iter().find(|name| !is_variable(name)) {
        Some(name) => Err(format!("{name:?} is not the name of an environment variable")),
        None => Ok(()),
    }
}

fn check_services(manifest: &Manifest) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for service in &manifest.services {
        let error = |why: String| format!("service {:?}: {why}", service.id);
        if !ids.insert(&service.id) {
            return Err(error("the id is used twice".into()));
        }
        check_service(manifest, service).map_err(error)?;
    }
    Ok(())
}

/// Checks the values that a service replaces; the rest was checked with the manifest.
fn check_service(manifest: &Manifest, service: &Service) -> Result<(), String> {
    for (name, value) in &service.settings {
        let setting = manifest.settings.get(name);
        if !setting.is_some_and(|s| s.values.is_empty() || s.values.contains(value)) {
            return Err(format!("the setting {name} = {value:?} does not exist"));
        }
    }
    let unknown = service.settings_env.keys().find(|name| !manifest.settings.contains_key(*name));
    if let Some(name) = unknown {
        return Err(format!("the setting {name} does not exist"));
    }
    check_id(&service.id, &service.aliases)?;
    for endpoint in &manifest.endpoints {
        check_endpoint(manifest, &service.endpoint(endpoint), true)?;
    }
    check_auth(&service.auth(&manifest.auth))?;
    check_variables(service.settings_env.values())
}

fn check_endpoint(
    manifest: &Manifest,
    endpoint: &Endpoint,
    of_service: bool,
) -> Result<(), String> {
    check_address(manifest, endpoint, of_service)
        .map_err(|why| format!("endpoint {:?}: {why}", endpoint.name))
}

fn check_address(manifest: &Manifest, endpoint: &Endpoint, of_service: bool) -> Result<(), String> {
    check_variables(&endpoint.base_env)?;
    // A service may leave the base URL to the user's configuration.
    if !(endpoint.base.is_empty() && of_service) {
        let sample = manifest.fill_base(&endpoint.base, |_| Some("x"));
        base_url(&sample).map_err(|error| error.to_string())?;
    }
    let is_known = |method: &String| ["GET", "POST"].contains(&method.as_str());
    if let Some(method) = endpoint.methods.iter().find(|method| !is_known(method)) {
        return Err(format!("method {method:?} is not GET or POST"));
    }
    if endpoint.paths.is_empty() {
        return Err("it has no paths".into());
    }
    let is_plain =
        |path: &String| path.starts_with('/') && !path.contains("..") && !path.contains("//");
    match endpoint.paths.iter().find(|path| !is_plain(path)) {
        Some(path) => Err(format!("path {path:?} must begin with / and cannot contain .. or //")),
        None => Ok(()),
    }
}

fn is_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && (2..=40).contains(&id.len())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;

    const GOOD: &str = r#"
schema = 1
id = "acme"
name = "Acme"
version = "0.1.0"
kind = "analyzer-model"
[[endpoint]]
name = "api"
base = "https://api.acme.example"
methods = ["POST"]
paths = ["/v1/chat"]
[auth]
scheme = "header"
name = "x-api-key"
env = ["ACME_API_KEY"]
"#;

    #[test]
    fn a_valid_manifest() {
        assert_eq!(Manifest::parse(GOOD).unwrap().id, "acme");
    }

    #[test]
    fn a_setting_never_reads_a_key() {
        for (env, allowed) in [
            ("ACME_REGION", true),
            ("ACME_API_KEY", false),
            ("OPENAI_APIKEY", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("GITHUB_TOKENS", false),
            ("KEYBOARD", true),
        ] {
            let text = format!("{GOOD}[settings.x]\ndefault = \"\"\nenv = \"{env}\"\n");
            assert_eq!(Manifest::parse(&text).is_ok(), allowed, "{env}");
            let text = format!(
                "{GOOD}[settings.x]\ndefault = \"\"\nenv = \"ACME_ZONE\"\nother-env = \"{env}\"\n"
            );
            assert_eq!(Manifest::parse(&text).is_ok(), allowed, "{env} as other-env");
        }
    }

    #[test]
    fn a_setting_never_reads_another_key_of_the_plugin() {
        let setting = "[settings.x]\ndefault = \"\"\nenv = \"ACME_PASS\"\n";
        let way = "[[auth.or]]\nscheme = \"bearer\"\nenv = [\"ACME_PASS\"]\n";
        let service = "[[service]]\nid = \"one\"\nname = \"One\"\nbase = \"https://one.example\"\n";
        assert!(Manifest::parse(&format!("{GOOD}{setting}")).is_ok());
        for text in [
            format!("{GOOD}{way}{setting}"),
            format!("{GOOD}{setting}{service}env = [\"ACME_PASS\"]\n"),
            format!("{GOOD}{setting}{service}settings-env = {{ x = \"ONE_API_KEY\" }}\n"),
        ] {
            let error = Manifest::parse(&text).unwrap_err().to_string();
            assert!(error.contains("keys never reach a plugin"), "{error}");
        }
    }

    #[test]
    fn errors_name_the_cause() {
        for (from, to, expect) in [
            ("schema = 1", "schema = 9", "schema 9"),
            ("\"acme\"", "\"Acme!\"", "id"),
            ("https://api", "http://api", "https"),
            ("[\"POST\"]", "[\"DELETE\"]", "DELETE"),
            ("/v1/chat", "/v1/../chat", "cannot contain"),
            ("name = \"x-api-key\"", "", "auth.name"),
            ("ACME_API_KEY", "acme key", "variable"),
            ("kind = \"analyzer-model\"", "kind = \"analyzer-model\"\nsurprise = 1", "surprise"),
        ] {
            let text = GOOD.replace(from, to);
            let error = Manifest::parse(&text).unwrap_err();
            let message =
                format!("{error} {:?}", std::error::Error::source(&error).map(ToString::to_string));
            assert!(message.contains(expect), "{message} lacks {expect}");
        }
    }
}
