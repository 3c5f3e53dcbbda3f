//! `massgen plugin test [DIR]`

use std::path::PathBuf;

use massgen_kit::cassette::{self, Cassette, CassetteError};
use massgen_runtime::LoadedPlugin;
use massgen_runtime::manifest::PluginKind;
use serde_json::{Value, json};

use super::subject::{self, Subject};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BAD, GOOD, human};

/// Replay cassettes
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin test\n  massgen plugin test acme --accept   write down what the plugin does now"
)]
pub(crate) struct TestArgs {
    /// Directory of the plugin
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Update the cassettes with the plugin's current output
    #[arg(long)]
    accept: bool,
}

pub(super) fn run(app: &App, args: &TestArgs) -> Result<Exit, CommandError> {
    let subject = subject::of_dir(app, &app.environment.path(&args.dir))?;
    replay(app, &subject, args.accept)
}

/// Replays all cassettes of a plugin, or accepts what it does.
pub(super) fn replay(app: &App, subject: &Subject, accept: bool) -> Result<Exit, CommandError> {
    let manifest = subject::manifest(&subject.shown, &subject.component)?;
    let dir = subject.cassettes.clone().unwrap_or_default();
    if manifest.kind == PluginKind::IsolationStrategy {
        app.ui.status("A strategy exchanges nothing that could be recorded; `massgen plugin check` plays with it.");
        return Ok(Exit::Done);
    }
    let failed = |error: &CassetteError| {
        CommandError::failed("cassette", "a cassette can't be used").because(error)
    };
    let cassettes = cassette::load_all(&dir).map_err(|error| failed(&error))?;
    if cassettes.is_empty() {
        return Err(CommandError::failed(
            "cassette",
            format!("there are no cassettes in {}", dir.display()),
        )
        .hint("massgen plugin record NAME -- a question   records one"));
    }
    let runtime = subject::runtime(app, true)?;
    let plugin = runtime.load(&subject.component).map_err(|error| {
        CommandError::failed("plugin", format!("{} can't be loaded", subject.shown)).because(&error)
    })?;
    let mut results = Vec::new();
    for cassette in &cassettes {
        let result = if accept {
            let accepted = accept_one(&plugin, cassette)?;
            cassette::save(&accepted, &dir.join(&cassette.name)).map_err(|error| failed(&error))?;
            Ok(())
        } else {
            cassette.replay(&plugin)
        };
        results.push((cassette.name.clone(), result));
    }
    Ok(tell(app, &results, accept))
}

fn accept_one(plugin: &LoadedPlugin, cassette: &Cassette) -> Result<Cassette, CommandError> {
    cassette.accept(plugin).map_err(|why| {
        CommandError::failed("cassette", format!("{} can't be played", cassette.name))
            .with_cause(why)
    })
}

fn tell(app: &App, results: &[(String, Result<(), String>)], accept: bool) -> Exit {
    let bad = results.iter().filter(|(_, result)| result.is_err()).count();
    if app.ui.manner.json {
        let cases: Vec<Value> = results
            .iter()
            .map(|(name, result)| json!({"name": name, "passed": result.is_ok(), "difference": result.as_ref().err()}))
            .collect();
        app.ui.json(&json!({"schema": "plugin-test/1", "passed": bad == 0, "accepted": accept, "cassettes": cases}));
    } else {
        let lines: Vec<String> = results
            .iter()
            .map(|(name, result)| match result {
                Ok(()) => format!("{GOOD}ok{GOOD:#}    {name}"),
                Err(why) => format!("{BAD}fail{BAD:#}  {name}: {}", human::clean(why)),
            })
            .collect();
        app.ui.answer(&app.ui.fit(&lines.join("\n"), 6));
        if accept {
            app.ui.status("The cassettes hold what the plugin does now; look at the difference before you keep it.");
        }
    }
    if bad == 0 { Exit::Done } else { Exit::Failed }
}
