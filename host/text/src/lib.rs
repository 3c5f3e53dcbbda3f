//! Characters that untrusted text can use to control a terminal or to mislead a reader.
//!
//! This is the only list of them. Names, reports, diffs and terminal output all use it, so that a character that one
//! of them rejects is rejected by the others too.

/// A class of characters that must be escaped, replaced or reported before text from outside is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharClass {
    /// C0 and C1 controls and U+007F: terminals obey them. Includes newline and tab, which callers may allow.
    Control,
    /// Unicode's `Bidi_Control`: reorders the text around it, so that source code reads differently from how it is
    /// compiled.
    Bidi,
    /// U+2028 and U+2029: line breaks that most tools don't count as such.
    LineSeparator,
    /// Draws nothing, or only affects its neighbours: zero-width characters, fillers, soft hyphen, byte order mark,
    /// interlinear annotations, tags.
    Invisible,
}

/// Returns the class of a character, or `None` if it can be shown as it is.
pub fn class_of(c: char) -> Option<CharClass> {
    if c.is_control() {
        Some(CharClass::Control)
    } else if c < '\u{ad}' {
        None
    } else if is_bidi_control(c) {
        Some(CharClass::Bidi)
    } else if matches!(c, '\u{2028}' | '\u{2029}') {
        Some(CharClass::LineSeparator)
    } else if is_invisible(c) {
        Some(CharClass::Invisible)
    } else {
        None
    }
}

/// Returns whether a character must not reach a terminal, a report or a page as it is.
pub fn is_unprintable(c: char) -> bool {
    class_of(c).is_some()
}

fn is_bidi_control(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Unicode's `Default_Ignorable_Code_Point` and the interlinear annotation characters, without the variation
/// selectors U+FE00 to U+FE0F, which are part of ordinary emoji.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_characters() {
        for (class, characters) in [
            (Some(CharClass::Control), "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}"),
            (Some(CharClass::Bidi), "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}"),
            (Some(CharClass::LineSeparator), "\u{2028}\u{2029}"),
            (Some(CharClass::Invisible), "\u{ad}\u{200b}\u{200d}\u{2060}\u{206a}\u{feff}\u{e0041}"),
            (None, " ~aß漢❤\u{fe0f}\u{301}\u{a0}\u{fffd}"),
        ] {
            for c in characters.chars() {
                assert_eq!(class_of(c), class, "U+{:04X}", c as u32);
                assert_eq!(is_unprintable(c), class.is_some(), "U+{:04X}", c as u32);
            }
        }
    }
}
