//! `massgen logs timeline`

mod draw;
mod follow;

use draw::Frame;

use massgen_analysis::page::{self, Page};
use massgen_analysis::write;
use massgen_logs::facts::Facts;
use massgen_logs::redact::Redactor;
use massgen_logs::timeline::{self, Timeline};
use massgen_logs::{examine_with, read};

use super::facts;
use super::target::{self, Target, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Draw a run
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs timeline\n  massgen logs timeline --html run.html\n  massgen logs timeline --follow\n  massgen logs timeline --json | jq '.attempts[0].lanes[].rounds'"
)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Write a self-contained HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    html: Option<std::path::PathBuf>,
    /// Follow a run in progress until it ends
    #[arg(long, short = 'F', conflicts_with = "json")]
    follow: bool,
}

pub(crate) fn run(app: &App, args: &TimelineArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    if args.follow {
        return follow::follow(app, target);
    }
    let (facts, timeline) = look(app, &target);
    if let Some(file) = &args.html {
        let path = app.environment.path(file);
        let text = page::render(&Page { facts: &facts, timeline: &timeline, analysis: None });
        write::replace(&path, &text).map_err(|error| {
            CommandError::failed("page", "the page can't be written")
                .because(&error)
                .hint("name a file in a directory that can be written")
        })?;
        if !app.ui.manner.json {
            app.ui.answer(&format!("Page: {}", path.display()));
        }
    }
    if app.ui.manner.json {
        app.ui.json(&timeline);
    } else if args.html.is_none() {
        let width = usize::from(app.ui.width());
        app.ui.answer(&draw::draw(
            &timeline,
            Frame { width, height: None, all: app.ui.manner.verbose },
        ));
    }
    Ok(Exit::Done)
}

/// Facts and picture of the target.
fn look(app: &App, target: &Target) -> (Facts, Timeline) {
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    let (mut facts, run) = examine_with(&target.run, target.turn, &redactor);
    facts::narrow(&mut facts, target);
    let timeline = timeline::timeline(&run, &facts, &redactor);
    (facts, timeline)
}

/// The picture that belongs to facts that were measured before.
pub(crate) fn of(app: &App, target: &Target, facts: &Facts) -> Timeline {
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    let run = read::read(&target.run, Some(facts.turn));
    timeline::timeline(&run, facts, &redactor)
}
