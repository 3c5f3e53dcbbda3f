//! `massgen isolate diff`

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::{
    Change, Changeset, CompareError, Scope, Source, Status, TextDiff, patch, text_diff,
};
use massgen_isolation::entry::{Hash, Node};
use massgen_isolation::path::RelPath;
use serde_json::json;

use super::{document, setup};
use crate::app::App;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::human;

/// Show what a session changed and what is not applied yet
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate diff @last --stat\n  \
                        massgen isolate diff @last src > agent.patch\n  massgen isolate diff alice --against bob")]
pub(crate) struct DiffArgs {
    /// The session
    id: String,
    /// A line for each path, with how much of it changed
    #[arg(long, conflicts_with_all = ["name_status", "patch"])]
    stat: bool,
    /// A line for each path
    #[arg(long, conflicts_with = "patch")]
    name_status: bool,
    /// A patch that git understands (default)
    #[arg(long)]
    patch: bool,
    /// Compare with the workspace of another session
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
    for change in &changes.changes {
        let diff = sides.diff(change)?;
        if args.stat || args.name_status {
            app.ui.answer(&line(change, &diff, args.stat));
        } else if change.scope == Scope::In || !args.paths.is_empty() {
            app.ui.patch(&patch(change, &diff));
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
    fn diff(&self, change: &Change) -> Result<TextDiff, CommandError> {
        let unread = |node: &Option<Node>| {
            node.as_ref()
                .and_then(Node::content)
                .is_some_and(|content| content.hash == Hash::UNREAD)
        };
        if change.scope == Scope::IgnoredOutput && (unread(&change.old) || unread(&change.new)) {
            return Ok(TextDiff::Text { hunks: Vec::new(), additions: 0, deletions: 0 });
        }
        let old_path = change.old_path.as_ref().unwrap_or(&change.path);
        let old = bytes(self.old, old_path, &change.old)?;
        let new = bytes(self.new, &change.path, &change.new)?;
        Ok(text_diff(&old, &new))
    }
}

/// What a node is as text: a file's bytes, a link's target.
fn bytes(
    source: &dyn Source,
    path: &RelPath,
    node: &Option<Node>,
) -> Result<Vec<u8>, CommandError> {
    match node {
        None | Some(Node::Dir { .. }) => Ok(Vec::new()),
        Some(Node::Link { target }) => Ok(target.clone()),
        Some(Node::File { content, .. }) => {
            source.bytes(path, content).map_err(|error: CompareError| {
                CommandError::failed("changes", format!("{} can't be compared", path.lossy()))
                    .because(&error)
            })
        }
    }
}

fn line(change: &Change, diff: &TextDiff, stat: bool) -> String {
    let letter = match change.status {
        Status::Added => 'A',
        Status::Modified => 'M',
        Status::Deleted => 'D',
        Status::Renamed => 'R',
        Status::TypeChanged => 'T',
        Status::ModeChanged => 'X',
    };
    let mut line = format!("{letter}  {}", human::clean(&change.path.lossy()));
    if let Some(old) = &change.old_path {
        line.push_str(&format!("  (was {})", human::clean(&old.lossy())));
    }
    if stat {
        line.push_str(&match diff {
            TextDiff::Binary => "  binary".to_string(),
            TextDiff::Text { additions, deletions, .. } => format!("  +{additions} -{deletions}"),
        });
    }
    match change.scope {
        Scope::In => {}
        Scope::OutOfScope => line.push_str("  [out of scope]"),
        Scope::IgnoredOutput => line.push_str("  [ignored by git]"),
    }
    for risk in &change.risks {
        let word = serde_json::to_value(risk).ok().and_then(|v| v.as_str().map(String::from));
        line.push_str(&format!("  !{}", word.unwrap_or_default()));
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
