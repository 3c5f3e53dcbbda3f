//! Builds guests of this repository. Shared by every build script that needs guests.

use std::path::{Path, PathBuf};

use massgen_componentise::{BuildError, Cargo, TARGET, componentise};

/// A guest crate.
pub(crate) struct Guest {
    /// Folder with its `plugin.toml`, relative to the repository.
    pub(crate) folder: &'static str,
    /// Name of the crate.
    pub(crate) package: &'static str,
}

/// A built guest.
pub(crate) struct Built {
    /// The manifest's `id`.
    pub(crate) id: String,
    /// Path of the manifest.
    pub(crate) manifest: PathBuf,
    /// Path of the component.
    pub(crate) component: PathBuf,
}

/// Returns the build script's output directory.
pub(crate) fn out_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"))
}

/// Builds guests. If `MASSGEN_PLUGINS_DIR` is set, uses the prebuilt components `<id>.wasm` in that directory
/// instead, for distributions that build them separately.
#[expect(clippy::print_stdout, reason = "build scripts pass instructions to cargo on stdout")]
pub(crate) fn build(root: &Path, guests: &[Guest]) -> Result<Vec<Built>, String> {
    println!("cargo::rerun-if-env-changed=MASSGEN_PLUGINS_DIR");
    for watched in ["plugins", "wit", "tests/guests"] {
        watch(&root.join(watched));
    }
    let prebuilt = std::env::var_os("MASSGEN_PLUGINS_DIR").map(PathBuf::from);
    let target = guest_target_dir();
    if prebuilt.is_none() {
        let cargo = Cargo {
            dir: root.join("plugins"),
            packages: guests.iter().map(|guest| guest.package.to_string()).collect(),
            target_dir: Some(target.clone()),
            locked: true,
            verbose: false,
        };
        cargo.build().map_err(|error| explain(&error))?;
    }
    guests.iter().map(|guest| built(root, guest, prebuilt.as_deref(), &target)).collect()
}

fn explain(error: &BuildError) -> String {
    match error {
        BuildError::NoTarget => format!(
            "plugins need the target {TARGET}; install it and build again:\n\n    rustup target add {TARGET}"
        ),
        BuildError::NoCargo(why) => format!("cargo could not be started: {why}"),
        BuildError::Failed(output) => format!("the plugins could not be built:\n{output}"),
    }
}

fn built(
    root: &Path,
    guest: &Guest,
    prebuilt: Option<&Path>,
    target: &Path,
) -> Result<Built, String> {
    let manifest = root
        .join(guest.folder)
        .join("plugin.toml")
        .canonicalize()
        .map_err(|error| format!("{}/plugin.toml: {error}", guest.folder))?;
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let table: toml::Table =
        text.parse().map_err(|error| format!("{}: {error}", manifest.display()))?;
    let id = table
        .get("id")
        .and_then(toml::Value::as_str)
        .ok_or_else(|| format!("{} has no id", manifest.display()))?
        .to_string();
    let component = match prebuilt {
        Some(dir) => dir.join(format!("{id}.wasm")),
        None => {
            let module = Cargo::module(target, guest.package);
            let shown = module.display();
            let bytes = std::fs::read(&module).map_err(|error| format!("{shown}: {error}"))?;
            let bytes = componentise(&bytes, text.as_bytes())
                .map_err(|error| format!("{shown}: {error}"))?;
            let path = out_dir().join(format!("{id}.wasm"));
            std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
            path
        }
    };
    Ok(Built { id, manifest, component })
}

/// Returns the target directory for guests. It differs from the outer one, which cargo keeps locked while this script
/// runs. All build scripts of a profile share it, so that dependencies are built once.
fn guest_target_dir() -> PathBuf {
    let out = out_dir();
    // target/<profile>/build/<crate>-<hash>/out
    let profile = out.ancestors().nth(3).unwrap_or(&out);
    profile.with_file_name("guests")
}

/// Tells cargo to rerun the script when a source changes, but not when a build artefact does.
#[expect(clippy::print_stdout, reason = "build scripts pass instructions to cargo on stdout")]
fn watch(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name();
        if name == "target" {
            continue;
        }
        if path.is_dir() {
            watch(&path);
        } else if path.extension().is_none_or(|end| end != "wasm") {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}
