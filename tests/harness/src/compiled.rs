//! A cache of compiled plugins that all tests share, since compiling them for each test takes longer than the tests.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The cache, relative to a home.
const CACHE: &str = ".cache/massgen/aot";

/// Copies the compiled bundled plugins into the cache of a home.
pub fn share(binary: &Path, home: &Path) {
    link_all(&shared_home(binary).join(CACHE), &home.join(CACHE));
}

/// Returns a permanent home in the build directory. Its cache cannot be stale, since entries are keyed by the plugins'
/// bytes.
fn shared_home(binary: &Path) -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = binary.parent().and_then(Path::parent).unwrap().join("tmp/compiled");
        fs::create_dir_all(&home).unwrap();
        let doctor = Command::new(binary)
            .arg("doctor")
            .env_clear()
            .env("HOME", &home)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(&home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(home.join(CACHE).is_dir(), "nothing was compiled: {doctor:?}");
        home
    })
}

fn link_all(from: &Path, to: &Path) {
    // The program requires a private directory.
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
