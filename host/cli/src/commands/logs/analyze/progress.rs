//! How an analysis goes: one moving line on a terminal, plain lines elsewhere; and the transcript, which
//! is the same story for machines.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use massgen_analysis::analysis_log::Record;
use massgen_analysis::drive::{Listener, Progress};

use massgen_terminal::{Ui, human};

/// Tells and records.
pub(crate) struct Reporter<'a> {
    ui: &'a Ui,
    bar: Option<ProgressBar>,
    /// Before each line, where several are at work.
    name: String,
    spent: String,
    step: u32,
    path: PathBuf,
    /// Waits for the first reply: an analysis that gave nothing leaves no transcript.
    start: Option<Record>,
    file: Option<File>,
    problem: Option<std::io::Error>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(ui: &'a Ui, transcript: &Path, start: Record) -> Self {
        let bar = ui.interactive().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            ui,
            bar,
            name: String::new(),
            spent: String::new(),
            step: 0,
            path: transcript.to_path_buf(),
            start: Some(start),
            file: None,
            problem: None,
        }
    }

    /// One of several: plain lines, which begin with its name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.name = format!("{name}, ");
        self
    }

    /// Goes on with a transcript that is there.
    pub(crate) fn continue_with(&mut self, records: &[Record]) {
        let kept: Vec<Record> = records
            .iter()
            .filter(|record| !matches!(record, Record::Failed { .. } | Record::Start { .. }))
            .cloned()
            .collect();
        for record in &kept {
            self.record(record);
        }
    }

    /// Ends the line. Gives why the transcript could not be written, if it could not.
    pub(crate) fn finish(self) -> Option<std::io::Error> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.problem
    }

    fn say(&self, text: &str, worth_a_line: bool) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("step {}: {text}{}", self.step, self.spent)),
            None if worth_a_line && !self.ui.manner.json => {
                self.ui.status(&format!("{}step {}: {text}{}", self.name, self.step, self.spent));
            }
            None => {}
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.ui.warn(text)),
            None => self.ui.warn(&format!("{}{text}", self.name)),
        }
    }

    fn append(&mut self, record: &Record) -> std::io::Result<()> {
        if self.file.is_none() {
            let mut file = private(&self.path)?;
            if let Some(start) = self.start.take() {
                writeln!(file, "{}", serde_json::to_string(&start)?)?;
            }
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", serde_json::to_string(record)?)?;
            file.sync_data()?;
        }
        Ok(())
    }
}

/// A transcript quotes logs: it is for the user alone.
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

impl Listener for Reporter<'_> {
    fn progress(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Asking { step, input_tokens } => {
                self.step = step;
                self.say(&format!("asking (about {} tokens)", human::count(input_tokens)), true);
            }
            Progress::Receiving { chars } => {
                self.say(&format!("receiving ({} characters)", human::count(chars as u64)), false);
            }
            Progress::Reading { tool, args } => {
                self.say(&format!("{} {}", human::clean(tool), human::cut(args, 60)), true);
            }
            Progress::Retrying { attempt, wait_ms, failure } => {
                self.line(&format!(
                    "attempt {attempt} failed ({}); trying again in {}",
                    human::cut(&failure.message, 160),
                    human::duration(wait_ms)
                ));
            }
            Progress::Notice(text) => self.line(&human::clean(text)),
            Progress::Spent { tokens, cost_usd } => {
                self.spent =
                    format!(" [{} tokens, {}]", human::count(tokens), human::cost(cost_usd));
            }
        }
    }

    fn record(&mut self, record: &Record) {
        // What failed without a reply leaves nothing to go on with.
        if matches!(record, Record::Failed { .. }) && self.file.is_none() {
            return;
        }
        if self.problem.is_none()
            && let Err(error) = self.append(record)
        {
            self.problem = Some(error);
        }
    }
}
