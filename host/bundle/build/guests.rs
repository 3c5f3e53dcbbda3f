//! Builds guests and makes them components. Shared by every build script that needs guests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The one target that gives components without imports.
const TARGET: &str = "wasm32-unknown-unknown";

/// Custom section that carries the manifest.
const SECTION: &str = "massgen:manifest";

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
        cargo_build(root, guests, &target)?;
    }
    guests.iter().map(|guest| built(root, guest, ready.as_deref(), &target)).collect()
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
            let module = target
                .join(TARGET)
                .join("release")
                .join(format!("{}.wasm", guest.package.replace('-', "_")));
            let bytes = componentise(&module, text.as_bytes())?;
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

fn cargo_build(root: &Path, guests: &[Guest], target: &Path) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root.join("plugins")).args([
        "build",
        "--release",
        "--locked",
        "--target",
        TARGET,
    ]);
    for guest in guests {
        command.args(["--package", guest.package]);
    }
    command.env("CARGO_TARGET_DIR", target);
    // What is meant for the host must not reach the guests: flags, wrappers (clippy), features.
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
    ] {
        command.env_remove(name);
    }
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_FEATURE_"))
    {
        command.env_remove(name);
    }
    let output = command.output().map_err(|error| format!("cargo can't be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("target may not be installed")
        || said.contains("can't find crate for `std`")
        || said.contains("can't find crate for `core`")
    {
        return Err(format!(
            "the plugins need the target {TARGET}; install it with\n\n    rustup target add {TARGET}\n\nand build again"
        ));
    }
    Err(format!("the plugins can't be built:\n{said}"))
}

/// Makes a component of a module, checks what it imports, and appends the manifest.
fn componentise(module: &Path, manifest: &[u8]) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let mut component = wit_component::ComponentEncoder::default()
        .module(&bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{} can't be made a component: {error:#}", module.display()))?;
    check_imports(&component).map_err(|import| {
        format!(
            "{} imports {import}: a plugin may import nothing but diagnostics",
            module.display()
        )
    })?;
    append_section(&mut component, SECTION, manifest);
    Ok(component)
}

fn check_imports(component: &[u8]) -> Result<(), String> {
    let mut depth = 0;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            wasmparser::Payload::ModuleSection { .. }
            | wasmparser::Payload::ComponentSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth -= 1,
            wasmparser::Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    let name = import.map_err(|error| error.to_string())?.name.name.to_string();
                    if !name.contains("/diagnostics@") {
                        return Err(name);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Section id 0, then the section's length, the name's length, name and content.
fn append_section(component: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    component.push(0);
    leb128(component, body.len());
    component.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        out.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return;
        }
    }
}

/// Watches sources, not what a build leaves beside them.
#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
fn watch(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name();
        if name == "target" || name == "tests" {
            continue;
        }
        if path.is_dir() {
            watch(&path);
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}
