//! `massgen isolate review --web`: says where the page is, starts a browser, and waits.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::explain;
use crate::app::App;
use crate::commands::isolate::setup;
use massgen_review::{Address, Ended, Job, Outcome, Secrets, WebError};
use massgen_terminal::CommandError;
use massgen_terminal::human;

/// Serves the page until the review ends.
pub(super) fn serve(
    app: &App,
    job: &mut Job<'_>,
    desk: massgen_review::desk::Desk,
    (open, idle): (bool, Duration),
) -> Result<Outcome, CommandError> {
    // Two ids of 50 random bits each: nobody guesses 100 bits while a review lasts.
    let secret = || Ok::<_, CommandError>(setup::new_id()? + &setup::new_id()?);
    let secrets = Secrets { token: secret()?, ticket: secret()? };
    let ready = |address: &Address| {
        app.ui.answer(&address.url);
        app.ui.status("Ctrl-C ends the page; decisions are kept at once, and nothing is applied before you say yes there.");
        if open && has_desktop(app) {
            start_browser(app, address);
        }
    };
    match massgen_review::web(job, desk, secrets, idle, ready) {
        Ok(Ended::So(outcome)) => Ok(outcome),
        Ok(Ended::Idle) => {
            let ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
            app.ui.status(&format!("Nobody looked at the page for {}.", human::duration(ms)));
            Ok(Outcome::Left)
        }
        Err(WebError::Job(error)) => Err(explain(&error)),
        Err(error @ WebError::Io(_)) => {
            Err(CommandError::failed("page", error.to_string()).because_source(&error))
        }
    }
}

/// Without one, an opener looks for a browser that would want this very terminal.
fn has_desktop(app: &App) -> bool {
    let names = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    cfg!(target_os = "macos") || names.iter().any(|name| app.environment.var(name).is_some())
}

/// A browser that does not start is no reason to end: the address was printed. The one that it is given leads to
/// the page once, since other users of the machine can read command lines.
fn start_browser(app: &App, address: &Address) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = || Stdio::null();
    let started = Command::new(opener)
        .arg(&address.url_once)
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .spawn();
    match started {
        // It may last as long as the browser does; whoever waits for it is not in the way.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(_) => app.ui.status("No browser could be started: open the address yourself."),
    }
}
