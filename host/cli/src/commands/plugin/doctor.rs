//! `massgen plugin doctor [DIR]`

use std::path::{Path, PathBuf};
use std::process::Command;

use massgen_componentise::TARGET;
use serde_json::{Value, json};

use crate::app::App;
use massgen_terminal::Exit;
use massgen_terminal::{BAD, GOOD, WARN, human};

/// Look for what keeps plugins from being built or run
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen plugin doctor\n  massgen plugin doctor acme")]
pub(crate) struct DoctorArgs {
    /// Directory of a plugin whose copy of the contract is compared
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// Something can't be done; the rest can.
    Poor,
    Bad,
}

struct Finding {
    what: &'static str,
    health: Health,
    said: String,
    fix: Option<String>,
}

pub(super) fn run(app: &App, args: &DoctorArgs) -> Exit {
    let mut findings = vec![tool("cargo", "install Rust: https://rustup.rs"), target(), cache(app)];
    findings.extend(added(app));
    findings.extend(contract(&app.environment.path(&args.dir)));
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    if app.ui.manner.json {
        let lines: Vec<Value> = findings
            .iter()
            .map(|f| json!({"what": f.what, "ok": f.health == Health::Good, "said": f.said, "fix": f.fix}))
            .collect();
        app.ui.json(&json!({"schema": "plugin-doctor/1", "ok": !bad, "findings": lines}));
    } else {
        let mut lines = Vec::new();
        for finding in &findings {
            let mark = match finding.health {
                Health::Good => format!("{GOOD}ok{GOOD:#}  "),
                Health::Poor => format!("{WARN}warn{WARN:#}"),
                Health::Bad => format!("{BAD}bad{BAD:#} "),
            };
            lines.push(format!("{mark}  {}: {}", finding.what, human::clean(&finding.said)));
            lines.extend(finding.fix.iter().map(|fix| format!("      {fix}")));
        }
        app.ui.answer(&app.ui.fit(&lines.join("\n"), 6));
    }
    if bad { Exit::Failed } else { Exit::Done }
}

/// What a program says of its version. Only authors need it: without it, plugins run all the same.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn tool(program: &'static str, fix: &str) -> Finding {
    match said(program, &["--version"]) {
        Some(version) => Finding { what: program, health: Health::Good, said: version, fix: None },
        None => Finding {
            what: program,
            health: Health::Poor,
            said: "it can't be started, so that plugins can't be built here".into(),
            fix: Some(fix.into()),
        },
    }
}

fn target() -> Finding {
    let there = said("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|dir| Path::new(&dir).is_dir());
    let fix = (!there).then(|| format!("rustup target add {TARGET}"));
    let health = if there { Health::Good } else { Health::Poor };
    let said = if there { "it is installed" } else { "it is not installed" };
    Finding { what: TARGET, health, said: said.into(), fix }
}

fn cache(app: &App) -> Finding {
    let what = "compiled plugins";
    match app.environment.cache_dir() {
        Some(dir) => Finding {
            what,
            health: Health::Good,
            said: format!("kept below {}", dir.display()),
            fix: None,
        },
        None => Finding {
            what,
            health: Health::Poor,
            said: "there is no place to keep them: each start compiles them again".into(),
            fix: Some("set HOME or MASSGEN_CACHE_DIR".into()),
        },
    }
}

fn added(app: &App) -> Vec<Finding> {
    let added = app.providers.plugins().filter(|installed| !installed.is_embedded());
    added
        .map(|installed| match &installed.trouble {
            None => Finding {
                what: "added plugin",
                health: Health::Good,
                said: format!("{} is what was added", installed.manifest.label()),
                fix: None,
            },
            Some(trouble) => Finding {
                what: "added plugin",
                health: Health::Bad,
                said: format!("{} is refused: {trouble}", installed.manifest.id),
                fix: Some(format!("massgen plugin update {}", installed.manifest.id)),
            },
        })
        .collect()
}

/// The copy of the contract in a plugin's folder against the one that this program speaks.
fn contract(dir: &Path) -> Vec<Finding> {
    let files = massgen_bundle::SOURCES.iter().filter(|(path, _)| path.starts_with("wit/"));
    files
        .filter_map(|(path, ours)| {
            let theirs = std::fs::read_to_string(dir.join("vendor").join(path)).ok()?;
            let same = theirs == *ours;
            Some(Finding {
                what: "contract",
                health: if same { Health::Good } else { Health::Bad },
                said: format!(
                    "vendor/{path} {}",
                    if same { "is this program's" } else { "differs from this program's" }
                ),
                fix: (!same).then(|| "massgen plugin new NAME in another folder has the current one: copy its vendor/ here".into()),
            })
        })
        .collect()
}
