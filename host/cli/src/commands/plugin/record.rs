//! `massgen plugin record NAME -- TEXT…`

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use massgen_kit::cassette::{self, Cassette, Expect, Recorded};
use massgen_models::provider::{Provider, Unobserved};
use massgen_models::request::{Message, Request, Role};
use massgen_runtime::PluginRequest;
use massgen_runtime::manifest::PluginKind;
use massgen_runtime::rehearsal::Recorder;
use serde_json::json;

use super::subject;
use crate::app::App;
use massgen_setup::providers::Installed;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Headers of a reply that say something to a plugin; others are the service's business, or the user's.
const KEPT: &[&str] = &["content-type", "retry-after", "retry-after-ms", "x-should-retry"];

/// Record an exchange
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The key and the base URL come from the variables that plugin.toml names. What the plugin sends is written down before the key is added, and what comes back is scrubbed of it.\n\nExamples:\n  massgen plugin record hello -- Say hello\n  massgen plugin record tools --request question.json"
)]
pub(crate) struct RecordArgs {
    /// Name of the cassette
    #[arg(value_parser = parse_name)]
    name: String,
    /// Directory of the plugin
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Model [default: default-model of plugin.toml]
    #[arg(long)]
    model: Option<String>,
    /// Request file in the format of a cassette's request.json
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    request: Option<PathBuf>,
    /// Prompt
    #[arg(last = true, value_name = "TEXT")]
    words: Vec<String>,
}

pub(super) fn run(app: &App, args: &RecordArgs) -> Result<Exit, CommandError> {
    let dir = super::build::tidy(&app.environment.path(&args.dir));
    let subject = subject::of_dir(app, &dir)?;
    let manifest = subject::manifest(&subject.shown, &subject.component)?;
    if manifest.kind != PluginKind::AnalyzerModel {
        return Err(CommandError::usage("a strategy exchanges nothing that could be recorded"));
    }
    let model = args.model.clone().or_else(|| manifest.default_model.clone());
    let request = request(app, args, model)?;
    let plugin = Installed::new(
        manifest,
        Cow::Owned(subject.component.to_vec()),
        dir.display().to_string(),
        app.providers.store.clone(),
    );
    let recorder = Arc::new(Recorder::default());
    let provider =
        plugin.connect_recorded(&app.environment, &app.config, None, Some(recorder.clone()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::failed("record", "nothing can be sent").because(&error))?;
    let outcome = runtime.block_on(provider.exchange(&request, &mut Unobserved));
    let (sent, replies): (Vec<PluginRequest>, Vec<Recorded>) =
        recorder.take().into_iter().map(|(sent, reply)| (sent, scrub(reply))).unzip();
    let answered = replies.first().is_some_and(|reply| reply.status != 0);
    if let (Err(error), false) = (&outcome, answered) {
        return Err(
            CommandError::failed("record", "there was no exchange to record").because(error)
        );
    }
    let mut cassette = Cassette {
        name: args.name.clone(),
        date: jiff::Timestamp::from_millisecond(app.environment.now_unix_ms())
            .map(|now| now.strftime("%Y-%m-%d").to_string())
            .unwrap_or_default(),
        recorder: concat!("massgen ", env!("CARGO_PKG_VERSION")).into(),
        settings: plugin.settings(&app.environment, &app.config),
        request,
        sent,
        replies,
        expect: Expect::default(),
        count: None,
    };
    // Played again offline: the clock of a cassette is fixed.
    let loaded = subject::runtime(app, true)?.load(&plugin.component).map_err(|error| {
        CommandError::failed("plugin", format!("{} can't be loaded", subject.shown)).because(&error)
    })?;
    cassette = cassette.accept(&loaded).map_err(|why| {
        CommandError::failed("record", "the exchange can't be played again").with_cause(why)
    })?;
    let folder = dir.join("cassettes").join(&args.name);
    cassette::save(&cassette, &folder).map_err(|error| {
        CommandError::failed("record", "the cassette can't be written").because(&error)
    })?;
    if app.ui.manner.json {
        let failure = outcome.as_ref().err().map(|error| error.failure.message.clone());
        app.ui.json(&json!({"schema": "plugin-record/1", "name": args.name, "dir": folder, "requests": cassette.sent.len(), "failure": failure}));
    } else {
        app.ui.answer(&folder.display().to_string());
        if let Err(error) = outcome {
            app.ui.warn(&format!("a failure was recorded: {error}"));
        }
    }
    Ok(Exit::Done)
}

fn request(app: &App, args: &RecordArgs, model: Option<String>) -> Result<Request, CommandError> {
    if let Some(file) = &args.request {
        let path = app.environment.path(file);
        let text = subject::read(&path)?;
        let mut request: Request = serde_json::from_slice(&text).map_err(|error| {
            CommandError::failed("request", format!("{} is no request", path.display()))
                .because(&error)
        })?;
        if let Some(model) = &args.model {
            request.model.clone_from(model);
        }
        return Ok(request);
    }
    let model = model.ok_or_else(|| {
        CommandError::usage("which model?").hint("--model M, or default-model in plugin.toml")
    })?;
    if args.words.is_empty() {
        return Err(CommandError::usage("there is nothing to ask")
            .hint(format!("massgen plugin record {} -- Say hello", args.name)));
    }
    Ok(Request::new(model, vec![Message::text(Role::User, args.words.join(" "))]))
}

fn scrub(mut reply: Recorded) -> Recorded {
    reply.headers.retain(|(name, _)| KEPT.contains(&name.as_str()) || name.contains("ratelimit"));
    reply
}

fn parse_name(name: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=60).contains(&name.len()) && name.chars().all(fine) {
        Ok(name.to_string())
    } else {
        Err("letters, digits, `-` and `_`, at most 60".into())
    }
}
