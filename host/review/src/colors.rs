//! Colours: what segments mean, as a terminal can show it.

use ratatui::style::{Color, Modifier, Style};

use super::text::{Class, Row, Segment, Tone};

/// What the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// None: what matters is told by signs, bold and reversed text.
    None,
    /// The sixteen that people choose themselves.
    Few,
    /// 256: changed lines get a ground of their own.
    Many,
}

/// How a segment looks.
pub(crate) fn style(segment: &Segment, colors: Colors) -> Style {
    let plain = Style::new();
    let bold = plain.add_modifier(Modifier::BOLD);
    let colored = |style: Style, color| match colors {
        Colors::None => style,
        Colors::Few | Colors::Many => style.fg(color),
    };
    let style = match segment.tone {
        Tone::Plain => plain,
        Tone::Dim => match colors {
            Colors::None => plain,
            Colors::Few | Colors::Many => plain.fg(Color::DarkGray),
        },
        Tone::Strong => bold,
        Tone::Heading => colored(bold, Color::Cyan),
        Tone::Risk => colored(bold, Color::Yellow),
        Tone::Mark => colored(bold, Color::Magenta),
        Tone::Bar | Tone::Cursor => bold.add_modifier(Modifier::REVERSED),
        Tone::Found => bold.add_modifier(Modifier::REVERSED | Modifier::UNDERLINED),
        Tone::Added | Tone::Removed => return changed(segment, colors),
    };
    match segment.class {
        Some(class) if colors != Colors::None && segment.tone == Tone::Plain => {
            style.fg(on_plain(class))
        }
        _ => style,
    }
}

/// Lines that came and went.
fn changed(segment: &Segment, colors: Colors) -> Style {
    let added = segment.tone == Tone::Added;
    let style = Style::new();
    match colors {
        Colors::None if segment.changed => {
            style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        }
        Colors::None => style,
        Colors::Few => {
            let style = style.fg(if added { Color::Green } else { Color::Red });
            if segment.changed { style.add_modifier(Modifier::REVERSED) } else { style }
        }
        Colors::Many => {
            let ground = match (added, segment.changed) {
                (true, false) => 22,
                (true, true) => 28,
                (false, false) => 52,
                (false, true) => 88,
            };
            let ink = segment.class.map_or(Color::Indexed(255), on_ground);
            let style = style.bg(Color::Indexed(ground)).fg(ink);
            if segment.changed { style.add_modifier(Modifier::BOLD) } else { style }
        }
    }
}

fn on_plain(class: Class) -> Color {
    match class {
        Class::Comment => Color::DarkGray,
        Class::Keyword => Color::Magenta,
        Class::Name => Color::Blue,
        Class::Number => Color::Yellow,
        Class::Text => Color::Cyan,
    }
}

/// The same on a dark ground, whatever the terminal's own theme.
fn on_ground(class: Class) -> Color {
    Color::Indexed(match class {
        Class::Comment => 249,
        Class::Keyword => 219,
        Class::Name => 117,
        Class::Number => 223,
        Class::Text => 159,
    })
}

/// A row as text with escape sequences, for a pager. Blanks at the end say nothing.
pub(crate) fn ansi(row: &Row, colors: Colors) -> String {
    let mut text = String::new();
    let said = row.iter().rposition(|s| s.tone != Tone::Plain || !s.text.trim().is_empty());
    for segment in &row[..said.map_or(0, |at| at + 1)] {
        let style = match colors {
            Colors::None => anstyle::Style::new(),
            Colors::Few | Colors::Many => to_ansi(style(segment, colors)),
        };
        text.push_str(&format!("{style}{}{style:#}", segment.text));
    }
    text.push('\n');
    text
}

fn to_ansi(style: Style) -> anstyle::Style {
    use anstyle::{Ansi256Color, AnsiColor};
    let color = |color: Color| -> Option<anstyle::Color> {
        Some(match color {
            Color::Indexed(index) => Ansi256Color(index).into(),
            Color::Red => AnsiColor::Red.into(),
            Color::Green => AnsiColor::Green.into(),
            Color::Yellow => AnsiColor::Yellow.into(),
            Color::Blue => AnsiColor::Blue.into(),
            Color::Magenta => AnsiColor::Magenta.into(),
            Color::Cyan => AnsiColor::Cyan.into(),
            Color::DarkGray => AnsiColor::BrightBlack.into(),
            _ => return None,
        })
    };
    let mut ansi =
        anstyle::Style::new().fg_color(style.fg.and_then(color)).bg_color(style.bg.and_then(color));
    for (modifier, effect) in [
        (Modifier::BOLD, anstyle::Effects::BOLD),
        (Modifier::UNDERLINED, anstyle::Effects::UNDERLINE),
        (Modifier::REVERSED, anstyle::Effects::INVERT),
    ] {
        if style.add_modifier.contains(modifier) {
            ansi = ansi.effects(ansi.get_effects() | effect);
        }
    }
    ansi
}
