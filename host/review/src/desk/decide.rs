//! Deciding: files, hunks, lines, everything.

use massgen_isolation::changeset::{Hunk, Scope};
use massgen_isolation::review::Accept;

use super::mark::{Mark, set_hunk, toggle_hunk, toggle_line};
use super::{Desk, Effect, Focus, Mode};
use crate::diff::{Diffs, FileDiff};

/// What a decision is about, where everything can be pointed at. Hunks and lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    File,
    Hunk(usize),
    Line(usize, usize),
}

/// How many changed lines each hunk has.
pub(super) fn sizes(focus: &Focus) -> Vec<usize> {
    sizes_of(&focus.file)
}

fn sizes_of(file: &FileDiff) -> Vec<usize> {
    file.hunks().iter().map(Hunk::changed_lines).collect()
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

    /// Decides on something of the current session, wherever the cursor stands. Said twice, it is what it was.
    pub(crate) fn put(
        &mut self,
        item: usize,
        (choice, take): (Choice, bool),
        diffs: &mut dyn Diffs,
    ) -> Result<Effect, String> {
        self.mode = Mode::Files;
        let active = self.active;
        let known = self.tab().items.get(item).ok_or("there is no such file")?;
        let (accept, change) = (known.accept.clone(), known.change.clone());
        let sizes = match choice {
            Choice::File => Vec::new(),
            Choice::Hunk(_) | Choice::Line(..) => sizes_of(&*diffs.diff(active, &change)?),
        };
        let size = |hunk: usize| hunk.checked_sub(1).and_then(|at| sizes.get(at)).copied();
        let accept = match choice {
            Choice::File if take => Accept::Yes,
            Choice::File => Accept::No,
            Choice::Hunk(hunk) if size(hunk).is_some() => set_hunk(&accept, hunk, take, &sizes),
            Choice::Line(hunk, line) if size(hunk).is_some_and(|n| (1..=n).contains(&line)) => {
                let taken = Mark::of_line(&accept, hunk, line) == Mark::Taken;
                if taken == take { accept } else { toggle_line(&accept, hunk, line, &sizes) }
            }
            Choice::Hunk(_) | Choice::Line(..) => return Err("there is no such hunk".into()),
        };
        Ok(self.decide(item, accept))
    }

    fn decide(&mut self, item: usize, accept: Accept) -> Effect {
        let item_of = &mut self.tab_mut().items[item];
        (item_of.accept, item_of.stale) = (accept, false);
        Effect::Save(vec![item])
    }

    /// Takes everything in scope, or leaves everything.
    pub(crate) fn decide_all(&mut self, take: bool) -> Effect {
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
    pub(crate) fn ask(&mut self) -> Effect {
        self.mode = Mode::Files;
        let taken = self.tabs.iter().any(|tab| tab.items.iter().any(|i| i.accept != Accept::No));
        if taken {
            return Effect::Preview { merge: false };
        }
        self.notice = Some("Nothing is taken: space takes a file, h a hunk, a everything.".into());
        Effect::None
    }
}
