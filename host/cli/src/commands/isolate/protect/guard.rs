//! The confinement of one session's commands: what it is made of, whether it can be had, and what to say
//! about it.

use std::ffi::OsString;
use std::path::PathBuf;

use massgen_isolation::audit::{AuditError, Depth, Watch};
use massgen_isolation::confine::{
    self, ConfineError, Confinement, Enforcement, HostView, Layout, Policy, Protect, scrub,
};
use massgen_isolation::context::Context;
use massgen_isolation::session::{Protection, Session};

use crate::app::App;
use crate::commands::isolate::escapes;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// How many escapes are named at once.
const TOLD_MAX: usize = 10;

/// What a session's commands are started with.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) asked: Confinement,
    pub(crate) policy: Policy,
    pub(crate) layout: Layout,
    /// What the agent inherits of our environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Names of what it does not inherit because it looks like a key.
    pub(crate) withheld: Vec<String>,
}

impl Guard {
    pub(crate) fn new(app: &App, context: &Context, session: &Session) -> Self {
        let asked = session.confinement.clone();
        let layout = Layout::of(session, &context.state);
        let variable = |name: &str| app.environment.var(name).map(PathBuf::from);
        let exists = |path: &std::path::Path| path.symlink_metadata().is_ok();
        let real =
            |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let names = |dir: &std::path::Path| {
            let listed = std::fs::read_dir(dir).into_iter().flatten().flatten();
            listed.map(|entry| entry.file_name()).collect()
        };
        let host = HostView {
            home: app.environment.home().map(PathBuf::from),
            variable: &variable,
            exists: &exists,
            real: &real,
            names: &names,
            own_secrets: app.environment.secret_files(),
        };
        let policy = confine::policy(&asked, &layout, &host);
        let scrubbed = scrub(std::env::vars_os(), &asked.pass_env);
        Self { policy, layout, environment: scrubbed.passed, withheld: scrubbed.withheld, asked }
    }

    /// Says which keys stay behind: an agent without its key is a riddle otherwise.
    pub(crate) fn tell(&self, app: &App) {
        if let Some(first) = self.withheld.first() {
            app.ui.status(&format!(
                "Not passed to the agent: {}. --pass-env {first} passes it.",
                self.withheld.join(", ")
            ));
        }
    }

    /// Finds out what can be had, without running anything.
    pub(crate) fn reach(&self) -> Result<Level, CommandError> {
        match self.asked.protect {
            Protect::Off => Ok(Level::None),
            Protect::Audit => Ok(Level::Audit),
            Protect::Auto | Protect::Require => self
                .settle(confine::check(&self.policy, &self.layout).map(|reached| ((), reached)))
                .map(|(level, _)| level),
        }
    }

    /// Begins to look at what is outside, unless nobody wants to know.
    pub(crate) fn watch(
        &self,
        app: &App,
        context: &Context,
        session: &Session,
    ) -> Result<Option<Watch>, CommandError> {
        let depth = match self.asked.protect {
            Protect::Off => return Ok(None),
            Protect::Audit => Depth::Full,
            Protect::Auto | Protect::Require => match confine::supported(self.asked.net) {
                Ok(()) => Depth::Confined,
                Err(_) => Depth::Full,
            },
        };
        let watch = Watch::begin(context, session, app.environment.home(), depth);
        watch.map(Some).map_err(|error| audit_failed(&error))
    }

    /// What a try at confining means: the kernel's level, a weaker one if that may be, or the end.
    pub(crate) fn settle<T>(
        &self,
        tried: Result<(T, Enforcement), ConfineError>,
    ) -> Result<(Level, Option<T>), CommandError> {
        match tried {
            Ok((done, reached)) => Ok((Level::Landlock(reached), Some(done))),
            Err(error) if error.is_unsupported() && !self.asked.needs_kernel() => {
                Ok((Level::AuditFor(error.to_string()), None))
            }
            Err(error) => Err(refused(&error)),
        }
    }
}

/// What was reached.
#[derive(Debug, Clone)]
pub(crate) enum Level {
    None,
    Audit,
    /// The audit, because the kernel can't.
    AuditFor(String),
    Landlock(Enforcement),
}

impl Level {
    pub(crate) fn audits(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The record of what was asked for and reached.
pub(crate) fn protection(guard: &Guard, level: &Level) -> Protection {
    let (achieved, mut notes) = match level {
        Level::None => ("none", vec!["nothing keeps the agent in, and nobody looks".to_string()]),
        Level::Audit => {
            ("audit", vec!["nothing keeps the agent in; what it touched outside is told".into()])
        }
        Level::AuditFor(why) => {
            ("audit", vec![format!("{why}; what the agent touched outside is told")])
        }
        Level::Landlock(reached) => {
            let mut notes = vec![format!(
                "Landlock {}: writes outside of the workspace fail; permissions, times and attributes of \
                 files, and programs that listen on sockets, are beyond it",
                reached.version
            )];
            notes.extend(reached.notes.iter().cloned());
            notes.extend(guard.policy.notes.iter().cloned());
            ("landlock", notes)
        }
    };
    if !guard.withheld.is_empty() {
        notes.push(format!("not passed to the agent: {}", guard.withheld.join(", ")));
    }
    Protection { requested: guard.asked.protect.word().into(), achieved: achieved.into(), notes }
}

/// Fails before anything is made where the kernel can't do what only it can.
pub(crate) fn supported(asked: &Confinement) -> Result<(), CommandError> {
    if !asked.needs_kernel() || !asked.protect.wants_kernel() {
        return Ok(());
    }
    confine::supported(asked.net).map_err(|error| refused(&error))
}

/// Writes down how a command ended: what kept it in, what it left running, what was changed outside.
pub(crate) fn record(
    app: &App,
    context: &Context,
    session: &mut Session,
    guard: &Guard,
    (level, watch): (&Level, Option<Watch>),
) -> Result<(), CommandError> {
    session.protection = protection(guard, level);
    let found = watch.map(|watch| watch.finish(context, session)).transpose();
    let found = found.map_err(|error| audit_failed(&error))?.unwrap_or_default();
    session.protection.notes.extend(found.notes);
    if let Level::AuditFor(why) = level {
        app.ui.warn(&format!("{why}: the agent was not confined, only watched"));
    }
    for escape in found.escapes.iter().take(TOLD_MAX) {
        app.ui.warn(&format!("changed outside of the workspace: {}", escapes::line(escape)));
    }
    if !found.escapes.is_empty() {
        app.ui.warn(&format!(
            "massgen isolate escapes {} shows {}, and brings back what was there",
            session.id,
            human::plural(found.escapes.len() as u64, "escape")
        ));
    }
    session.escapes.extend(found.escapes);
    Ok(())
}

fn audit_failed(error: &AuditError) -> CommandError {
    CommandError::failed("audit", "what is outside of the workspace can't be watched")
        .because(error)
        .hint("--protect off leaves the watching away")
}

fn refused(error: &ConfineError) -> CommandError {
    let failed = CommandError::new(
        Exit::HostFailed,
        "protection",
        "the agent can't be confined, so that nothing was run",
    );
    let failed = failed.because(error);
    match error {
        ConfineError::Unsupported(_) => failed.hint(
            "--protect audit runs it unconfined and tells what it touched outside of its workspace",
        ),
        ConfineError::Grant { .. } => {
            failed.hint("massgen isolate show ID tells what the session was granted")
        }
        _ => failed,
    }
}
