//! Compiled plugins, made once for all tests: to compile them anew in every home takes longer than the tests.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where a home keeps them.
const INSIDE: &str = ".cache/massgen/aot";

/// Puts the compiled forms of the embedded plugins where `binary` looks for them in this home.
pub fn share(binary: &Path, home: &Path) {
    link_all(&first_home(binary).join(INSIDE), &home.join(INSIDE));
}

/// A home beside the build, that stays: what is compiled there is found by the bytes of plugins, so that it can't be stale.
fn first_home(binary: &Path) -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = binary.parent().and_then(Path::parent).unwrap().join("tmp/compiled");
        fs::create_dir_all(&home).unwrap();
        let looked = Command::new(binary)
            .arg("doctor")
            .env_clear()
            .env("HOME", &home)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(&home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(home.join(INSIDE).is_dir(), "nothing was compiled: {looked:?}");
        home
    })
}

fn link_all(from: &Path, to: &Path) {
    // As private as the program wants them.
    DirBuilder::new().recursive(true).mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            link_all(&entry.path(), &target);
        } else if fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
