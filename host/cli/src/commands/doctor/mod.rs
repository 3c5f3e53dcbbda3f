//! `massgen doctor`: looks at everything that the program stands on, and says what to do about what is wrong.

mod check;
mod isolation;
mod models;
mod places;

use serde_json::json;

use crate::app::App;
use check::{Check, Health};
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BAD, BOLD, DIM, GOOD, Ui, WARN, human};

/// Check keys, plugins, directories, git, the kernel and sessions
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen doctor\n  massgen doctor --json\n\n\
    Asks no service: `massgen models --refresh` does. Ends with 1 if something has to be mended.")]
pub(crate) struct DoctorArgs {}

pub(crate) fn run(app: &App, _: &DoctorArgs) -> Result<Exit, CommandError> {
    let checks: Vec<Check> = [
        models::keys(app),
        models::model(app),
        models::plugins(app),
        places::directories(app),
        places::runs(app),
        isolation::git(app),
        isolation::kernel(app),
        isolation::confinement(),
        isolation::sessions(app),
    ]
    .into_iter()
    .flatten()
    .collect();
    let bad = checks.iter().filter(|check| check.health == Health::Bad).count();
    if app.ui.manner.json {
        let checks: Vec<_> = checks.iter().map(Check::to_json).collect();
        app.ui.json(&json!({"schema": "doctor/1", "healthy": bad == 0, "checks": checks}));
    } else {
        app.ui.answer(&render(&app.ui, &checks, bad));
    }
    Ok(if bad == 0 { Exit::Done } else { Exit::Failed })
}

fn render(ui: &Ui, checks: &[Check], bad: usize) -> String {
    let wide = checks.iter().map(|check| check.subject.len()).max().unwrap_or_default();
    let mut text = String::new();
    for check in checks {
        let style = match check.health {
            Health::Ok => GOOD,
            Health::Note => WARN,
            Health::Bad => BAD,
        };
        let indent = wide + 7;
        let mut lines = format!(
            "{style}{:<4}{style:#} {BOLD}{:<wide$}{BOLD:#}  {}\n",
            check.health.word(),
            check.subject,
            human::clean(&check.found),
        );
        if let Some(remedy) = &check.remedy {
            lines.push_str(&format!("{:indent$}{DIM}{}{DIM:#}\n", "", human::clean(remedy)));
        }
        text.push_str(&ui.fit(&lines, indent));
    }
    text.push_str(&match bad {
        0 => "\nEverything that is needed works.\n".to_string(),
        1 => "\nOne thing has to be mended.\n".to_string(),
        bad => format!("\n{bad} things have to be mended.\n"),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use massgen_terminal::Manner;

    #[test]
    fn remedies_stand_below_what_they_mend() {
        let checks = [
            Check::ok("git", "git 2.47.3"),
            Check::bad("state", "\u{1b}[2Jcan't be written", "set MASSGEN_STATE_DIR"),
        ];
        let manner = Manner {
            json: false,
            quiet: false,
            verbose: false,
            color: anstream::ColorChoice::Never,
        };
        let text = render(&Ui::new(manner), &checks, 1);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            text,
            "ok   git    git 2.47.3\nbad  state  \u{fffd}[2Jcan't be written\n            set MASSGEN_STATE_DIR\n\n\
             One thing has to be mended.\n"
        );
    }
}
