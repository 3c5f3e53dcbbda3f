//! Builds guests of this repository for a build script. Shared by every build script that needs guests.

use std::path::{Path, PathBuf};

use massgen_componentise::{BuildError, Cargo, TARGET, componentise};

/// A guest crate.
pub(crate) struct Guest {
    /// Its folder below the repository, with its `plugin.toml`.
    pub(crate) folder: &'static str,
    /// Its crate.
    pub(crate) package: &'static str,
}

/// A guest that was built.
pub(crate) struct Built {
    /// `id` of its manifest.
    pub(crate) id: String,
    /// Path of its manifest.
    pub(crate) manifest: PathBuf,
    /// Path of its component.
    pub(crate) component: PathBuf,
}

/// Where the build script may write.
pub(crate) fn out_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"))
}

/// Builds guests. With `MASSGEN_PLUGINS_DIR` set, ready components `<id>.wasm` of that directory are
/// taken instead, for distributions that build them separately.
#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
pub(crate) fn build(root: &Path, guests: &[Guest]) -> Result<Vec<Built>, String> {
    println!("cargo::rerun-if-env-changed=MASSGEN_PLUGINS_DIR");
    for watched in ["plugins", "wit", "tests/guests"] {
        watch(&root.join(watched));
    }
    let ready = std::env::var_os("MASSGEN_PLUGINS_DIR").map(PathBuf::from);
    let target = guest_target_dir();
    if ready.is_none() {
        let cargo = Cargo {
            dir: root.join("plugins"),
            packages: guests.iter().map(|guest| guest.package.to_string()).collect(),
            target_dir: Some(target.clone()),
            locked: true,
            talk: false,
        };
        cargo.build().map_err(|error| explain(&error))?;
    }
    guests.iter().map(|guest| built(root, guest, ready.as_deref(), &target)).collect()
}

fn explain(error: &BuildError) -> String {
    match error {
        BuildError::NoTarget => format!(
            "the plugins need the target {TARGET}; install it with\n\n    rustup target add {TARGET}\n\nand build again"
        ),
        BuildError::NoCargo(why) => format!("cargo can't be started: {why}"),
        BuildError::Failed(said) => format!("the plugins can't be built:\n{said}"),
    }
}

fn built(root: &Path, guest: &Guest, ready: Option<&Path>, target: &Path) -> Result<Built, String> {
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
    let component = match ready {
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

/// Guests have a target directory of their own: cargo holds a lock on the outer one while it waits for
/// this script. All build scripts of a profile share it, so that dependencies are built once.
fn guest_target_dir() -> PathBuf {
    let out = out_dir();
    // target/<profile>/build/<crate>-<hash>/out
    let profile = out.ancestors().nth(3).unwrap_or(&out);
    profile.with_file_name("guests")
}

/// Watches sources, not what a build leaves beside them.
#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
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
