//! `massgen isolate gc`

use massgen_isolation::archive::gc;
use serde_json::json;

use super::{discard, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Remove archives for good that were discarded long enough ago
///
/// With them goes what `undo` needs of applies that are as old, but for the newest of each project.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen isolate gc --dry-run\n  massgen isolate gc --older-than 7d"
)]
pub(crate) struct GcArgs {
    /// How long ago they must have been discarded
    #[arg(long, default_value = "30d", value_parser = parse_age, value_name = "AGE")]
    older_than: i64,
    /// Only say which
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(app: &App, args: &GcArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let collected =
        gc(&context, args.older_than, args.dry_run).map_err(|error| discard::explain(&error))?;
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

/// `30d`, `12h`, `0d`; in milliseconds.
fn parse_age(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no age: 30d, 12h, 90m");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let unit_ms: i64 = match unit {
        "d" => 86_400_000,
        "h" => 3_600_000,
        "m" => 60_000,
        "s" => 1_000,
        _ => return Err(wrong()),
    };
    number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(parse_age("0d"), Ok(0));
        assert_eq!(parse_age("2h"), Ok(7_200_000));
        assert!(parse_age("30").is_err() && parse_age("d").is_err() && parse_age("9x").is_err());
    }
}
