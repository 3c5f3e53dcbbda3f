//! The state of a review, and what keys do to it. Nothing here reads a file, a clock or a terminal: diffs
//! come through [`Diffs`], and what has to be done outside is an [`Effect`].

mod cursor;
mod decide;
mod key;
mod mark;
mod tab;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use decide::Choice;
pub use key::{HELP, Key};
pub(crate) use mark::{Mark, set_hunk};
pub use tab::{Item, Place, Tab, Tally, TreeRow};

use super::diff::{Diffs, FileDiff, Layout, Rows, fold_reason};

/// What a key is for besides moving and deciding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// The list of files.
    #[default]
    Files,
    /// Lines are decided on.
    Lines,
    /// Something is being typed.
    Typing {
        /// Whether the text filters files instead of searching lines.
        filter: bool,
        /// The text typed so far.
        text: String,
    },
    /// The list of keys.
    Help,
    /// What applying would do; asks.
    Summary(Preview),
    /// Asks whether to discard.
    Discard,
    /// The same file of another session beside this one.
    Compare,
}

/// What applying would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Paths that would be written, each with a word on how.
    pub(crate) applied: Vec<(String, &'static str)>,
    /// Paths that can't be, with the reason.
    pub(crate) conflicts: Vec<(String, String)>,
    /// Risks of what would be written.
    pub(crate) risks: Vec<(String, String)>,
    /// Both sides of what changed in the project would be merged.
    pub(crate) merge: bool,
    /// Changes that are left.
    pub(crate) left: usize,
    /// First row in sight.
    pub(crate) top: usize,
}

/// What has to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing to do.
    None,
    /// Decisions on these items of the tab changed.
    Save(Vec<usize>),
    /// The current file is to be edited.
    Edit,
    /// Say what applying would do.
    Preview {
        /// Whether drift is merged.
        merge: bool,
    },
    /// Apply.
    Apply {
        /// Whether drift is merged.
        merge: bool,
    },
    /// Discard the session of the current tab.
    Discard,
    /// End the review; decisions stay.
    Leave,
    /// The same, because of Ctrl-C.
    Interrupt,
    /// Give the shell the terminal.
    Suspend,
}

/// The diff at the cursor, as it is laid out.
#[derive(Debug)]
pub struct Focus {
    pub(crate) tab: usize,
    pub(crate) item: usize,
    pub(crate) layout: Layout,
    pub(crate) file: Arc<FileDiff>,
    pub(crate) rows: Rows,
    /// Why it begins folded.
    pub(crate) fold: Option<&'static str>,
}

impl Focus {
    fn new(tab: usize, item: usize, layout: Layout, name: &str, file: Arc<FileDiff>) -> Self {
        let fold = fold_reason(name, file.new.text()).filter(|_| !file.hunks().is_empty());
        Self { tab, item, layout, rows: Rows::new(file.hunks(), layout), fold, file }
    }
}

/// A review.
#[derive(Debug)]
pub struct Desk {
    /// One tab per session.
    pub tabs: Vec<Tab>,
    pub(crate) active: usize,
    pub(crate) mode: Mode,
    pub(crate) layout: Layout,
    pub(crate) needle: String,
    /// Something to tell, until the next key.
    pub(crate) notice: Option<String>,
    /// Rows of the diff that are in sight, as the last screen had them.
    pub(crate) height: usize,
    /// The diff at the cursor, or why there is none.
    pub(crate) focus: Option<Result<Focus, String>>,
    /// The same file in another session, while both are looked at.
    pub(crate) rival_focus: Option<Focus>,
}

impl Desk {
    /// Returns a desk with the cursor on the first hunk.
    pub fn new(tabs: Vec<Tab>) -> Self {
        Self {
            tabs,
            active: 0,
            mode: Mode::Files,
            layout: Layout::Unified,
            needle: String::new(),
            notice: None,
            height: 20,
            focus: None,
            rival_focus: None,
        }
    }

    pub(crate) fn tab(&self) -> &Tab {
        &self.tabs[self.active]
    }

    pub(crate) fn tab_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.active]
    }

    /// The item at the cursor.
    pub(crate) fn item(&self) -> Option<&Item> {
        let tab = self.tab();
        tab.current().map(|at| &tab.items[at])
    }

    /// Makes sure that the diff at the cursor is there.
    pub fn look(&mut self, diffs: &mut dyn Diffs) -> Option<&Focus> {
        let (tab, layout) = (self.active, self.layout);
        let Some(item) = self.tab().current() else {
            self.focus = None;
            return None;
        };
        let known = matches!(&self.focus, Some(Ok(focus))
            if (focus.tab, focus.item, focus.layout) == (tab, item, layout));
        if !known {
            let change = &self.tabs[tab].items[item].change;
            let name = change.path.lossy();
            // A large diff makes room for the next one.
            self.focus = None;
            self.focus = Some(
                diffs.diff(tab, change).map(|file| Focus::new(tab, item, layout, &name, file)),
            );
            if let Some(Ok(focus)) = &self.focus {
                self.tabs[tab].items[item].stats = Some(focus.file.stats());
            }
        }
        self.look_at_rival(diffs);
        self.focus.as_ref()?.as_ref().ok()
    }

    fn look_at_rival(&mut self, diffs: &mut dyn Diffs) {
        let rival = self.rival().filter(|_| self.mode == Mode::Compare);
        let Some((tab, item)) = rival else {
            self.rival_focus = None;
            return;
        };
        if self.rival_focus.as_ref().is_none_or(|known| (known.tab, known.item) != (tab, item)) {
            let change = &self.tabs[tab].items[item].change;
            let name = change.path.lossy();
            let made = diffs.diff(tab, change).ok();
            self.rival_focus = made.map(|file| Focus::new(tab, item, Layout::Unified, &name, file));
        }
    }

    /// What was looked at is no longer true.
    pub(crate) fn forget(&mut self) {
        (self.focus, self.rival_focus) = (None, None);
    }

    /// Another session that changed the same path, for a look at both.
    pub(crate) fn rival(&self) -> Option<(usize, usize)> {
        let path = &self.item()?.change.path;
        let others = (1..self.tabs.len()).map(|step| (self.active + step) % self.tabs.len());
        others.into_iter().find_map(|tab| {
            let items = &self.tabs[tab].items;
            items.iter().position(|item| item.change.path == *path).map(|item| (tab, item))
        })
    }

    /// A key was pressed.
    pub fn on(&mut self, key: Key, diffs: &mut dyn Diffs) -> Effect {
        self.notice = None;
        match (&mut self.mode, key) {
            (_, Key::Ctrl('c')) => Effect::Interrupt,
            (_, Key::Ctrl('z')) => Effect::Suspend,
            (Mode::Files, key) => self.in_files(key, diffs),
            (Mode::Lines, key) => self.in_lines(key, diffs),
            (Mode::Typing { .. }, key) => self.in_typing(key, diffs),
            (Mode::Summary(_), key) => self.in_summary(key),
            (Mode::Discard, Key::Char('y')) => Effect::Discard,
            (Mode::Help | Mode::Discard, _) => {
                self.mode = Mode::Files;
                Effect::None
            }
            (Mode::Compare, key) => self.in_compare(key, diffs),
        }
    }

    fn in_files(&mut self, key: Key, diffs: &mut dyn Diffs) -> Effect {
        match key {
            Key::Up | Key::Char('k') => self.move_file(-1),
            Key::Down | Key::Char('j') => self.move_file(1),
            Key::Char(' ') => return self.toggle_file(),
            Key::Char('[') => self.move_hunk(-1, diffs),
            Key::Char(']') => self.move_hunk(1, diffs),
            Key::Char('h') => return self.toggle_hunk(diffs),
            Key::Char('l') => self.begin_lines(diffs),
            Key::Char('a') => return self.decide_all(true),
            Key::Char('r') => return self.decide_all(false),
            Key::Enter => return self.ask(),
            Key::Esc if !self.tab().filter.is_empty() => {
                self.tab_mut().filter.clear();
                self.tab_mut().arrange();
            }
            Key::Esc | Key::Char('q') => return Effect::Leave,
            Key::Char('e') => return Effect::Edit,
            Key::Char('?') => self.mode = Mode::Help,
            Key::Char('s') => self.turn_layout(),
            Key::Char('z') => self.tab_mut().place.unfolded ^= true,
            Key::Char('/') => self.mode = Mode::Typing { filter: false, text: String::new() },
            Key::Char('f') => {
                self.mode = Mode::Typing { filter: true, text: self.tab().filter.clone() };
            }
            Key::Char('n') => self.search(1, diffs),
            Key::Char('N') => self.search(-1, diffs),
            Key::Char('o') => self.show_others(),
            Key::Char('D') => self.mode = Mode::Discard,
            Key::Char('c') => self.begin_compare(),
            Key::Tab => self.turn_tab(1),
            Key::BackTab => self.turn_tab(-1),
            key => self.scroll_key(key, diffs),
        }
        Effect::None
    }

    fn in_compare(&mut self, key: Key, diffs: &mut dyn Diffs) -> Effect {
        match key {
            Key::Esc | Key::Char('c' | 'q') => self.mode = Mode::Files,
            Key::Tab => {
                if let Some((tab, item)) = self.rival() {
                    self.active = tab;
                    self.go_to(item);
                }
            }
            Key::Char('[') => self.move_hunk(-1, diffs),
            Key::Char(']') => self.move_hunk(1, diffs),
            Key::Char('h') => return self.toggle_hunk(diffs),
            Key::Char(' ') => return self.toggle_file(),
            key => self.scroll_key(key, diffs),
        }
        Effect::None
    }

    fn in_typing(&mut self, key: Key, diffs: &mut dyn Diffs) -> Effect {
        let Mode::Typing { filter, text } = &mut self.mode else { return Effect::None };
        let filter = *filter;
        match key {
            Key::Char(c) => text.push(c),
            Key::Backspace => _ = text.pop(),
            Key::Enter => {
                let text = std::mem::take(text);
                self.mode = Mode::Files;
                if !filter {
                    self.needle = text;
                    self.search(1, diffs);
                }
                return Effect::None;
            }
            Key::Esc => {
                self.mode = Mode::Files;
                if filter {
                    self.tab_mut().filter.clear();
                    self.tab_mut().arrange();
                }
                return Effect::None;
            }
            _ => {}
        }
        if filter && let Mode::Typing { text, .. } = &self.mode {
            let text = text.clone();
            self.tab_mut().filter = text;
            self.tab_mut().arrange();
        }
        Effect::None
    }

    fn in_summary(&mut self, key: Key) -> Effect {
        let Mode::Summary(preview) = &mut self.mode else { return Effect::None };
        let applicable = preview.conflicts.is_empty() && !preview.applied.is_empty();
        match key {
            Key::Char('y') | Key::Enter if applicable => {
                return Effect::Apply { merge: preview.merge };
            }
            Key::Char('m') if !preview.conflicts.is_empty() && !preview.merge => {
                return Effect::Preview { merge: true };
            }
            Key::Up | Key::Char('k') => preview.top = preview.top.saturating_sub(1),
            Key::Down | Key::Char('j') => preview.top += 1,
            Key::PageUp => preview.top = preview.top.saturating_sub(10),
            Key::PageDown => preview.top += 10,
            // A key that was meant for something else must not be understood as yes.
            Key::Enter | Key::Char('y' | 'm') => {}
            _ => self.mode = Mode::Files,
        }
        Effect::None
    }
}
