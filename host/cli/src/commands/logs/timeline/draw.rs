//! The timeline as text: two rows for each agent, what it did and which tools it used meanwhile.

use massgen_logs::timeline::{Lane, Mark, Timeline, Track};

use massgen_terminal::{BAD, BOLD, DIM, GOOD, WARN, human};

/// Columns for an agent's name.
const NAME_MAX: usize = 18;

/// Events that are listed below the lanes.
const LISTED_MAX: usize = 60;

/// A line for each event, below the lanes, is this wide at least; narrower terminals get shorter ones.
const ROOMY: usize = 60;

/// What the signs mean.
const LEGEND: &[&str] = &[
    "▓ first answer",
    "▒ voting",
    "█ presenting",
    "╌ cut off",
    "A answer",
    "V vote",
    "R restart",
    "F final",
    "! trouble",
    "T timeout",
    "▪ tool",
    "✗ failed",
    "… unfinished",
    "~ background",
];

/// The room that there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Columns.
    pub(super) width: usize,
    /// Lines; none: as many as it takes.
    pub(super) height: Option<usize>,
    /// Every event, and restarts too.
    pub(super) all: bool,
}

/// Draws a turn.
pub(super) fn draw(timeline: &Timeline, frame: Frame) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#} turn {}\n", timeline.run, timeline.turn);
    if let Some(question) = &timeline.question {
        text.push_str(&human::cut(question, frame.width));
        text.push('\n');
    }
    let legend = format!("{DIM}{}{DIM:#}\n", human::flow(LEGEND, "  ", frame.width));
    match frame.height {
        None => {
            for track in &timeline.attempts {
                text.push('\n');
                text.push_str(&lanes(track, frame).concat());
                let events = events(track, frame);
                if !events.is_empty() {
                    text.push('\n');
                    text.push_str(&events.concat());
                }
            }
            text.push('\n');
            text.push_str(&legend);
        }
        Some(height) => {
            if let Some(track) = timeline.attempts.last() {
                let (lanes, events) = (lanes(track, frame), events(track, frame));
                text.push_str(&fitting(&lanes, &events, &legend, height, text.lines().count()));
            }
        }
    }
    text
}

/// What of the last attempt fits below `above` lines: its lanes, what the signs mean, and its newest events, in this
/// order.
fn fitting(
    lanes: &[String],
    events: &[String],
    legend: &str,
    height: usize,
    above: usize,
) -> String {
    // The last line stays empty: a line end on it would scroll.
    let room = height.saturating_sub(above + 1);
    let mut text = String::new();
    let shown = if lanes.len() <= room { lanes.len() } else { room.saturating_sub(1) };
    text.push_str(&lanes[..shown].concat());
    if shown < lanes.len() {
        text.push_str(&format!("{DIM}… the window is too low for the rest{DIM:#}\n"));
        return text;
    }
    let legend_lines = legend.lines().count();
    let mut left = room - shown;
    if left > legend_lines + 1 {
        left -= legend_lines + 1;
        let newest = &events[events.len().saturating_sub(left.saturating_sub(1))..];
        if !newest.is_empty() {
            text.push('\n');
            text.push_str(&newest.concat());
        }
        text.push('\n');
        text.push_str(legend);
    }
    text
}

/// The head of an attempt, its axis, and two rows for each agent, a line each.
fn lanes(track: &Track, frame: Frame) -> Vec<String> {
    let width = frame.width;
    let wall = human::duration(track.wall_ms);
    // Whoever watches sees whether it goes on; the files do not tell.
    let goes_on = frame.height.is_some() && track.outcome == "killed";
    let (ended, winner) = match track.winner.as_deref().map(human::clean) {
        None if goes_on => (format!("{wall} so far"), String::new()),
        Some(winner) if goes_on => (format!("{wall} so far;"), format!("{winner} presents")),
        winner => (
            format!("{} after {wall};", track.outcome.replace('_', " ")),
            format!("{} presented", winner.as_deref().unwrap_or("nobody")),
        ),
    };
    let number = format!("attempt {}", track.attempt);
    let head = human::flow(&[&format!("{number}:"), &ended, &winner], " ", width);
    let head = head.replacen(&number, &format!("{BOLD}{number}{BOLD:#}"), 1);
    let mut lines: Vec<String> = head.lines().map(|line| format!("{line}\n")).collect();
    let name = name_columns(track, width);
    let columns = width.saturating_sub(name + 3).clamp(10, 400);
    let scale = Scale { wall_ms: last_ms(track), columns };
    lines.push(format!("{} {DIM}{}{DIM:#}\n", " ".repeat(name + 1), axis(&scale)));
    for lane in &track.lanes {
        let style = if lane.won { GOOD } else { BOLD };
        lines.push(format!(
            "{style}{}{style:#} │{}\n",
            padded(&lane.agent, name),
            rounds(lane, &scale)
        ));
        if !lane.calls.is_empty() {
            lines.push(format!("{} │{}\n", " ".repeat(name), calls(lane, &scale)));
        }
    }
    lines
}

/// Columns for names: what the longest takes, within reason.
pub(super) fn name_columns(track: &Track, width: usize) -> usize {
    let longest = track.lanes.iter().map(|lane| human::columns(&human::clean(&lane.agent)));
    longest.max().unwrap_or(0).clamp(5, NAME_MAX.min(width / 4).max(5))
}

fn padded(name: &str, columns: usize) -> String {
    let name = human::cut(name, columns);
    let gap = " ".repeat(columns.saturating_sub(human::columns(&name)));
    name + &gap
}

/// The end of what is drawn: an attempt without events has rounds all the same.
fn last_ms(track: &Track) -> u64 {
    let rounds = track.lanes.iter().flat_map(|lane| &lane.rounds).map(|round| round.end_ms);
    rounds.max().unwrap_or(0).max(track.wall_ms).max(1)
}

struct Scale {
    wall_ms: u64,
    columns: usize,
}

impl Scale {
    fn column(&self, ms: u64) -> usize {
        let share = ms.min(self.wall_ms) as f64 / self.wall_ms as f64;
        ((share * self.columns as f64) as usize).min(self.columns - 1)
    }
}

fn axis(scale: &Scale) -> String {
    let mut line = vec![' '; scale.columns];
    let steps = (scale.columns / 16).clamp(1, 8);
    for step in 0..=steps {
        let ms = scale.wall_ms * step as u64 / steps as u64;
        let label = human::duration(ms);
        let at = scale.column(ms).min(scale.columns.saturating_sub(label.chars().count()));
        for (offset, c) in label.chars().enumerate() {
            if let Some(cell) = line.get_mut(at + offset) {
                *cell = c;
            }
        }
    }
    line.into_iter().collect()
}

fn rounds(lane: &Lane, scale: &Scale) -> String {
    let mut cells = vec![' '; scale.columns];
    for round in &lane.rounds {
        let sign = match (round.outcome, round.kind.as_str()) {
            ("restarted", _) => '╌',
            (_, "presentation") => '█',
            (_, "initial_answer") => '▓',
            _ => '▒',
        };
        cells[scale.column(round.start_ms)..=scale.column(round.end_ms)].fill(sign);
    }
    // What matters more is put on later: it stays where several fall on one column.
    let mut marks: Vec<&Mark> = lane.marks.iter().collect();
    marks.sort_by_key(|mark| weight(mark.kind));
    for mark in marks {
        cells[scale.column(mark.at_ms)] = sign(mark.kind);
    }
    paint(&cells)
}

fn weight(kind: &str) -> u8 {
    match kind {
        "restart" => 1,
        "vote" => 2,
        "answer" => 3,
        "trouble" => 4,
        "timeout" | "final" => 5,
        _ => 0,
    }
}

fn sign(kind: &str) -> char {
    match kind {
        "answer" => 'A',
        "vote" => 'V',
        "restart" => 'R',
        "final" => 'F',
        "trouble" => '!',
        "timeout" => 'T',
        _ => '·',
    }
}

fn calls(lane: &Lane, scale: &Scale) -> String {
    let mut cells = vec![' '; scale.columns];
    let mut bars: Vec<_> = lane.calls.iter().collect();
    bars.sort_by_key(|call| call.state == "failed");
    for call in bars {
        let sign = match call.state {
            "failed" => '✗',
            "unfinished" => '…',
            "background" => '~',
            _ => '▪',
        };
        cells[scale.column(call.start_ms)..=scale.column(call.end_ms)].fill(sign);
    }
    paint(&cells)
}

/// Colours runs of equal signs.
fn paint(cells: &[char]) -> String {
    let mut text = String::new();
    for run in cells.chunk_by(|a, b| a == b) {
        let signs: String = run.iter().collect();
        let style = match run[0] {
            'F' | '█' => GOOD,
            'R' | '╌' | '~' => DIM,
            '!' | '✗' | 'T' => BAD,
            '…' | 'V' => WARN,
            'A' => BOLD,
            _ => {
                text.push_str(&signs);
                continue;
            }
        };
        text.push_str(&format!("{style}{signs}{style:#}"));
    }
    text.trim_end().to_string()
}

/// The events of an attempt, a line each.
fn events(track: &Track, frame: Frame) -> Vec<String> {
    let mut marks: Vec<(&str, &Mark)> = track
        .lanes
        .iter()
        .flat_map(|lane| lane.marks.iter().map(move |mark| (lane.agent.as_str(), mark)))
        .chain(track.marks.iter().map(|mark| ("", mark)))
        .filter(|(_, mark)| frame.all || mark.kind != "restart")
        .collect();
    marks.sort_by_key(|(_, mark)| (mark.at_ms, mark.line));
    let most = if frame.all || frame.height.is_some() { usize::MAX } else { LISTED_MAX };
    let name = name_columns(track, frame.width);
    let mut lines: Vec<String> = marks
        .iter()
        .take(most)
        .map(|(agent, mark)| one(agent, mark, name, frame.width) + "\n")
        .collect();
    if marks.len() > most {
        lines.push(format!("… and {} more: --verbose lists all\n", marks.len() - most));
    }
    lines
}

/// One event on a line of its own. A narrow one names the line of `events.jsonl` alone.
pub(super) fn one(agent: &str, mark: &Mark, name: usize, width: usize) -> String {
    let style = match mark.kind {
        "trouble" | "timeout" => BAD,
        "final" => GOOD,
        "answer" => BOLD,
        _ => DIM,
    };
    let (gap, file) = if width < ROOMY { (" ", "") } else { ("  ", "events.jsonl") };
    let place = if mark.line > 0 { format!("{gap}{file}:{}", mark.line) } else { String::new() };
    let head = format!("{:>9}{gap}{}{gap}", human::duration(mark.at_ms), padded(agent, name));
    // The text of some begins with what they are.
    let kind = mark.kind.replace('_', " ");
    let text = human::clean(&mark.text);
    let rest = text.strip_prefix(&kind).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let text = rest.unwrap_or(&text).trim_start();
    let taken = human::columns(&head) + human::columns(&place) + human::columns(&kind) + 1;
    format!(
        "{head}{style}{kind}{style:#} {}{DIM}{place}{DIM:#}",
        human::cut(text, width.saturating_sub(taken).max(1))
    )
}
