//! `massgen config set|unset`

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use massgen_isolation::small_file;
use serde_json::json;

use crate::app::App;
use massgen_setup::config::edit::{self, EditError};
use massgen_setup::config::file::Owner;
use massgen_setup::config::{layers, setting};
use massgen_terminal::CommandError;

/// Set a value
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen config set analysis.model openai/gpt-6-luna\n  massgen config set analysis.max_cost 0.50 --in-project\n  \
                  massgen config set 'models.\"mine/big\".input_per_mtok' 1.5"
)]
pub(crate) struct SetArgs {
    /// Key, as `massgen config show` lists it
    key: String,
    /// Value; a list accepts several
    #[arg(required = true, allow_negative_numbers = true)]
    value: Vec<String>,
    /// Edit the project's file instead of yours
    #[arg(long)]
    in_project: bool,
}

/// Take a value away
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen config unset analysis.model")]
pub(crate) struct UnsetArgs {
    /// Key, as `massgen config show` lists it
    key: String,
    /// Edit the project's file instead of yours
    #[arg(long)]
    in_project: bool,
}

pub(crate) fn set(app: &App, args: &SetArgs) -> Result<(), CommandError> {
    let (path, owner) = file(app, args.in_project)?;
    let refused = |error: EditError| explain(&error, &path);
    let place = edit::place(&args.key, owner).map_err(refused)?;
    let text = place.set(&read(&path)?, &args.value).map_err(refused)?;
    save(&path, &text)?;
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "config-set/1", "key": args.key, "value": args.value.join("\n"), "file": path}));
    } else {
        app.ui.status(&format!("{} is {} in {}.", args.key, args.value.join(", "), path.display()));
    }
    warn_of_new(app);
    Ok(())
}

/// What the files say now, and did not say before: half a price, for example.
fn warn_of_new(app: &App) {
    let now = layers::load(&app.environment).warnings;
    for warning in now.iter().filter(|warning| !app.config.warnings.contains(warning)) {
        app.ui.warn(warning);
    }
}

pub(crate) fn unset(app: &App, args: &UnsetArgs) -> Result<(), CommandError> {
    let (path, owner) = file(app, args.in_project)?;
    let refused = |error: EditError| explain(&error, &path);
    let place = edit::place(&args.key, owner).map_err(refused)?;
    let Some(text) = place.unset(&read(&path)?).map_err(refused)? else {
        return Err(CommandError::failed("not-set", format!("{} is not set", args.key))
            .with_cause(format!("{} does not have it", path.display()))
            .hint("`massgen config show` tells what is set, and in which file"));
    };
    save(&path, &text)?;
    if app.ui.manner.json {
        app.ui
            .json(&json!({"schema": "config-set/1", "key": args.key, "value": null, "file": path}));
    } else {
        app.ui.status(&format!("{} is no longer in {}.", args.key, path.display()));
    }
    warn_of_new(app);
    Ok(())
}

fn file(app: &App, in_project: bool) -> Result<(PathBuf, Owner), CommandError> {
    if in_project {
        return Ok((layers::project_file(&app.environment), Owner::Project));
    }
    let path = layers::user_file(&app.environment).ok_or_else(|| {
        CommandError::failed("no-home", "you have no place for a configuration")
            .with_cause("neither HOME nor MASSGEN_CONFIG_DIR is set")
            .hint("--in-project writes the project's file")
    })?;
    Ok((path, Owner::User))
}

fn explain(error: &EditError, path: &Path) -> CommandError {
    let words = CommandError::usage(error.to_string()).because_source(error);
    match error {
        EditError::Unknown(key) => {
            let names = setting::SETTINGS.iter().map(|setting| setting.key);
            let near = massgen_models::suggest::nearest(key, names, 1);
            let near = near.first().map(|near| format!("did you mean {near}?"));
            words.hint(near.unwrap_or_else(|| "`massgen config show` lists them all".into()))
        }
        EditError::Key { .. } => words.hint(
            "names with other characters stand in quotes: models.\"openai/gpt-6-luna\".input_per_mtok",
        ),
        EditError::NotForProjects(_) => words.hint("leave --in-project out to set it for yourself"),
        EditError::Value { .. } => words.hint("`massgen config show` tells what each setting means"),
        EditError::NotATable(_) | EditError::Broken(_) => {
            words.hint(format!("mend {}", path.display()))
        }
    }
}

fn read(path: &Path) -> Result<String, CommandError> {
    match small_file::read_text(path, layers::BYTES_MAX) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            Err(CommandError::failed("file", format!("{} can't be read", path.display()))
                .because(&error)
                .hint("it has to be a text in UTF-8 that you may read"))
        }
    }
}

fn save(path: &Path, text: &str) -> Result<(), CommandError> {
    replace(path, text).map_err(|error| {
        CommandError::failed("file", format!("{} can't be written", path.display()))
            .because(&error)
            .hint("`massgen config path` shows the files; MASSGEN_CONFIG_DIR moves yours")
    })
}

/// Whoever reads the file sees the old or the new one. A link stays one, and so do its permissions.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let mode = std::fs::metadata(&path).map_or(0o644, |meta| meta.permissions().mode() & 0o777);
    let mut file = tempfile::Builder::new().prefix(".massgen-").tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    std::fs::File::open(dir)?.sync_all()
}
