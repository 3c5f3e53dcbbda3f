//! The rules for a manifest's values.

use std::collections::BTreeSet;

use super::{Auth, Endpoint, Kind, Manifest, ManifestError, Scheme, Service};
use crate::transport::endpoint;

/// What is wrong with a manifest, if anything.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    if manifest.schema != 1 {
        return Err(format!("schema {} is unknown; this host knows 1", manifest.schema));
    }
    if manifest.version.is_empty()
        || manifest.version.len() > 40
        || manifest.version.contains(char::is_control)
    {
        return Err("version is empty, too long or has control characters".into());
    }
    if manifest.kind == Kind::AnalyzerModel && manifest.endpoints.is_empty() {
        return Err("a provider names at least one [[endpoint]]".into());
    }
    check_id(&manifest.id, &manifest.aliases)?;
    for place in &manifest.endpoints {
        check_endpoint(manifest, place, false)?;
    }
    check_auth(&manifest.auth)?;
    let read = manifest.settings.values().flat_map(|s| s.env.iter().chain(&s.other_env));
    check_variables(read)?;
    check_services(manifest)
}

fn check_id(id: &String, aliases: &[String]) -> Result<(), String> {
    if !is_id(id) && !aliases.contains(id) {
        return Err(format!("id {id:?} is not of the form [a-z][a-z0-9-]{{1,39}}"));
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
    let named = way.name.as_deref().unwrap_or_default();
    match way.scheme {
        Scheme::Header | Scheme::Query | Scheme::AwsSigv4 if named.is_empty() => {
            Err("auth.name is missing for this scheme".into())
        }
        Scheme::Header if !named.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            Err(format!("auth.name {named:?} is no header name"))
        }
        _ => Ok(()),
    }
}

/// Settings reach the plugin. A variable that holds a key, of this service or of another, must not be one.
pub(super) fn check_secrets(manifest: &Manifest) -> Result<(), ManifestError> {
    const WORDS: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH"];
    let by_name = |env: &str| {
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
    let general = manifest.settings.iter().flat_map(|(setting, value)| {
        value.env.iter().chain(&value.other_env).map(move |env| (setting, env))
    });
    let of_services = services.flat_map(|service| &service.settings_env);
    match general.chain(of_services).find(|(_, env)| by_name(env) || keys.contains(env)) {
        Some((setting, env)) => {
            Err(ManifestError::Secret { setting: setting.clone(), env: env.clone() })
        }
        None => Ok(()),
    }
}

fn check_variables<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    match names.into_iter().find(|name| !is_variable(name)) {
        Some(name) => Err(format!("{name:?} is no name of a variable")),
        None => Ok(()),
    }
}

fn check_services(manifest: &Manifest) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for service in &manifest.services {
        let wrong = |why: String| format!("service {:?}: {why}", service.id);
        if !ids.insert(&service.id) {
            return Err(wrong("it is there twice".into()));
        }
        check_service(manifest, service).map_err(wrong)?;
    }
    Ok(())
}

/// What a service replaces; the rest was checked with the manifest.
fn check_service(manifest: &Manifest, service: &Service) -> Result<(), String> {
    for (name, value) in &service.settings {
        let setting = manifest.settings.get(name);
        if !setting.is_some_and(|s| s.values.is_empty() || s.values.contains(value)) {
            return Err(format!("there is no setting {name} = {value:?}"));
        }
    }
    let unknown = service.settings_env.keys().find(|name| !manifest.settings.contains_key(*name));
    if let Some(name) = unknown {
        return Err(format!("there is no setting {name}"));
    }
    check_id(&service.id, &service.aliases)?;
    for place in &manifest.endpoints {
        check_endpoint(manifest, &service.endpoint(place), true)?;
    }
    check_auth(&service.auth(&manifest.auth))?;
    check_variables(service.settings_env.values())
}

fn check_endpoint(manifest: &Manifest, place: &Endpoint, of_service: bool) -> Result<(), String> {
    check_place(manifest, place, of_service)
        .map_err(|why| format!("endpoint {:?}: {why}", place.name))
}

fn check_place(manifest: &Manifest, place: &Endpoint, of_service: bool) -> Result<(), String> {
    check_variables(&place.base_env)?;
    // A service without a place of its own: the user must give one.
    if !(place.base.is_empty() && of_service) {
        let sample = manifest.filled(&place.base, |_| Some("x"));
        endpoint::base_url(&sample).map_err(|error| error.to_string())?;
    }
    if let Some(method) =
        place.methods.iter().find(|method| !["GET", "POST"].contains(&method.as_str()))
    {
        return Err(format!("method {method:?} is not GET or POST"));
    }
    if place.paths.is_empty() {
        return Err("it names no paths".into());
    }
    match place
        .paths
        .iter()
        .find(|path| !path.starts_with('/') || path.contains("..") || path.contains("//"))
    {
        Some(path) => Err(format!("path {path:?} does not begin with / or climbs")),
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
    fn a_good_one() {
        assert_eq!(Manifest::parse(GOOD).unwrap().id, "acme");
    }

    #[test]
    fn a_setting_never_reads_a_key() {
        for (env, fine) in [
            ("ACME_REGION", true),
            ("ACME_API_KEY", false),
            ("OPENAI_APIKEY", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("GITHUB_TOKENS", false),
            ("KEYBOARD", true),
        ] {
            let text = format!("{GOOD}[settings.x]\ndefault = \"\"\nenv = \"{env}\"\n");
            assert_eq!(Manifest::parse(&text).is_ok(), fine, "{env}");
            let text = format!(
                "{GOOD}[settings.x]\ndefault = \"\"\nenv = \"ACME_ZONE\"\nother-env = \"{env}\"\n"
            );
            assert_eq!(Manifest::parse(&text).is_ok(), fine, "{env} as the other one");
        }
    }

    #[test]
    fn a_setting_never_reads_the_key_of_another_way_or_service() {
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
    fn bad_ones_name_what_is_wrong() {
        for (from, to, expect) in [
            ("schema = 1", "schema = 9", "schema 9"),
            ("\"acme\"", "\"Acme!\"", "id"),
            ("https://api", "http://api", "https"),
            ("[\"POST\"]", "[\"DELETE\"]", "DELETE"),
            ("/v1/chat", "/v1/../chat", "climbs"),
            ("name = \"x-api-key\"", "", "auth.name"),
            ("ACME_API_KEY", "acme key", "variable"),
            ("kind = \"analyzer-model\"", "kind = \"analyzer-model\"\nsurprise = 1", "surprise"),
        ] {
            let text = GOOD.replace(from, to);
            let error = Manifest::parse(&text).unwrap_err();
            let said =
                format!("{error} {:?}", std::error::Error::source(&error).map(ToString::to_string));
            assert!(said.contains(expect), "{said} lacks {expect}");
        }
    }
}
