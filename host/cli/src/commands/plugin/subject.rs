//! The plugin that a command is about: a file, a folder of sources, or the id of one that is there.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use massgen_runtime::manifest::Manifest;
use massgen_runtime::{Runtime, RuntimeOptions};

use super::build;
use crate::app::App;
use massgen_terminal::CommandError;

/// A plugin's bytes, and where its sources are.
pub(super) struct Subject {
    /// How people call it.
    pub(super) shown: String,
    pub(super) component: Cow<'static, [u8]>,
    /// Its cassettes.
    pub(super) cassettes: Option<PathBuf>,
}

/// Finds it. A folder is built first.
pub(super) fn find(app: &App, wanted: &str) -> Result<Subject, CommandError> {
    let path = app.environment.path(Path::new(wanted));
    if path.is_dir() {
        return of_dir(app, &path);
    }
    if path.is_file() {
        let beside = path.parent().map(|dir| dir.join("cassettes"));
        let component = Cow::Owned(read(&path)?);
        return Ok(Subject { shown: wanted.into(), component, cassettes: beside });
    }
    let found = app
        .providers
        .plugins()
        .find(|i| i.manifest.id == wanted || i.manifest.aliases.iter().any(|a| a == wanted));
    let installed = found.ok_or_else(|| {
        let ids: Vec<&str> = app.providers.plugins().map(|i| i.manifest.id.as_str()).collect();
        // A path is no misspelt id.
        let ids_meant = ids.iter().copied().filter(|_| !wanted.contains(['.', '/']));
        let near = massgen_models::suggest::nearest(wanted, ids_meant, 1);
        let error = CommandError::failed(
            "plugin-unknown",
            format!("there is no file, folder or plugin {wanted}"),
        );
        match near.first() {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint(format!("there are {}", ids.join(", "))),
        }
    })?;
    installed.require_trusted()?;
    Ok(Subject {
        shown: installed.manifest.id.clone(),
        component: installed.component.clone(),
        cassettes: None,
    })
}

/// A folder of sources, built.
pub(super) fn of_dir(app: &App, dir: &Path) -> Result<Subject, CommandError> {
    let built = build::build(app, dir, None)?;
    Ok(Subject {
        shown: built.manifest.label(),
        component: Cow::Owned(built.component),
        cassettes: Some(dir.join("cassettes")),
    })
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|error| {
        CommandError::failed("file", format!("{} can't be read", path.display())).because(&error)
    })
}

/// The manifest within a component.
pub(super) fn manifest(subject: &str, component: &[u8]) -> Result<Manifest, CommandError> {
    Manifest::from_component(component).map_err(|error| {
        CommandError::failed("plugin", format!("{subject} is no plugin"))
            .because(&error)
            .hint("`massgen plugin build DIR` makes one from its sources")
    })
}

/// An engine. `cached`: compiled code is kept and found again.
pub(super) fn runtime(app: &App, cached: bool) -> Result<Runtime, CommandError> {
    let cache_dir = if cached { app.environment.cache_dir() } else { None };
    Runtime::new(&RuntimeOptions { cache_dir })
        .map_err(|error| CommandError::failed("engine", "plugins can't be run").because(&error))
}

/// `name=value` of `--set`.
pub(super) fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("name=value is wanted")?;
    Ok((name.to_string(), value.to_string()))
}
