//! `massgen isolate gc`

use massgen_isolation::archive::gc;
use serde_json::json;

use super::{discard, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_units::Duration;

/// Delete archives of sessions that were discarded long ago
///
/// The undo data of applies of the same age is deleted too, except for the newest apply of each project.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen isolate gc --dry-run\n  massgen isolate gc --older-than 7d"
)]
pub(crate) struct GcArgs {
    /// Minimum age since the session was discarded
    #[arg(long, default_value = "30d", value_name = "AGE")]
    older_than: Duration,
    /// List them without deleting
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(app: &App, args: &GcArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let older_than_ms = i64::try_from(args.older_than.as_millis()).unwrap_or(i64::MAX);
    let collected =
        gc(&context, older_than_ms, args.dry_run).map_err(|error| discard::explain(&error))?;
    if app.ui.manner.json {
        let kept = collected.kept.iter().map(|(id, reason)| json!({"id": id, "reason": reason}));
        app.ui.json(&json!({
            "schema": "gc/1", "dry_run": args.dry_run, "removed": collected.removed,
            "applies": collected.applies,
            "kept": kept.collect::<Vec<_>>(), "bytes": collected.bytes,
        }));
        return Ok(Exit::Done);
    }
    for id in &collected.removed {
        app.ui.answer(id);
    }
    for (id, reason) in &collected.kept {
        app.ui.detail(&format!("kept {id}: {}", human::clean(reason)));
    }
    let would = if args.dry_run { "would be " } else { "" };
    let undoing = match collected.applies.len() as u64 {
        0 => String::new(),
        1 => " and what undo needs of 1 apply".into(),
        applies => format!(" and what undo needs of {} applies", human::count(applies)),
    };
    app.ui.status(&format!(
        "{}{undoing} {would}removed, {} bytes {would}freed.",
        human::plural(collected.removed.len() as u64, "archive"),
        human::count(collected.bytes)
    ));
    Ok(Exit::Done)
}
