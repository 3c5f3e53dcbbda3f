//! The program's own directories, and where runs are looked for.

use std::path::{Path, PathBuf};

use super::check::Check;
use crate::app::App;
use massgen_setup::environment::vars;

/// Less than this makes sessions fail soon.
const FREE_BYTES_LOW: u64 = 1 << 30;

/// Configuration, cache and state: there, or to be made, and ours.
pub(super) fn directories(app: &App) -> Vec<Check> {
    let environment = &app.environment;
    let mut checks = vec![
        directory("cache", environment.cache_dir(), vars::CACHE_DIR),
        directory("state", environment.state_dir(), vars::STATE_DIR),
    ];
    checks.extend(app.config.warnings.iter().map(|warning| {
        Check::note("configuration", warning.clone(), "massgen config path names the files")
    }));
    checks
}

fn directory(subject: &'static str, dir: Option<PathBuf>, variable: &str) -> Check {
    let Some(dir) = dir else {
        return Check::bad(
            subject,
            "HOME is not set",
            format!("set {variable} to a directory of yours"),
        );
    };
    // What is not there yet is made by its first use: what is there above decides.
    let nearest = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let shown = dir.display();
    if let Err(error) = tempfile::Builder::new().prefix(".massgen-doctor-").tempfile_in(nearest) {
        return Check::bad(
            subject,
            format!("{shown} can't be written: {error}"),
            format!("set {variable} to a directory of yours"),
        );
    }
    match rustix::fs::statvfs(nearest).map(|fs| fs.f_bavail * fs.f_frsize) {
        Ok(free) if free < FREE_BYTES_LOW => Check::note(
            subject,
            format!("{shown}, and only {} MB are free there", free >> 20),
            "massgen isolate gc --older-than 0d removes archives for good",
        ),
        _ => Check::ok(subject, shown.to_string()),
    }
}

/// The newest run, if there is one.
pub(super) fn runs(app: &App) -> Vec<Check> {
    let bases = app.environment.log_bases();
    for base in &bases {
        if let Ok(Some(run)) = massgen_logs::locate::newest(base) {
            return vec![Check::ok("runs", format!("the newest is {}", run.root.display()))];
        }
    }
    let looked: Vec<String> = bases.iter().map(|base| base.display().to_string()).collect();
    vec![Check::note(
        "runs",
        format!("none below {}", looked.join(", ")),
        format!("start massgen in the project that MassGen ran in, or set {}", vars::LOG_BASE_DIR),
    )]
}
