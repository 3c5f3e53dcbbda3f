//! `massgen isolate diff`

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;

use anstream::ColorChoice;
use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::{Change, Changeset, CompareError, Scope, patch, text_diff};
use massgen_isolation::path::RelPath;
use serde_json::json;

use super::{document, review, setup};
use crate::app::App;
use massgen_review::diff::{self, FileDiff, risk_words, status_letter};
use massgen_review::text::Highlighter;
use massgen_review::{Colors, print_change};
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_terminal::pager::Pager;

/// Show what a session changed and what is not applied yet
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate diff @last --stat\n  \
                        massgen isolate diff @last src > agent.patch\n  massgen isolate diff alice --against bob")]
pub(crate) struct DiffArgs {
    /// The session
    id: String,
    /// One line per path with added and deleted lines
    #[arg(long, conflicts_with_all = ["name_status", "patch"])]
    stat: bool,
    /// One line per path
    #[arg(long, conflicts_with = "patch")]
    name_status: bool,
    /// A patch that git can apply (the default for a pipe or file)
    #[arg(long)]
    patch: bool,
    /// Compare with another session's workspace
    #[arg(long, value_name = "ID2")]
    against: Option<String>,
    /// Only these paths
    paths: Vec<OsString>,
}

pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let opened = setup::opened(&context, &args.id)?;
    let failed = |error| setup::changes_error(&error);
    let other = args.against.as_deref().map(|id| setup::opened(&context, id)).transpose()?;
    let mut changes = match &other {
        Some(other) => opened.against(other).map_err(failed)?,
        None => opened.changeset().map_err(failed)?,
    };
    filter(&mut changes, &args.paths)?;
    let sides = Sides { old: &opened, new: other.as_ref().unwrap_or(&opened) };
    if app.ui.manner.json {
        let files =
            changes.changes.iter().map(|change| Ok(document::change(change, &sides.diff(change)?)));
        let files = files.collect::<Result<Vec<_>, CommandError>>()?;
        let unreadable = changes.unreadable.iter().map(|left| {
            let mut fields = document::path_fields("path", &left.path);
            fields.insert("reason".into(), left.reason.clone().into());
            fields
        });
        app.ui.json(&json!({
            "schema": "changeset/1",
            "session": opened.session.id,
            "against": other.as_ref().map(|other| &other.session.id),
            "files": files,
            "unreadable": unreadable.collect::<Vec<_>>(),
        }));
        return Ok(Exit::Done);
    }
    let shown = |change: &&Change| change.scope == Scope::In || !args.paths.is_empty();
    let is_read = std::io::stdout().is_terminal() || app.ui.manner.color == ColorChoice::Always;
    if args.stat || args.name_status {
        for change in &changes.changes {
            app.ui.answer(&line(change, &sides.diff(change)?, args.stat));
        }
    } else if is_read && !args.patch {
        render(app, &sides, changes.changes.iter().filter(shown))?;
    } else {
        for change in changes.changes.iter().filter(shown) {
            app.ui.patch(&sides.patch(change)?);
        }
    }
    tell(app, args, &changes);
    Ok(Exit::Done)
}

fn filter(changes: &mut Changeset, paths: &[OsString]) -> Result<(), CommandError> {
    let mut wanted = Vec::new();
    for path in paths {
        let path = RelPath::new(path.as_bytes()).map_err(|error| {
            CommandError::usage(error.to_string()).hint("paths begin at the project's root")
        })?;
        wanted.push(path);
    }
    changes
        .changes
        .retain(|change| wanted.is_empty() || wanted.iter().any(|dir| change.path.is_within(dir)));
    Ok(())
}

/// Where the two sides of a change come from.
struct Sides<'a> {
    old: &'a Opened,
    new: &'a Opened,
}

impl Sides<'_> {
    fn diff(&self, change: &Change) -> Result<FileDiff, CommandError> {
        FileDiff::load(self.old, self.new, change).map_err(|error| unlike(change, &error))
    }

    /// As git has it.
    fn patch(&self, change: &Change) -> Result<Vec<u8>, CommandError> {
        let (old, new) =
            diff::sides(self.old, self.new, change).map_err(|error| unlike(change, &error))?;
        Ok(patch(change, &text_diff(&old, &new), &old, &new))
    }
}

fn unlike(change: &Change, error: &CompareError) -> CommandError {
    let message = format!("{} can't be compared", human::clean(&change.path.lossy()));
    CommandError::failed("changes", message).because(error)
}

/// What the review shows, page by page.
fn render<'a>(
    app: &App,
    sides: &Sides<'_>,
    changes: impl Iterator<Item = &'a Change>,
) -> Result<(), CommandError> {
    let colors = review::colors(app);
    let highlighter = (colors != Colors::None).then(Highlighter::new);
    let program = match std::io::stdout().is_terminal() {
        true => app.environment.var("MASSGEN_PAGER").or_else(|| app.environment.var("PAGER")),
        false => Some("cat"),
    };
    let mut pager = Pager::start(program);
    for change in changes {
        let file = FileDiff::to_review(sides.old, sides.new, change)
            .map_err(|error| unlike(change, &error))?;
        let manner = (colors, highlighter.as_ref());
        if print_change(change, &file, manner, &mut |text| pager.write(text)).is_err() {
            break;
        }
    }
    pager.finish();
    Ok(())
}

fn line(change: &Change, file: &FileDiff, stat: bool) -> String {
    let mut line =
        format!("{}  {}", status_letter(change.status), human::clean(&change.path.lossy()));
    if let Some(old) = &change.old_path {
        line.push_str(&format!("  (was {})", human::clean(&old.lossy())));
    }
    if stat {
        let stats = file.stats();
        line.push_str(&match stats.binary {
            true => "  binary".to_string(),
            false => format!("  +{} -{}", stats.additions, stats.deletions),
        });
    }
    match change.scope {
        Scope::In => {}
        Scope::OutOfScope => line.push_str("  [out of scope]"),
        Scope::IgnoredOutput => line.push_str("  [ignored by git]"),
    }
    for risk in &change.risks {
        line.push_str(&format!("  !{}", risk_words(*risk).0));
    }
    line
}

fn tell(app: &App, args: &DiffArgs, changes: &Changeset) {
    for left in &changes.unreadable {
        app.ui.warn(&format!(
            "{} is not compared: {}",
            human::clean(&left.path.lossy()),
            left.reason
        ));
    }
    let outside = changes.changes.iter().filter(|change| change.scope != Scope::In).count() as u64;
    if outside > 0 && args.paths.is_empty() && !args.stat && !args.name_status {
        app.ui.status(&format!(
            "{} out of scope or ignored by git; --name-status lists them.",
            human::plural(outside, "more path")
        ));
    }
    if changes.changes.is_empty() {
        app.ui.status("Nothing changed.");
    }
}
