//! A review prompt by prompt, for screen readers, slow lines and scripts.

use std::io::BufRead;

use massgen_isolation::changeset::{Hunk, Scope};
use massgen_isolation::review::Accept;

use super::colors::{Colors, ansi};
use super::desk::{Desk, Mark, set_hunk};
use super::diff::{FileDiff, facts, headline};
use super::job::{Job, JobError, Outcome};
use super::print::print_hunk;
use super::screen::{FileClasses, summary_rows, told};
use super::text::{Segment, Tone};
use massgen_terminal::Ui;

const HELP: &str = "y  take this
n  leave this
a  take this and all that follows in the file
d  leave this and all that follows in the file
q  end: decisions are kept, nothing is applied
?  this help
Enter  keep it as it is marked
";

enum Answer {
    Yes,
    No,
    AllYes,
    AllNo,
    Keep,
    Quit,
}

struct Plain<'a, 'j> {
    ui: &'a Ui,
    job: &'a mut Job<'j>,
    desk: Desk,
    input: &'a mut dyn BufRead,
    colors: Colors,
}

/// Asks hunk by hunk, then whether to apply. The end of the input leaves everything as it is decided.
pub fn run(
    ui: &Ui,
    job: &mut Job<'_>,
    desk: Desk,
    input: &mut dyn BufRead,
    colors: Colors,
) -> Result<Outcome, JobError> {
    let mut plain = Plain { ui, job, desk, input, colors };
    for tab in 0..plain.desk.tabs.len() {
        for item in 0..plain.desk.tabs[tab].items.len() {
            if !plain.file(tab, item)? {
                plain.job.sync()?;
                return Ok(Outcome::Left);
            }
        }
    }
    plain.job.sync()?;
    plain.end()
}

impl Plain<'_, '_> {
    /// Asks about one file; false ends the review.
    fn file(&mut self, tab: usize, item: usize) -> Result<bool, JobError> {
        let known = &self.desk.tabs[tab].items[item];
        let change = known.change.clone();
        if change.scope != Scope::In && known.accept == Accept::No {
            return Ok(true);
        }
        let file = match super::diff::Diffs::diff(self.job, tab, &change) {
            Ok(file) => file,
            Err(error) => {
                self.ui.warn(&error);
                return Ok(true);
            }
        };
        let mut rows = vec![headline(&change, Some(&file))];
        rows.extend(facts(&change, &file));
        self.ui.answer(&rows.iter().map(|row| ansi(row, self.colors)).collect::<String>());
        self.hunks(tab, item, &file)
    }

    fn hunks(&mut self, tab: usize, item: usize, file: &FileDiff) -> Result<bool, JobError> {
        let sizes: Vec<usize> = file.hunks().iter().map(Hunk::changed_lines).collect();
        let total = sizes.len().max(1);
        for at in 0..total {
            let accept = self.desk.tabs[tab].items[item].accept.clone();
            if !sizes.is_empty() {
                let mut text = String::new();
                _ = print_hunk(file, &accept, at, (self.colors, &FileClasses::new()), &mut |row| {
                    text.push_str(row);
                    Ok(())
                });
                self.ui.answer(&text);
            }
            let mark = match sizes.len() {
                0 => Mark::of(&accept),
                _ => Mark::of_hunk(&accept, at + 1),
            };
            let noun = if sizes.is_empty() { "change" } else { "hunk" };
            let question =
                format!("({}/{total}) {} Take this {noun} [y,n,a,d,q,?]? ", at + 1, mark.sign());
            let answer = self.ask(&question);
            let rest = match answer {
                Answer::Quit => return Ok(false),
                Answer::Keep => continue,
                Answer::Yes | Answer::No => at..at + 1,
                Answer::AllYes | Answer::AllNo => at..total,
            };
            let take = matches!(answer, Answer::Yes | Answer::AllYes);
            let decided = match sizes.len() {
                0 if take => Accept::Yes,
                0 => Accept::No,
                _ => rest.fold(accept, |accept, hunk| set_hunk(&accept, hunk + 1, take, &sizes)),
            };
            self.desk.tabs[tab].items[item].accept = decided;
            self.job.remember(tab, &self.desk.tabs[tab], &[item])?;
            if matches!(answer, Answer::AllYes | Answer::AllNo) {
                break;
            }
        }
        Ok(true)
    }

    fn ask(&mut self, question: &str) -> Answer {
        loop {
            let Some(line) = self.line(question) else { return Answer::Quit };
            return match line.as_str() {
                "y" | "yes" => Answer::Yes,
                "n" | "no" => Answer::No,
                "a" => Answer::AllYes,
                "d" => Answer::AllNo,
                "q" => Answer::Quit,
                "" => Answer::Keep,
                _ => {
                    self.ui.answer(HELP);
                    continue;
                }
            };
        }
    }

    /// None at the end of the input.
    fn line(&mut self, question: &str) -> Option<String> {
        self.ui.prompt(question);
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(n) if n > 0 => Some(line.trim().to_string()),
            _ => {
                self.ui.answer("");
                None
            }
        }
    }

    /// Says what would happen, and asks.
    fn end(&mut self) -> Result<Outcome, JobError> {
        let mut merge = false;
        if self.desk.tabs.iter().all(|tab| tab.items.iter().all(|i| i.accept == Accept::No)) {
            self.ui.answer("Nothing is taken.");
            return Ok(Outcome::Left);
        }
        loop {
            let preview = self.job.preview(&self.desk, merge)?;
            let mut rows = summary_rows(&preview);
            // The question of the full screen names its keys.
            rows.truncate(rows.len() - 2);
            rows.extend(self.desk.tabs.iter().map(|tab| {
                vec![Segment::new(&format!(" {}: {}", tab.label, told(tab.tally())), Tone::Dim)]
            }));
            self.ui.answer(&rows.iter().map(|row| ansi(row, self.colors)).collect::<String>());
            let question = match (preview.conflicts.is_empty(), merge) {
                (true, _) => "Apply this [y,n]? ",
                (false, false) => "Merge both sides [y,n]? ",
                (false, true) => return Ok(Outcome::Left),
            };
            if !matches!(self.line(question).as_deref(), Some("y" | "yes")) {
                return Ok(Outcome::Left);
            }
            if preview.conflicts.is_empty() {
                let applied = self.job.apply(&self.desk, merge, false)?;
                if applied.conflicts.is_empty() {
                    return Ok(Outcome::Applied(applied));
                }
            } else {
                merge = true;
            }
        }
    }
}
