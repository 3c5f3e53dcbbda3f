//! `massgen isolate apply`

mod selection;

use clap::ValueEnum;
use massgen_isolation::apply::{
    Applied, ApplyError, ApplyRequest, BranchError, BranchRequest, ExecuteError, NoHook, apply,
    as_branch,
};
use massgen_isolation::changes::Opened;
use massgen_isolation::context::Context;
use massgen_isolation::git::GitError;
use massgen_isolation::path::RelPath;
use massgen_isolation::plan::{OnDrift, PathReason, PlanError};
use massgen_isolation::review::Selection;
use massgen_isolation::session::Busy;
use serde_json::json;

use super::{document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use selection::SelectionArgs;

/// Write a session's changes into the project, all or nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate apply @last --dry-run\n  \
                        massgen isolate apply k3f9 --only src/parser.rs#1,3 --only docs\n  \
                        massgen isolate apply alice bob --on-drift merge\n  \
                        massgen isolate apply @last --as-branch agent/parser")]
pub(crate) struct ApplyArgs {
    /// Sessions; several are applied in order
    #[arg(required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// If the project changed in the meantime: refuse, or merge both sides
    #[arg(long, value_enum, default_value_t = Drift::Refuse, value_name = "HOW")]
    on_drift: Drift,
    /// Create a branch from the agent's commits and changes instead of changing your files
    #[arg(long, value_name = "NAME", conflicts_with_all = ["only", "except", "decisions", "dry_run"])]
    as_branch: Option<String>,
    /// Show the result without applying it
    #[arg(long)]
    dry_run: bool,
    /// Allow the deletion of every file
    #[arg(long)]
    delete_everything: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Drift {
    Refuse,
    Merge,
}

pub(crate) fn run(app: &App, args: &ApplyArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    if let Some(branch) = &args.as_branch {
        return hand_over(app, &context, args, branch);
    }
    let mut sessions = Vec::new();
    for id in &args.ids {
        let opened = setup::opened(&context, id)?;
        if sessions.iter().any(|(known, _): &(Opened, _)| known.session.id == opened.session.id) {
            return Err(CommandError::usage(format!("{id} is named twice")));
        }
        sessions.push((opened, args.selection.selection(app)?));
    }
    let request = ApplyRequest {
        sessions: &sessions,
        on_drift: match args.on_drift {
            Drift::Refuse => OnDrift::Refuse,
            Drift::Merge => OnDrift::Merge,
        },
        dry_run: args.dry_run,
        allow_empty: args.delete_everything,
    };
    let applied = apply(&context, &request, &mut NoHook).map_err(|error| explain(&error))?;
    let ids: Vec<&str> = sessions.iter().map(|(opened, _)| opened.session.id.as_str()).collect();
    if app.ui.manner.json {
        app.ui.json(&document(&ids, &applied, args.dry_run));
    }
    if !applied.conflicts.is_empty() {
        return refused(app, args, &ids, &applied);
    }
    if !app.ui.manner.json {
        tell(app, args.dry_run, &ids, &applied);
    }
    Ok(Exit::Done)
}

/// Applies without being asked again: for `run --apply`.
pub(super) fn apply_now(
    context: &Context,
    sessions: &[(Opened, Selection)],
) -> Result<Applied, CommandError> {
    let request =
        ApplyRequest { sessions, on_drift: OnDrift::Refuse, dry_run: false, allow_empty: false };
    let applied = apply(context, &request, &mut NoHook).map_err(|error| explain(&error))?;
    if applied.conflicts.is_empty() {
        return Ok(applied);
    }
    let error = CommandError::new(
        Exit::Refused,
        "drift",
        "the project changed meanwhile; nothing was applied",
    );
    let paths = applied.conflicts.iter().map(|b| format!("{}: {}", b.path.lossy(), b.reason));
    Err(paths
        .fold(error, CommandError::with_cause)
        .hint("massgen isolate apply @last --on-drift merge merges both sides"))
}

fn document(ids: &[&str], applied: &Applied, dry_run: bool) -> serde_json::Value {
    json!({
        "schema": "apply/1",
        "session": ids.first(),
        "sessions": ids,
        "dry_run": dry_run,
        "applied": applied.applied.iter().map(RelPath::lossy).collect::<Vec<_>>(),
        "skipped": document::because(&applied.skipped),
        "conflicts": document::because(&applied.conflicts),
        "undo_id": applied.undo_id,
    })
}

fn refused(
    app: &App,
    args: &ApplyArgs,
    ids: &[&str],
    applied: &Applied,
) -> Result<Exit, CommandError> {
    let mut error = CommandError::new(
        Exit::Refused,
        "conflict",
        format!(
            "{} can't be applied; nothing was changed",
            human::plural(applied.conflicts.len() as u64, "path")
        ),
    );
    for conflict in applied.conflicts.iter().take(20) {
        error = error.with_cause(format!("{}: {}", conflict.path.lossy(), conflict.reason));
    }
    let ids = ids.join(" ");
    error = match (args.on_drift, applied.drifted) {
        (Drift::Refuse, true) => {
            error.hint(format!("massgen isolate apply {ids} --on-drift merge merges both sides"))
        }
        (Drift::Refuse, false) => {
            error.hint(format!("massgen isolate apply {ids} --except PATH applies the rest"))
        }
        (Drift::Merge, _) => error.hint(format!(
            "massgen isolate apply {ids} --on-drift merge --except PATH applies the rest"
        )),
    };
    if app.ui.manner.json {
        // The document is on stdout already.
        app.ui.error_text(&error);
        return Ok(Exit::Refused);
    }
    Err(error)
}

/// Says what was applied.
pub(super) fn tell(app: &App, dry_run: bool, ids: &[&str], applied: &Applied) {
    let mut text = String::new();
    for path in &applied.applied {
        text.push_str(&format!("{}\n", human::clean(&path.lossy())));
    }
    if !text.is_empty() {
        app.ui.answer(&text);
    }
    let paths = human::plural(applied.applied.len() as u64, "path");
    let rest = tell_left(app, &applied.skipped);
    app.ui.status(&match (dry_run, applied.applied.is_empty()) {
        (true, _) => format!("{paths} would be applied; nothing was.{rest}"),
        (false, true) => format!("There was nothing to apply.{rest}"),
        (false, false) => {
            format!("{paths} applied.{rest} massgen isolate undo {} takes that back.", ids[0])
        }
    });
}

/// Says with `--verbose` what was left and why; gives a sentence that counts it.
fn tell_left(app: &App, left: &[PathReason]) -> String {
    for path in left {
        app.ui.detail(&format!("left: {} ({})", path.path.lossy(), path.reason));
    }
    match left.len() as u64 {
        0 => String::new(),
        count => format!(" {} left in the session.", human::plural(count, "path")),
    }
}

fn hand_over(
    app: &App,
    context: &Context,
    args: &ApplyArgs,
    branch: &str,
) -> Result<Exit, CommandError> {
    let [id] = args.ids.as_slice() else {
        return Err(CommandError::usage("--as-branch goes with one session"));
    };
    let opened = setup::opened(context, id)?;
    let request = BranchRequest { opened: &opened, branch };
    let branched = as_branch(context, &request).map_err(|error| {
        use BranchError::{Busy, Empty, Exists, Git, Gone, NoGit};
        let refused = matches!(error, Exists(_) | Empty(_) | Busy(_));
        let exit = if refused { Exit::Refused } else { Exit::Failed };
        let said = CommandError::new(exit, "branch", error.to_string()).because_source(&error);
        match error {
            NoGit(_) | Gone(_) | Git(GitError::Special(_)) => {
                said.hint(format!("massgen isolate apply {id} writes into your files"))
            }
            Busy(_) => said.hint("wait until its command has ended"),
            _ => said,
        }
    })?;
    let commit = &branched.commit;
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "apply/1", "session": opened.session.id, "sessions": [opened.session.id],
            "applied": [], "skipped": document::because(&branched.skipped), "conflicts": [],
            "undo_id": null, "branch": branch, "commit": commit,
        }));
    } else {
        app.ui.answer(&format!("{branch} {commit}"));
        let rest = tell_left(app, &branched.skipped);
        app.ui.status(&format!(
            "git log {branch} shows it; git branch -D {branch} takes it back.{rest}"
        ));
    }
    Ok(Exit::Done)
}

/// Words for what can't be applied.
pub(super) fn explain(error: &ApplyError) -> CommandError {
    let made = |exit, kind| CommandError::new(exit, kind, error.to_string()).because_source(error);
    match error {
        ApplyError::Busy { source: Busy::Held { .. }, .. } => {
            made(Exit::Refused, "busy").hint("wait until its command has ended")
        }
        ApplyError::Projects(..) => made(Exit::Usage, "projects"),
        ApplyError::Empty(_) => made(Exit::Refused, "deletes-everything")
            .hint("--delete-everything applies it all the same"),
        ApplyError::Unknown(_) => made(Exit::Usage, "path")
            .hint("massgen isolate diff ID --name-status lists what changed"),
        ApplyError::Plan(PlanError::NoSuchHunk { .. } | PlanError::Indivisible { .. }) => {
            made(Exit::Usage, "hunk")
                .hint("massgen isolate diff ID shows the hunks and their numbers")
        }
        ApplyError::Execute(ExecuteError::Drift { .. }) => made(Exit::Refused, "drift"),
        ApplyError::Changes(error) => setup::changes_error(error),
        ApplyError::Recover(_) => {
            made(Exit::Failed, "recover").hint("massgen isolate doctor --repair")
        }
        _ => made(Exit::Failed, "apply"),
    }
}
