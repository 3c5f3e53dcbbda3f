//! The terminal: writes answers to stdout and everything else to stderr, with colour and width to suit.

use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::error::CommandError;
use crate::{human, wrap};

/// Headings and names.
pub const BOLD: Style = Style::new().bold();
/// Secondary text.
pub const DIM: Style = Style::new().dimmed();
/// Warnings.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Success.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Failure.
pub const BAD: Style = AnsiColor::Red.on_default();

/// Shows a line that a plugin logged; it comes from within an exchange, where no `Ui` is at hand.
pub fn plugin_line(level: &str, line: &str) {
    drop(writeln!(std::io::stderr(), "plugin {level}: {}", human::clean(line)));
}

/// Shows a line of an agent that runs beside others.
pub fn agent_line(name: &str, line: &str) {
    drop(writeln!(std::io::stderr(), "{name} │ {line}"));
}

/// How talkative and colourful to be.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// `--json`: stdout carries one JSON document.
    pub json: bool,
    /// `--quiet`: no status lines.
    pub quiet: bool,
    /// `--verbose`: details on stderr.
    pub verbose: bool,
    /// `--color`.
    pub color: ColorChoice,
}

/// The terminal, or what stands in its place.
pub struct Ui {
    /// The options this terminal was opened with.
    pub manner: Manner,
}

impl Ui {
    /// Returns a terminal with these options.
    pub fn new(manner: Manner) -> Self {
        Self { manner }
    }

    /// Writes the answer. A closed pipe (`| head`) is not an error.
    pub fn answer(&self, text: &str) {
        let mut out = AutoStream::new(std::io::stdout(), self.color_for(&std::io::stdout()));
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        drop(write!(out, "{text}{newline}").and_then(|()| out.flush()));
    }

    /// Writes a line of the answer; false if nobody reads it any more.
    pub fn line(&self, text: &str) -> bool {
        let mut out = AutoStream::new(std::io::stdout(), self.color_for(&std::io::stdout()));
        writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
    }

    /// Draws over what the terminal shows, from the top and without a moment of nothing; false if nobody reads it any
    /// more. Without colours, too: the cursor has none.
    pub fn redraw(&self, text: &str) -> bool {
        let plain = self.color_for(&std::io::stdout()) == ColorChoice::Never;
        let text = if plain { anstream::adapter::strip_str(text).to_string() } else { text.into() };
        let lines = text.lines().map(|line| format!("{line}\x1b[K\n"));
        let mut out = std::io::stdout();
        write!(out, "\x1b[H{}\x1b[J", lines.collect::<String>()).and_then(|()| out.flush()).is_ok()
    }

    /// Writes a patch: byte for byte into a pipe or a file; on a terminal coloured, and without anything
    /// that would speak to it.
    pub fn patch(&self, patch: &[u8]) {
        if !std::io::stdout().is_terminal() {
            let mut out = std::io::stdout();
            return drop(out.write_all(patch).and_then(|()| out.flush()));
        }
        let mut text = String::new();
        for line in String::from_utf8_lossy(patch).lines() {
            let style = match line.as_bytes().first() {
                _ if line.starts_with("+++") || line.starts_with("---") => BOLD,
                Some(b'+') => GOOD,
                Some(b'-') => BAD,
                Some(b'@') => DIM,
                Some(b'd') => BOLD,
                _ => Style::new(),
            };
            text.push_str(&format!("{style}{}{style:#}\n", human::clean(line)));
        }
        self.answer(&text);
    }

    /// Writes the one JSON document of `--json`.
    pub fn json(&self, document: &impl serde::Serialize) {
        match serde_json::to_string_pretty(document) {
            Ok(text) => self.answer(&text),
            Err(error) => self.warn(&format!("the JSON document can't be written: {error}")),
        }
    }

    /// Says what is happening, unless `--quiet`.
    pub fn status(&self, text: &str) {
        if !self.manner.quiet {
            self.err_line(text);
        }
    }

    /// Says what only `--verbose` wants to know.
    pub fn detail(&self, text: &str) {
        if self.manner.verbose {
            self.err_line(&format!("{DIM}{text}{DIM:#}"));
        }
    }

    /// Warns, even with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.err_line(&format!("{WARN}warning:{WARN:#} {text}"));
    }

    /// Shows why a command failed; as JSON on stdout too where that was asked for.
    pub fn error(&self, error: &CommandError) {
        if self.manner.json {
            self.json(&error.to_json());
        }
        self.error_text(error);
    }

    /// Shows why a command did not do all of its work, on stderr alone.
    pub fn error_text(&self, error: &CommandError) {
        let mut text = format!("{BAD}error:{BAD:#} {}", error.message);
        for cause in &error.causes {
            text.push_str(&format!("\n  because: {}", human::clean(cause)));
        }
        for hint in &error.hints {
            text.push_str(&format!("\n  hint: {hint}"));
        }
        self.err_line(&text);
    }

    /// Asks a yes-or-no question; no without a terminal.
    pub fn confirm(&self, question: &str) -> bool {
        if !self.interactive() || !std::io::stdin().is_terminal() {
            return false;
        }
        let mut err = self.stderr();
        drop(write!(err, "{question} [y/N] ").and_then(|()| err.flush()));
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
    }

    /// Asks for a line on stdout; whoever asks reads it.
    pub fn prompt(&self, question: &str) {
        let mut out = AutoStream::new(std::io::stdout(), self.color_for(&std::io::stdout()));
        drop(write!(out, "{question}").and_then(|()| out.flush()));
    }

    /// Whether the answer is coloured.
    pub fn is_colored(&self) -> bool {
        self.color_for(&std::io::stdout()) != ColorChoice::Never
    }

    /// Somebody watches stderr: progress may move.
    pub fn interactive(&self) -> bool {
        !self.manner.quiet && !self.manner.json && std::io::stderr().is_terminal()
    }

    /// Columns that the answer may take: those of the terminal that shows it, else those of `COLUMNS`, else
    /// many, so that files get whole lines.
    pub fn width(&self) -> u16 {
        self.columns().unwrap_or(160).max(40)
    }

    /// Long lines broken between words, if somebody said how wide they may be; what is broken off begins
    /// below column `hang`.
    pub fn fit(&self, text: &str, hang: usize) -> String {
        self.columns().map_or_else(|| text.to_string(), |width| wrap::wrap(text, hang, width))
    }

    fn columns(&self) -> Option<u16> {
        let of = |size: Option<(terminal_size::Width, _)>| size.map(|(width, _)| width.0);
        let told = || std::env::var("COLUMNS").ok()?.parse().ok();
        // What goes through a pager or `head` is shown by the terminal that shows our status, too.
        let is_pipe = || {
            let stat = rustix::fs::fstat(std::io::stdout()).ok()?;
            let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
            (kind == rustix::fs::FileType::Fifo).then_some(())
        };
        of(terminal_size::terminal_size_of(std::io::stdout())).or_else(told).or_else(|| {
            is_pipe().and_then(|()| of(terminal_size::terminal_size_of(std::io::stderr())))
        })
    }

    /// Lines of the terminal that shows the answer; none where there is none.
    pub fn height(&self) -> Option<usize> {
        let size = terminal_size::terminal_size_of(std::io::stdout());
        size.map(|(_, terminal_size::Height(lines))| usize::from(lines))
    }

    fn err_line(&self, text: &str) {
        let text = match terminal_size::terminal_size_of(std::io::stderr()) {
            Some((terminal_size::Width(columns), _)) => wrap::wrap_each(text, columns),
            None => text.to_string(),
        };
        let mut err = self.stderr();
        drop(writeln!(err, "{text}"));
    }

    fn stderr(&self) -> AutoStream<std::io::Stderr> {
        AutoStream::new(std::io::stderr(), self.color_for(&std::io::stderr()))
    }

    fn color_for(&self, stream: &impl anstream::stream::RawStream) -> ColorChoice {
        match self.manner.color {
            ColorChoice::Auto => AutoStream::choice(stream),
            decided => decided,
        }
    }
}
