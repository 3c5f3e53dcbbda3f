//! The timeline as text: two rows for each agent, what it did and which tools it used meanwhile.

use massgen_logs::timeline::{Lane, Mark, Timeline, Track};

use crate::ui::{BAD, BOLD, DIM, GOOD, WARN, human};

/// Columns for an agent's name.
const NAME_MAX: usize = 18;

/// Events that are listed below the lanes.
const LISTED_MAX: usize = 60;

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

/// Draws a turn, at most `width` columns wide. `all`: lists every event.
pub(super) fn draw(timeline: &Timeline, width: u16, all: bool) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#} turn {}", timeline.run, timeline.turn);
    if let Some(question) = &timeline.question {
        text.push_str(&format!("\n{}", human::cut(question, usize::from(width))));
    }
    text.push('\n');
    for track in &timeline.attempts {
        text.push('\n');
        draw_track(&mut text, track, usize::from(width), all);
    }
    text.push_str(&format!("\n{DIM}{}{DIM:#}\n", legend(usize::from(width))));
    text
}

/// The legend on as many lines as it needs: a sign that is not explained is no use.
fn legend(width: usize) -> String {
    let (mut text, mut column) = (String::new(), 0);
    for entry in LEGEND {
        let chars = entry.chars().count();
        if column > 0 && column + 2 + chars > width {
            text.push('\n');
            column = 0;
        }
        let gap = if column > 0 { "  " } else { "" };
        text.push_str(gap);
        text.push_str(entry);
        column += gap.len() + chars;
    }
    text
}

fn draw_track(text: &mut String, track: &Track, width: usize, all: bool) {
    let winner = track.winner.as_deref().map_or_else(
        || "nobody presented".into(),
        |winner| format!("{} presented", human::clean(winner)),
    );
    text.push_str(&format!(
        "{BOLD}attempt {}{BOLD:#}: {} after {}; {winner}\n",
        track.attempt,
        track.outcome.replace('_', " "),
        human::duration(track.wall_ms)
    ));
    let name = track.lanes.iter().map(|lane| lane.agent.chars().count()).max().unwrap_or(0);
    let name = name.clamp(5, NAME_MAX);
    let columns = width.saturating_sub(name + 3).clamp(10, 400);
    let scale = Scale { wall_ms: last_ms(track), columns };
    text.push_str(&format!("{} {DIM}{}{DIM:#}\n", " ".repeat(name + 1), axis(&scale)));
    for lane in &track.lanes {
        let style = if lane.won { GOOD } else { BOLD };
        let label = human::cut(&lane.agent, name);
        let pad = " ".repeat(name.saturating_sub(label.chars().count()));
        text.push_str(&format!("{style}{label}{style:#}{pad} │{}\n", rounds(lane, &scale)));
        if !lane.calls.is_empty() {
            text.push_str(&format!("{} │{}\n", " ".repeat(name), calls(lane, &scale)));
        }
    }
    list(text, track, width, all);
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

fn list(text: &mut String, track: &Track, width: usize, all: bool) {
    let mut marks: Vec<(&str, &Mark)> = track
        .lanes
        .iter()
        .flat_map(|lane| lane.marks.iter().map(move |mark| (lane.agent.as_str(), mark)))
        .chain(track.marks.iter().map(|mark| ("", mark)))
        .filter(|(_, mark)| all || mark.kind != "restart")
        .collect();
    marks.sort_by_key(|(_, mark)| (mark.at_ms, mark.line));
    if marks.is_empty() {
        return;
    }
    text.push('\n');
    let most = if all { usize::MAX } else { LISTED_MAX };
    for (agent, mark) in marks.iter().take(most) {
        text.push_str(&one(agent, mark, width));
    }
    if marks.len() > most {
        text.push_str(&format!("… and {} more: --verbose lists all\n", marks.len() - most));
    }
}

/// One event on a line of its own.
pub(super) fn one(agent: &str, mark: &Mark, width: usize) -> String {
    let style = match mark.kind {
        "trouble" | "timeout" => BAD,
        "final" => GOOD,
        "answer" => BOLD,
        _ => DIM,
    };
    let place = if mark.line > 0 { format!("  events.jsonl:{}", mark.line) } else { String::new() };
    let head = format!("{:>9}  {}  ", human::duration(mark.at_ms), human::cut(agent, NAME_MAX));
    let room =
        width.saturating_sub(head.chars().count() + place.chars().count() + mark.kind.len() + 2);
    format!(
        "{head}{style}{}{style:#} {}{DIM}{place}{DIM:#}\n",
        mark.kind.replace('_', " "),
        human::cut(&mark.text, room.max(10))
    )
}
