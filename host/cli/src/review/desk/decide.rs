//! Deciding: files, hunks, lines, everything.

use massgen_isolation::changeset::Scope;
use massgen_isolation::review::Accept;

use super::mark::{Mark, toggle_hunk, toggle_line};
use super::{Desk, Effect, Focus, Mode};
use crate::review::diff::Diffs;

/// How many changed lines each hunk has.
pub(super) fn sizes(focus: &Focus) -> Vec<usize> {
    focus.file.hunks().iter().map(massgen_isolation::changeset::Hunk::changed_lines).collect()
}

impl Desk {
    /// Takes the whole file, or leaves it if all of it is taken.
    pub(super) fn toggle_file(&mut self) -> Effect {
        let Some(item) = self.tab().current() else { return Effect::None };
        let taken = Mark::of(&self.tab().items[item].accept) == Mark::Taken;
        self.decide(item, if taken { Accept::No } else { Accept::Yes })
    }

    /// Takes or leaves the hunk at the cursor. What has no hunks is one.
    pub(super) fn toggle_hunk(&mut self, diffs: &mut dyn Diffs) -> Effect {
        let Some(sizes) = self.look(diffs).map(sizes).filter(|sizes| !sizes.is_empty()) else {
            return self.toggle_file();
        };
        self.toggle_hunk_of(&sizes)
    }

    pub(super) fn toggle_hunk_of(&mut self, sizes: &[usize]) -> Effect {
        let Some(item) = self.tab().current() else { return Effect::None };
        let hunk = self.tab().place.hunk + 1;
        let accept = toggle_hunk(&self.tab().items[item].accept, hunk, sizes);
        self.decide(item, accept)
    }

    pub(super) fn toggle_line(&mut self, diffs: &mut dyn Diffs) -> Effect {
        let Some(sizes) = self.look(diffs).map(sizes) else { return Effect::None };
        let place = self.tab().place;
        let (Some(item), Some(line)) = (self.tab().current(), place.line) else {
            return Effect::None;
        };
        let accept = toggle_line(&self.tab().items[item].accept, place.hunk + 1, line, &sizes);
        self.decide(item, accept)
    }

    fn decide(&mut self, item: usize, accept: Accept) -> Effect {
        let item_of = &mut self.tab_mut().items[item];
        (item_of.accept, item_of.stale) = (accept, false);
        Effect::Save(vec![item])
    }

    /// Takes everything in scope, or leaves everything.
    pub(super) fn decide_all(&mut self, take: bool) -> Effect {
        let mut changed = Vec::new();
        for (at, item) in self.tab_mut().items.iter_mut().enumerate() {
            let accept = match take {
                true if item.change.scope == Scope::In => Accept::Yes,
                true => continue,
                false => Accept::No,
            };
            if item.accept != accept {
                item.accept = accept;
                changed.push(at);
            }
            item.stale = false;
        }
        let tally = self.tab().tally();
        self.notice = Some(if take {
            format!("Everything in scope is taken: {} files. Nothing is applied yet.", tally.taken)
        } else {
            "Everything is left.".into()
        });
        if changed.is_empty() { Effect::None } else { Effect::Save(changed) }
    }

    /// Asks what applying would do; nothing taken is nothing to ask about.
    pub(super) fn ask(&mut self) -> Effect {
        self.mode = Mode::Files;
        let taken = self.tabs.iter().any(|tab| tab.items.iter().any(|i| i.accept != Accept::No));
        if taken {
            return Effect::Preview { merge: false };
        }
        self.notice = Some("Nothing is taken: space takes a file, h a hunk, a everything.".into());
        Effect::None
    }
}
