//! Keys and the mouse, as the desk understands them.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::desk::{Desk, Effect, Key, Mode, TreeRow};
use crate::screen::{Size, areas};

const WHEEL_ROWS: isize = 3;

/// The keys that an event stands for; none for what means nothing here.
///
/// A terminal sends Alt with a key as Esc and then the key. What comes as Alt and a letter is therefore also what
/// a quick Esc and that letter, or a slow line, look like, and is taken as the two keys.
pub(super) fn keys(event: &KeyEvent) -> Vec<Key> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let after_escape = event.modifiers.contains(KeyModifiers::ALT).then_some(Key::Esc);
    match key(event) {
        Some(key) => after_escape.into_iter().chain([key]).collect(),
        None => Vec::new(),
    }
}

fn key(event: &KeyEvent) -> Option<Key> {
    Some(match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

/// A click chooses a file, or, on its mark, takes or leaves it; in the diff it chooses a hunk, or, on the
/// hunk's heading, takes or leaves it. The wheel scrolls what is below it.
pub(super) fn mouse(event: &MouseEvent, desk: &mut Desk, size: Size) -> Effect {
    if !matches!(desk.mode, Mode::Files | Mode::Lines) {
        return Effect::None;
    }
    let areas = areas(desk, size);
    let (column, row) = (usize::from(event.column), usize::from(event.row));
    let in_tree = column < areas.tree;
    match event.kind {
        MouseEventKind::ScrollUp if in_tree => desk.step_file(-1),
        MouseEventKind::ScrollDown if in_tree => desk.step_file(1),
        MouseEventKind::ScrollUp => desk.scroll(-WHEEL_ROWS),
        MouseEventKind::ScrollDown => desk.scroll(WHEEL_ROWS),
        MouseEventKind::Down(MouseButton::Left) if row >= 1 && row <= areas.body => {
            if !in_tree {
                return desk.click_diff(row - 1, areas.body);
            }
            let clicked = desk.tab().rows.get(areas.tree_top + row - 1);
            if let Some(TreeRow::File { item, .. }) = clicked {
                let item = *item;
                return desk.click_file(item, column < 2);
            }
        }
        _ => {}
    }
    Effect::None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_escape_and_a_letter_are_two_keys() {
        let event = |code, modifiers| KeyEvent::new(code, modifiers);
        assert_eq!(keys(&event(KeyCode::Char('q'), KeyModifiers::NONE)), [Key::Char('q')]);
        assert_eq!(keys(&event(KeyCode::Char('q'), KeyModifiers::ALT)), [Key::Esc, Key::Char('q')]);
        assert_eq!(keys(&event(KeyCode::Char('c'), KeyModifiers::CONTROL)), [Key::Ctrl('c')]);
        assert_eq!(keys(&event(KeyCode::F(1), KeyModifiers::NONE)), []);
    }
}
