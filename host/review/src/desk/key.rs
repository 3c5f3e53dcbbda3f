//! Keys, and what they do. This table is the help that `?` shows.

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Control and a letter.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
}

/// Keys and their meaning, in the order in which a person needs them.
pub const HELP: &[(&str, &str)] = &[
    ("↑ ↓", "the file before, the next one (also k j)"),
    ("space", "take or leave the whole file"),
    ("[ ]", "the hunk before, the next one"),
    ("h", "take or leave the hunk at the cursor"),
    ("l", "decide line by line: ↑ ↓ move, space takes or leaves, l or Esc ends"),
    ("a", "take everything in scope"),
    ("r", "leave everything"),
    ("Enter", "show what will happen, and ask"),
    ("Esc q", "leave the review: decisions are kept, nothing is applied"),
    ("e", "edit the file in your editor ($VISUAL, $EDITOR)"),
    ("PgUp PgDn", "scroll the diff (also the mouse wheel, Home, End)"),
    ("← →", "scroll sideways"),
    ("s", "one column or two"),
    ("z", "fold or unfold"),
    ("/ n N", "search in this diff; the next, the one before"),
    ("f", "show only paths that hold a text; ! ✓ ○ ◐ for risks and marks"),
    ("o", "show what is out of scope or ignored by git"),
    ("Tab", "the next session, when there are several"),
    ("c", "the same file of the next session beside this one"),
    ("D", "discard the session: archive it, nothing is lost"),
    ("?", "this help"),
];
