//! `massgen config show|path|set|unset`

mod set;

use std::collections::BTreeMap;

use clap::Subcommand;
use serde_json::json;

use crate::app::App;
use massgen_setup::config::setting::SETTINGS;
use massgen_setup::config::{default, layers};
use massgen_setup::environment::vars;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};
use massgen_terminal::{BOLD, DIM};

/// Show and change the configuration
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen config show\n  massgen config path\n  massgen config set analysis.model openai/gpt-6-luna"
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Show all values with their origins and all defaults
    #[command(after_help = "Examples:\n  massgen config show\n  massgen config show --json")]
    Show,
    /// Print the paths of the configuration files
    #[command(after_help = "Examples:\n  massgen config path\n  massgen config path --json")]
    Path,
    Set(set::SetArgs),
    Unset(set::UnsetArgs),
}

pub(crate) fn run(app: &App, args: &ConfigArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        ConfigVerb::Show => show(app),
        ConfigVerb::Path => path(app),
        ConfigVerb::Set(args) => set::set(app, args)?,
        ConfigVerb::Unset(args) => set::unset(app, args)?,
    }
    Ok(Exit::Done)
}

fn show(app: &App) {
    let set = set_values(app);
    if app.ui.manner.json {
        let values: Vec<_> = set
            .iter()
            .map(|(key, [value, origin])| json!({"key": key, "value": value, "origin": origin}))
            .collect();
        let settings: Vec<_> = SETTINGS
            .iter()
            .map(|setting| json!({"key": setting.key, "default": default::of(setting.key), "meaning": setting.meaning}))
            .collect();
        return app.ui.json(&json!({
            "schema": "config/1",
            "values": values,
            "settings": settings,
            "warnings": app.config.warnings,
        }));
    }
    let mut text = String::new();
    if set.is_empty() {
        text.push_str("Nothing is set: every value is the default.\n");
    } else {
        let rows = set
            .iter()
            .map(|(key, [value, origin])| vec![key.to_string(), value.clone(), origin.clone()])
            .collect();
        let columns = [("Setting", Align::Left), ("Value", Align::Left), ("Origin", Align::Left)];
        text.push_str(&table::render(&columns, rows, app.ui.width()));
        text.push('\n');
    }
    text.push_str(&format!("\n{BOLD}Settings there are{BOLD:#}\n"));
    for setting in SETTINGS {
        let default = default::of(setting.key).map(|text| format!(" [default: {text}]"));
        let meaning = format!("{}{}", setting.meaning, default.unwrap_or_default());
        let line = format!("  {:<29} {DIM}{meaning}{DIM:#}\n", setting.key);
        text.push_str(&app.ui.fit(&line, 32));
    }
    app.ui.answer(&text);
}

/// What holds and is no default, by key: the value and where it comes from. A variable is stronger than any file.
fn set_values(app: &App) -> BTreeMap<&str, [String; 2]> {
    let mut set: BTreeMap<_, _> = app
        .config
        .all()
        .map(|(key, value)| (key, [value.text.clone(), value.origin.to_string()]))
        .collect();
    let variable = [vars::ANALYZE_MODEL, vars::MODEL].into_iter().find_map(|name| {
        Some([app.environment.var(name)?.to_string(), format!("{name} in the environment")])
    });
    set.extend(variable.map(|model| ("analysis.model", model)));
    set
}

fn path(app: &App) {
    let project = layers::project_file(&app.environment);
    let user = layers::user_file(&app.environment);
    if app.ui.manner.json {
        return app.ui.json(&json!({"schema": "config-path/1", "project": project, "user": user}));
    }
    let exists = |path: &std::path::Path| if path.is_file() { "" } else { "  (not there)" };
    if let Some(user) = user {
        app.ui.answer(&format!("user     {}{}", user.display(), exists(&user)));
    }
    app.ui.answer(&format!("project  {}{}", project.display(), exists(&project)));
}
