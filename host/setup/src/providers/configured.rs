//! Services of the user's own: `[providers.mine] type = "openai-compatible"` in the user's configuration makes
//! a provider out of a plugin that is there.

use massgen_runtime::manifest::{Auth, Manifest, Scheme, Service};

use crate::config::Config;

/// Manifests of the services that the configuration names, each with the id of the plugin that speaks for it;
/// and what to warn about.
pub(super) fn manifests(
    config: &Config,
    plugins: &[Manifest],
) -> (Vec<(String, Manifest)>, Vec<String>) {
    let (mut made, mut warnings) = (Vec::new(), Vec::new());
    for id in config.names_with("providers", "type") {
        match manifest(config, plugins, &id) {
            Ok(found) => made.push(found),
            Err(why) => warnings.push(format!("[providers.{id}] is left out: {why}")),
        }
    }
    (made, warnings)
}

fn manifest(config: &Config, plugins: &[Manifest], id: &str) -> Result<(String, Manifest), String> {
    let value = |name: &str| config.text(&format!("providers.{id}.{name}")).map(String::from);
    let kind = value("type").unwrap_or_default();
    if !is_id(id) {
        return Err(
            "a provider's id has lower-case letters, digits, `-` and `_`, 2 to 40 of them".into()
        );
    }
    let (plugin, like) = like(plugins, &kind).ok_or_else(|| {
        let mut known: Vec<&str> = plugins.iter().map(|plugin| plugin.id.as_str()).collect();
        known.sort_unstable();
        format!("there is no type {kind:?}; there are {} and every provider's id", known.join(", "))
    })?;
    let base = value("base_url").or_else(|| first_base(&like));
    let base = base.filter(|base| !base.is_empty()).ok_or("it has no base_url")?;
    let key = value("api_key_env");
    // Only the user's own variable: a key of another service never goes to this place.
    let way = like.auth.ways().find(|way| way.scheme != Scheme::None).unwrap_or(&like.auth);
    let auth = Auth {
        env: key.iter().cloned().collect(),
        optional: key.is_none() && value("key_command").is_none(),
        or: Vec::new(),
        ..way.clone()
    };
    let service = Service {
        id: id.to_string(),
        name: value("name").unwrap_or_else(|| id.to_string()),
        default_model: value("default_model"),
        base,
        base_endings: like.base_endings.clone(),
        auth: Some(auth),
        ..Service::default()
    };
    let mut made = like.of_service(&service);
    made.family = Some(plugin.label());
    Ok((plugin.id.clone(), made))
}

/// The plugin, or the service of one, that a type names.
fn like<'a>(plugins: &'a [Manifest], kind: &str) -> Option<(&'a Manifest, Manifest)> {
    plugins.iter().find_map(|plugin| {
        if plugin.id == kind {
            let mut bare = plugin.clone();
            if !plugin.services.is_empty() {
                // The place of the plugin itself is an example.
                bare.endpoints.iter_mut().for_each(|place| place.base.clear());
            }
            return Some((plugin, bare));
        }
        let service = plugin.providers().into_iter().find(|provider| provider.id == kind)?;
        Some((plugin, service))
    })
}

fn first_base(manifest: &Manifest) -> Option<String> {
    manifest.endpoints.first().map(|place| place.base.clone())
}

fn is_id(id: &str) -> bool {
    (2..=40).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
