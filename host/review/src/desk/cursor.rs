//! Moving: files, hunks, lines, rows, sessions.

use super::{Desk, Effect, Key, Mode, Place};
use crate::diff::{DiffRow, Diffs, Layout, Side};

impl Desk {
    pub(super) fn move_file(&mut self, step: isize) {
        let tab = self.tab_mut();
        let last = tab.order.len().saturating_sub(1);
        let to = tab.cursor.saturating_add_signed(step).min(last);
        if to != tab.cursor {
            tab.cursor = to;
            tab.place = Place::default();
        }
    }

    /// Puts the cursor on an item of the current session.
    pub(crate) fn go_to(&mut self, item: usize) {
        let tab = self.tab_mut();
        if let Some(at) = tab.order.iter().position(|known| *known == item)
            && at != tab.cursor
        {
            tab.cursor = at;
            tab.place = Place::default();
        }
    }

    /// Moves within the file; stops at the ends.
    pub(super) fn move_hunk(&mut self, step: isize, diffs: &mut dyn Diffs) {
        let Some(hunks) = self.look(diffs).map(|focus| focus.file.hunks().len()) else { return };
        let place = &mut self.tab_mut().place;
        place.hunk = place.hunk.saturating_add_signed(step).min(hunks.saturating_sub(1));
        place.unfolded = true;
        self.bring_into_sight();
    }

    /// Scrolls so that the hunk, or the line, at the cursor can be read.
    pub(super) fn bring_into_sight(&mut self) {
        let height = self.height.max(1);
        let place = self.tab().place;
        let Some(Ok(focus)) = &self.focus else { return };
        let hunks = focus.file.hunks();
        let start = focus.rows.start_of(place.hunk);
        let (first, last) = match place.line {
            Some(line) => {
                let row = focus.rows.row_of(hunks, place.hunk, line);
                (row.saturating_sub(1), row + 1)
            }
            None if place.hunk + 1 < hunks.len() => (start, focus.rows.start_of(place.hunk + 1)),
            None => (start, focus.rows.len()),
        };
        let top = &mut self.tab_mut().place.top;
        if last > *top + height {
            *top = last - height;
        }
        if first < *top {
            *top = first;
        }
    }

    /// Scrolls the diff by rows.
    pub(crate) fn scroll(&mut self, rows: isize) {
        let height = self.height;
        let Some(Ok(focus)) = &self.focus else { return };
        let most = focus.rows.len().saturating_sub(height);
        let top = &mut self.tab_mut().place.top;
        *top = top.saturating_add_signed(rows).min(most);
    }

    pub(super) fn scroll_key(&mut self, key: Key, diffs: &mut dyn Diffs) {
        let page = self.height.saturating_sub(2).max(1) as isize;
        self.look(diffs);
        match key {
            Key::PageUp | Key::Ctrl('b') => self.scroll(-page),
            Key::PageDown | Key::Ctrl('f') => self.scroll(page),
            Key::Ctrl('u') => self.scroll(-page / 2),
            Key::Ctrl('d') => self.scroll(page / 2),
            Key::Home => self.scroll(isize::MIN),
            Key::End => self.scroll(isize::MAX),
            Key::Left => {
                let from = &mut self.tab_mut().place.from;
                *from = from.saturating_sub(8);
            }
            Key::Right => self.tab_mut().place.from += 8,
            _ => {}
        }
    }

    pub(super) fn turn_layout(&mut self) {
        self.layout = match self.layout {
            Layout::Unified => Layout::Split,
            Layout::Split => Layout::Unified,
        };
        self.tab_mut().place.top = 0;
    }

    pub(super) fn turn_tab(&mut self, step: isize) {
        let tabs = self.tabs.len() as isize;
        self.active = (self.active as isize + step).rem_euclid(tabs) as usize;
    }

    pub(super) fn show_others(&mut self) {
        let tab = self.tab_mut();
        tab.others ^= true;
        tab.arrange();
    }

    pub(super) fn begin_compare(&mut self) {
        match self.rival() {
            Some(_) => self.mode = Mode::Compare,
            None => self.notice = Some("No other session changed this file.".into()),
        }
    }

    pub(super) fn begin_lines(&mut self, diffs: &mut dyn Diffs) {
        if self.look(diffs).is_none_or(|focus| focus.file.hunks().is_empty()) {
            self.notice = Some("It can be taken or left as a whole only.".into());
            return;
        }
        self.mode = Mode::Lines;
        let place = &mut self.tab_mut().place;
        (place.line, place.unfolded) = (Some(1), true);
        self.bring_into_sight();
    }

    pub(super) fn in_lines(&mut self, key: Key, diffs: &mut dyn Diffs) -> Effect {
        match key {
            Key::Up | Key::Char('k') => self.move_line(-1, diffs),
            Key::Down | Key::Char('j') => self.move_line(1, diffs),
            Key::Char(' ') => return self.toggle_line(diffs),
            Key::Char('h') => return self.toggle_hunk(diffs),
            Key::Char('[') | Key::Char(']') => {
                self.move_hunk(if key == Key::Char('[') { -1 } else { 1 }, diffs);
                self.tab_mut().place.line = Some(1);
                self.bring_into_sight();
            }
            Key::Char('l' | 'q') | Key::Esc => {
                self.mode = Mode::Files;
                self.tab_mut().place.line = None;
            }
            Key::Enter => {
                self.tab_mut().place.line = None;
                return self.ask();
            }
            key => self.scroll_key(key, diffs),
        }
        Effect::None
    }

    /// Moves over the changed lines of a file, from hunk to hunk.
    fn move_line(&mut self, step: isize, diffs: &mut dyn Diffs) {
        let Some(sizes) = self.look(diffs).map(super::decide::sizes) else { return };
        let place = &mut self.tab_mut().place;
        let line = place.line.unwrap_or(1).saturating_add_signed(step);
        if line == 0 {
            if place.hunk > 0 {
                place.hunk -= 1;
                place.line = Some(sizes[place.hunk]);
            }
        } else if sizes.get(place.hunk).is_some_and(|size| line <= *size) {
            place.line = Some(line);
        } else if place.hunk + 1 < sizes.len() {
            place.hunk += 1;
            place.line = Some(1);
        }
        self.bring_into_sight();
    }

    /// Brings the next row that holds what is searched for into sight, around the end if need be.
    pub(super) fn search(&mut self, step: isize, diffs: &mut dyn Diffs) {
        let needle = self.needle.to_ascii_lowercase().into_bytes();
        let top = self.tab().place.top;
        let Some(focus) = self.look(diffs).filter(|_| !needle.is_empty()) else { return };
        let total = focus.rows.len();
        let rows = (1..=total).map(|n| match step {
            1 => (top + n) % total.max(1),
            _ => (top + total - n % total.max(1)) % total.max(1),
        });
        let holds = |row: &usize| {
            let lines = match focus.rows.at(focus.file.hunks(), *row) {
                Some(DiffRow::Same { new, .. }) => [None, Some((Side::New, new))],
                Some(DiffRow::Change { old, new, .. }) => [
                    old.map(|changed| (Side::Old, changed.line)),
                    new.map(|changed| (Side::New, changed.line)),
                ],
                Some(DiffRow::Heading { .. }) | None => [None, None],
            };
            lines.into_iter().flatten().any(|(side, line)| {
                let lines = if side == Side::Old { &focus.file.old } else { &focus.file.new };
                let text = lines.get(line).to_ascii_lowercase();
                text.windows(needle.len()).any(|window| window == needle)
            })
        };
        // From the first row on, so that what is at the top is found as well.
        let found = rows.into_iter().find(holds);
        match found {
            Some(row) => {
                let hunk = focus.rows.hunk_at(row);
                let place = &mut self.tab_mut().place;
                (place.top, place.hunk, place.unfolded) = (row, hunk, true);
            }
            None => self.notice = Some(format!("{:?} is not in this diff.", self.needle)),
        }
    }
}

/// What the mouse does.
impl Desk {
    /// The file before or after.
    pub(crate) fn step_file(&mut self, step: isize) {
        self.move_file(step);
    }

    /// A file was clicked, perhaps on its mark.
    pub(crate) fn click_file(&mut self, item: usize, on_mark: bool) -> Effect {
        self.go_to(item);
        if on_mark { self.toggle_file() } else { Effect::None }
    }

    /// A row of the pane of the diff was clicked.
    pub(crate) fn click_diff(&mut self, row: usize, body: usize) -> Effect {
        let Some(Ok(focus)) = &self.focus else { return Effect::None };
        let Some(row) = (row + self.height).checked_sub(body) else { return Effect::None };
        let row = self.tab().place.top + row;
        let (known, hunk) = (focus.rows.at(focus.file.hunks(), row), focus.rows.hunk_at(row));
        if known.is_none() {
            return Effect::None;
        }
        let sizes = super::decide::sizes(focus);
        let place = &mut self.tab_mut().place;
        (place.hunk, place.line) = (hunk, None);
        self.mode = Mode::Files;
        match known {
            Some(DiffRow::Heading { .. }) => self.toggle_hunk_of(&sizes),
            _ => Effect::None,
        }
    }

    /// Nothing is scrolled past its end, however the screen has changed.
    pub fn keep_in_sight(&mut self) {
        self.scroll(0);
    }
}
