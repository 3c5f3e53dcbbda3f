//! `massgen plugin build [DIR]`

use std::path::{Path, PathBuf};

use massgen_componentise::{BuildError, Cargo, TARGET, componentise};
use massgen_runtime::manifest::Manifest;
use serde_json::{Value, json};

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Build a plugin
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin build\n  massgen plugin build acme --output dist/acme.wasm"
)]
pub(crate) struct BuildArgs {
    /// Directory with `Cargo.toml` and `plugin.toml`
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where to write the plugin [default: <id>.wasm in DIR]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A plugin that was built.
pub(super) struct Built {
    pub(super) path: PathBuf,
    pub(super) component: Vec<u8>,
    pub(super) manifest: Manifest,
}

pub(super) fn run(app: &App, args: &BuildArgs) -> Result<Exit, CommandError> {
    let dir = tidy(&app.environment.path(&args.dir));
    let output = args.output.as_ref().map(|output| app.environment.path(output));
    let built = build(app, &dir, output)?;
    report(app, &built)?;
    Ok(Exit::Done)
}

/// Size and imports.
pub(super) fn report(app: &App, built: &Built) -> Result<(), CommandError> {
    let surface = massgen_runtime::surface(&built.component).map_err(|error| {
        CommandError::failed("plugin", "what was built is no component").because(&error)
    })?;
    let hash = massgen_runtime::component_hash(&built.component);
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "plugin-build/1", "id": built.manifest.id, "version": built.manifest.version,
            "kind": built.manifest.kind.as_str(), "path": built.path, "bytes": built.component.len(),
            "hash": hash, "imports": surface.imports, "exports": surface.exports,
        }));
        return Ok(());
    }
    let imports = match surface.imports.as_slice() {
        [] => "nothing".to_string(),
        imports => imports.join(", "),
    };
    app.ui.answer(&format!(
        "{}\n  {} KB, imports {imports}, blake3 {}",
        built.path.display(),
        built.component.len() / 1000,
        &hash[..12]
    ));
    Ok(())
}

/// `x/.` is `x`.
pub(super) fn tidy(dir: &Path) -> PathBuf {
    dir.components().collect()
}

/// Builds the crate in a folder and makes a plugin of it.
pub(super) fn build(app: &App, dir: &Path, output: Option<PathBuf>) -> Result<Built, CommandError> {
    let manifest_path = dir.join("plugin.toml");
    let text = std::fs::read_to_string(&manifest_path).map_err(|error| {
        CommandError::failed("manifest", format!("{} can't be read", manifest_path.display()))
            .because(&error)
            .hint("`massgen plugin new NAME` begins a plugin")
    })?;
    let manifest = Manifest::parse(&text).map_err(|error| {
        CommandError::failed("manifest", format!("{} is refused", manifest_path.display()))
            .because(&error)
    })?;
    let verbose = app.ui.manner.verbose;
    let cargo = Cargo { dir: dir.to_path_buf(), verbose, ..Cargo::default() };
    let (package, target) = package(&cargo, dir)?;
    let cargo = Cargo { packages: vec![package.clone()], ..cargo };
    cargo.build().map_err(|error| explain(&error))?;
    let module = Cargo::module(&target, &package);
    let bytes = std::fs::read(&module).map_err(|error| {
        CommandError::failed("build", format!("cargo did not write {}", module.display()))
            .because(&error)
            .hint("Cargo.toml wants [lib] crate-type = [\"cdylib\", \"rlib\"]")
    })?;
    let component = componentise(&bytes, text.as_bytes()).map_err(|error| {
        CommandError::failed("build", format!("{} can't be made a plugin", manifest.id))
            .because(&error)
    })?;
    let path = output.unwrap_or_else(|| dir.join(format!("{}.wasm", manifest.id)));
    write(&path, &component)?;
    Ok(Built { path, component, manifest })
}

fn write(path: &Path, component: &[u8]) -> Result<(), CommandError> {
    let failed = |error: &std::io::Error| {
        CommandError::failed("build", format!("{} can't be written", path.display())).because(error)
    };
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|error| failed(&error))?;
    }
    std::fs::write(path, component).map_err(|error| failed(&error))
}

/// Name of the crate in the folder, and where cargo puts what it builds.
fn package(cargo: &Cargo, dir: &Path) -> Result<(String, PathBuf), CommandError> {
    let text = cargo.metadata().map_err(|error| explain(&error))?;
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    let wanted = dir.join("Cargo.toml").canonicalize().unwrap_or_default();
    let package = document["packages"].as_array().into_iter().flatten().find(|package| {
        package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == wanted)
    });
    let name = package.and_then(|package| package["name"].as_str()).ok_or_else(|| {
        CommandError::failed("build", format!("{} holds no crate", dir.display()))
            .hint("name the folder that holds the plugin's own Cargo.toml")
    })?;
    let target = document["target_directory"].as_str().unwrap_or("target");
    Ok((name.to_string(), PathBuf::from(target)))
}

fn explain(error: &BuildError) -> CommandError {
    let failed = CommandError::failed("build", "the plugin can't be built");
    match error {
        BuildError::NoTarget => failed.because(error).hint(format!("rustup target add {TARGET}")),
        BuildError::NoCargo(_) => {
            failed.because(error).hint("install Rust: https://rustup.rs, then try again")
        }
        BuildError::Failed(said) => {
            let mut failed = failed;
            let noise = |line: &&str| !line.trim_start().starts_with("Compiling ");
            failed.causes.extend(said.lines().filter(noise).map(String::from));
            failed
        }
    }
}
