//! `massgen plugin new NAME`: a crate that builds, passes its checks and needs nothing of this repository. The
//! kit of authors and the contract travel inside this program.

use std::path::PathBuf;

use clap::ValueEnum;
use massgen_bundle::SOURCES;
use serde_json::json;

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Begin a plugin
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin new acme\n  massgen plugin new acme --like anthropic-messages\n  massgen plugin new docs-only --kind isolation-strategy"
)]
pub(crate) struct NewArgs {
    /// Id of the plugin and name of the new directory
    #[arg(value_parser = parse_id)]
    name: String,
    /// Kind of plugin
    #[arg(long, value_enum, default_value_t = KindArg::AnalyzerModel)]
    kind: KindArg,
    /// Template [default: openai-chat, or copy for a strategy]
    #[arg(long, value_enum)]
    like: Option<Like>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArg {
    /// A provider of models
    AnalyzerModel,
    /// A way to make a workspace
    IsolationStrategy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Like {
    /// The dialect of chat completions, which most services speak
    OpenaiChat,
    /// OpenAI's Responses API
    OpenaiResponses,
    /// Anthropic's Messages API
    AnthropicMessages,
    /// Google's generateContent
    Gemini,
    /// A strategy that copies
    Copy,
    /// A strategy that makes work trees of git
    Worktree,
}

/// Where a beginning comes from, and what its names are there.
struct Origin {
    folder: &'static str,
    sdk: &'static str,
    package: &'static str,
    id: &'static str,
    name: &'static str,
    variable: &'static str,
}

impl Like {
    fn kind(self) -> KindArg {
        match self {
            Self::Copy | Self::Worktree => KindArg::IsolationStrategy,
            _ => KindArg::AnalyzerModel,
        }
    }

    fn origin(self) -> Origin {
        let of = |folder, sdk, package, id, name, variable| Origin {
            folder,
            sdk,
            package,
            id,
            name,
            variable,
        };
        match self {
            Self::OpenaiChat => of(
                "templates/chat",
                "sdk",
                "template-chat",
                "template-chat",
                "Template Chat",
                "TEMPLATE_CHAT",
            ),
            Self::OpenaiResponses => {
                of("openai", "sdk", "massgen-provider-openai", "openai", "OpenAI", "OPENAI")
            }
            Self::AnthropicMessages => of(
                "anthropic",
                "sdk",
                "massgen-provider-anthropic",
                "anthropic",
                "Anthropic",
                "ANTHROPIC",
            ),
            Self::Gemini => {
                of("google", "sdk", "massgen-provider-google", "google", "Google", "GEMINI")
            }
            Self::Copy => {
                of("copy", "strategy-sdk", "massgen-strategy-copy", "copy", "Plain copy", "COPY")
            }
            Self::Worktree => of(
                "worktree",
                "strategy-sdk",
                "massgen-strategy-worktree",
                "worktree",
                "Git work tree",
                "WORKTREE",
            ),
        }
    }
}

pub(super) fn run(app: &App, args: &NewArgs) -> Result<Exit, CommandError> {
    let like = args.like.unwrap_or(match args.kind {
        KindArg::AnalyzerModel => Like::OpenaiChat,
        KindArg::IsolationStrategy => Like::Copy,
    });
    if args.like.is_some() && like.kind() != args.kind && args.kind != KindArg::AnalyzerModel {
        return Err(CommandError::usage("--kind and --like contradict each other")
            .hint("leave one of them away"));
    }
    let dir = app.environment.path(&PathBuf::from(&args.name));
    if std::fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is there already and not empty", dir.display());
        return Err(CommandError::new(Exit::Refused, "exists", message).hint("take another name"));
    }
    let files = files(&args.name, like);
    for (path, content) in &files {
        let path = dir.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, content));
        written.map_err(|error| {
            CommandError::failed("new", format!("{} can't be written", path.display()))
                .because(&error)
        })?;
    }
    if app.ui.manner.json {
        let paths: Vec<&String> = files.iter().map(|(path, _)| path).collect();
        app.ui
            .json(&json!({"schema": "plugin-new/1", "id": args.name, "dir": dir, "files": paths}));
    } else {
        app.ui.answer(&dir.display().to_string());
        app.ui.status(&format!("Next: massgen plugin check {}", args.name));
    }
    Ok(Exit::Done)
}

/// The files of a new plugin: path and content.
fn files(name: &str, like: Like) -> Vec<(String, String)> {
    let origin = like.origin();
    let below = |prefix: &str| {
        let prefix = format!("{prefix}/");
        SOURCES
            .iter()
            .filter_map(move |(path, text)| Some((path.strip_prefix(&prefix)?.to_string(), *text)))
            .collect::<Vec<_>>()
    };
    let mut files: Vec<(String, String)> = below(&format!("plugins/{}", origin.folder))
        .into_iter()
        .filter(|(path, _)| path != "Cargo.toml")
        .map(|(path, text)| (path, rename(text, name, &origin)))
        .collect();
    for (from, to) in [
        ("wit".to_string(), "vendor/wit".to_string()),
        (format!("plugins/{}", origin.sdk), format!("vendor/plugins/{}", origin.sdk)),
    ] {
        files.extend(
            below(&from).into_iter().map(|(path, text)| (format!("{to}/{path}"), text.to_string())),
        );
    }
    files.push(("Cargo.toml".into(), cargo_toml(name, &origin)));
    files.extend(
        below("plugins")
            .into_iter()
            .filter(|(path, _)| path == "Cargo.lock")
            .map(|(path, text)| (path, text.to_string())),
    );
    files.push((".gitignore".into(), "/target\n*.wasm\n".into()));
    files
}

/// The crate is a workspace of its own, with the kit of authors inside.
fn cargo_toml(name: &str, origin: &Origin) -> String {
    let workspace = SOURCES
        .iter()
        .find(|(path, _)| *path == "plugins/Cargo.toml")
        .map(|(_, text)| *text)
        .unwrap_or_default();
    let sdk = format!("massgen-{}", if origin.sdk == "sdk" { "plugin-sdk" } else { origin.sdk });
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish = false\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\n{sdk}.workspace = true\nserde_json.workspace = true\n\n[lints]\nworkspace = true\n\n# The settings of massgen's own plugins. The SDK is in vendor/.\n"
    );
    for line in workspace.lines() {
        if line.starts_with("members") {
            text.push_str(&format!("members = [\"vendor/plugins/{}\"]\n", origin.sdk));
        } else if let Some((key, _)) = line.split_once(" = { path = ") {
            if key == sdk {
                text.push_str(&format!("{key} = {{ path = \"vendor/plugins/{}\" }}\n", origin.sdk));
            }
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The names of the origin become the new plugin's.
fn rename(text: &str, name: &str, origin: &Origin) -> String {
    let title = title(name);
    let variable = name.replace('-', "_").to_ascii_uppercase();
    let snake = |name: &str| name.replace('-', "_");
    let mut text = text
        .replace(&snake(origin.package), &snake(name))
        .replace(origin.package, name)
        .replace(&format!("\"{}\"", origin.id), &format!("\"{name}\""))
        .replace(&format!("{}_", origin.variable), &format!("{variable}_"))
        .replace(&format!("\"{}\"", origin.name), &format!("\"{title}\""))
        .replace("api.template-chat.example", &format!("api.{name}.example"))
        .replace("template-1", &format!("{name}-1"))
        .replace("Template 1", &format!("{title} 1"));
    if text.starts_with("schema = 1\n") {
        // Other names of the origin stay its own.
        text = text
            .lines()
            .filter(|line| !line.starts_with("aliases"))
            .map(|line| format!("{line}\n"))
            .collect();
    }
    text
}

/// `acme-ai` is `Acme Ai`.
fn title(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    });
    words.collect::<Vec<_>>().join(" ")
}

fn parse_id(name: &str) -> Result<String, String> {
    let fine = (2..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-');
    if fine && !["core", "std", "alloc", "test"].contains(&name) {
        Ok(name.to_string())
    } else {
        Err("an id has 2 to 40 small letters, digits and `-`, and begins with a letter".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_is_whole_and_bears_the_new_name() {
        for like in Like::value_variants() {
            let files = files("acme-ai", *like);
            let text = |name: &str| {
                let found = files.iter().find(|(path, _)| path == name);
                found.unwrap_or_else(|| panic!("{like:?} lacks {name}")).1.clone()
            };
            let manifest =
                massgen_runtime::manifest::Manifest::parse(&text("plugin.toml")).unwrap();
            assert_eq!(manifest.id, "acme-ai");
            assert!(manifest.aliases.is_empty());
            assert!(text("src/lib.rs").contains("\"acme-ai\""), "{like:?}");
            assert!(!text("src/lib.rs").contains(like.origin().package), "{like:?}");
            let cargo: toml::Table = text("Cargo.toml").parse().unwrap();
            let members = cargo["workspace"]["members"].as_array().unwrap();
            assert_eq!(members.len(), 1);
            assert_eq!(cargo["profile"]["release"]["panic"].as_str(), Some("abort"));
            assert!(!text("Cargo.lock").is_empty());
        }
    }

    #[test]
    fn ids() {
        assert!(parse_id("acme-2").is_ok());
        for bad in ["a", "Acme", "../x", "x_y", "core", "a-"] {
            assert!(parse_id(bad).is_err(), "{bad}");
        }
    }
}
