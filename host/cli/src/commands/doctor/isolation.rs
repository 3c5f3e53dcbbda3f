//! What isolation stands on: git, the kernel, the sessions there are.

use massgen_isolation::archive::doctor;
use massgen_isolation::confine::{Net, supported};
use massgen_isolation::git::Repository;

use super::check::Check;
use crate::app::App;
use crate::commands::isolate::setup;

/// git, and whether it works on the repository here.
pub(super) fn git(app: &App) -> Vec<Check> {
    let Ok(context) = setup::context(app) else { return Vec::new() };
    let cwd = &app.environment.cwd;
    let version = match context.git.at(cwd).args(["version"]).line() {
        Ok(version) => Check::ok("git", version),
        Err(error) => {
            return vec![Check::note(
                "git",
                error.to_string(),
                "install git 2.36 or newer; without it, sessions are plain copies",
            )];
        }
    };
    let here = match Repository::find(&context.git, cwd) {
        Ok(Some(repository)) => {
            Check::ok("project", format!("{} is a git repository", repository.root.display()))
        }
        Ok(None) => Check::ok(
            "project",
            format!("{} is not in a git repository: sessions are plain copies", cwd.display()),
        ),
        Err(error) => {
            Check::bad("project", error.to_string(), format!("git -C {} status", cwd.display()))
        }
    };
    vec![version, here]
}

/// What the kernel can do for apply: exchange two names in one step.
pub(super) fn kernel(app: &App) -> Vec<Check> {
    let Some(dir) = app.environment.state_dir() else { return Vec::new() };
    let Some(nearest) = dir.ancestors().find(|dir| dir.is_dir()) else { return Vec::new() };
    let Ok(place) = tempfile::Builder::new().prefix(".massgen-doctor-").tempdir_in(nearest) else {
        return Vec::new();
    };
    vec![match exchange(place.path()) {
        Ok(()) => Check::ok("exchange", "files are exchanged in one step"),
        Err(error) => Check::note(
            "exchange",
            format!("this file system can't exchange two names in one step: {error}"),
            "an apply moves files aside instead, and its journal brings them back after a crash",
        ),
    }]
}

fn exchange(dir: &std::path::Path) -> std::io::Result<()> {
    let (one, other) = (dir.join("one"), dir.join("other"));
    std::fs::write(&one, "1")?;
    std::fs::write(&other, "2")?;
    let cwd = rustix::fs::CWD;
    rustix::fs::renameat_with(cwd, &one, cwd, &other, rustix::fs::RenameFlags::EXCHANGE)?;
    Ok(())
}

/// Whether the kernel keeps agents in their workspaces.
pub(super) fn confinement() -> Vec<Check> {
    vec![match (supported(Net::Allow), supported(Net::Deny)) {
        (Ok(()), Ok(())) => Check::ok(
            "confinement",
            "the kernel keeps agents in their workspaces, and closes the network if asked",
        ),
        (Ok(()), Err(error)) => Check::note(
            "confinement",
            format!("the kernel keeps agents in their workspaces; {error}"),
            "`--net deny` is refused here",
        ),
        (Err(error), _) => Check::note(
            "confinement",
            error.to_string(),
            "agents are watched instead: `massgen isolate escapes` tells what they touched",
        ),
    }]
}

/// Whether sessions are in order.
pub(super) fn sessions(app: &App) -> Vec<Check> {
    let Ok(context) = setup::context(app) else { return Vec::new() };
    let repository = Repository::find(&context.git, &app.environment.cwd).ok().flatten();
    match doctor(&context, repository.as_ref(), false) {
        Ok(found) if found.defects.is_empty() => vec![Check::ok("sessions", "all in order")],
        Ok(found) => {
            let of = |defect: &massgen_isolation::archive::Defect| {
                let found = format!("{}: {}", defect.subject, defect.message);
                Check::bad("sessions", found, defect.remedy.clone())
            };
            found.defects.iter().map(of).collect()
        }
        Err(error) => vec![Check::bad("sessions", error.to_string(), "massgen isolate doctor")],
    }
}
