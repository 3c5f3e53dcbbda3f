//! What a review does outside of itself: opens sessions, reads diffs, keeps decisions, says what applying
//! would do, applies, discards.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use massgen_isolation::apply::{Applied, ApplyError, ApplyRequest, NoHook, apply};
use massgen_isolation::archive::{ArchiveError, discard};
use massgen_isolation::changes::{ChangesError, Opened};
use massgen_isolation::changeset::{Change, CompareError};
use massgen_isolation::context::Context;
use massgen_isolation::path::RelPath;
use massgen_isolation::plan::OnDrift;
use massgen_isolation::review::{
    Accept, Decision, Edit, EditError, Recalled, SavedDecision, SavedDecisions, Selection,
};
use massgen_isolation::session::{Busy, Lock, SaveError, Session};

use super::desk::{Desk, Item, Preview, Tab};
use super::diff::{Diffs, FileDiff, part_word, risk_words, status_word};

/// Diffs that are kept in memory besides the one at the cursor.
const CACHE_BYTES_MAX: usize = 32 << 20;

/// Why a review can't go on.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Somebody else reviews it.
    #[error("session {session} is being reviewed already")]
    Busy {
        /// The session's label.
        session: String,
        /// The process that holds the lock.
        #[source]
        source: Busy,
    },
    /// Decisions can't be kept, or not be read.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The changes can't be told.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// A file can't be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// Nothing was applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The session can't be put away.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file can't be edited.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// How a review ended.
#[derive(Debug)]
pub enum Outcome {
    /// Something was applied.
    Applied(Applied),
    /// Nothing was; decisions are kept.
    Left,
    /// The same, by Ctrl-C or a signal.
    Interrupted,
    /// A session was discarded.
    Discarded(Box<Session>),
}

struct Held {
    saved: SavedDecisions,
    /// One review of a session at a time: two would write over each other's decisions.
    _lock: Lock,
}

/// The sessions of a review.
pub struct Job<'a> {
    context: &'a Context,
    /// What apply takes; selections are filled in when it is asked for.
    sessions: Vec<(Opened, Selection)>,
    held: Vec<Held>,
    cache: VecDeque<(usize, Change, Arc<FileDiff>)>,
}

impl<'a> Job<'a> {
    /// Opens sessions for review, and lays them on a desk with what was decided on them earlier.
    pub fn open(context: &'a Context, opened: Vec<Opened>) -> Result<(Self, Desk), JobError> {
        let mut held = Vec::new();
        for opened in &opened {
            let lock = take(&opened.dir.join("review.lock"))
                .map_err(|source| JobError::Busy { session: opened.session.label(), source })?;
            held.push(Held { saved: SavedDecisions::load(&opened.dir)?, _lock: lock });
        }
        let sessions = opened.into_iter().map(|o| (o, Selection::Decided(BTreeMap::new())));
        let mut job = Self { context, sessions: sessions.collect(), held, cache: VecDeque::new() };
        let tabs = (0..job.sessions.len()).map(|at| job.tab(at)).collect::<Result<_, _>>()?;
        Ok((job, Desk::new(tabs)))
    }

    /// What a session holds now, with what was decided on it.
    pub(crate) fn tab(&mut self, at: usize) -> Result<Tab, JobError> {
        self.cache.retain(|(tab, ..)| *tab != at);
        let (opened, _) = &self.sessions[at];
        let changes = opened.changeset()?;
        let mut items = Vec::with_capacity(changes.changes.len());
        for change in changes.changes {
            let keys = || FileDiff::to_review(opened, opened, &change).map(|file| file.keys());
            let (accept, stale) = match self.held[at].saved.recall(&change, keys)? {
                Recalled::Nothing => (Accept::No, false),
                Recalled::Same(accept) => (accept, false),
                Recalled::Changed(parts) if parts.is_empty() => (Accept::No, true),
                Recalled::Changed(parts) => (Accept::Parts(parts), true),
            };
            items.push(Item { change, accept, stats: None, stale });
        }
        let session = &opened.session;
        let label = session.name.clone().unwrap_or_else(|| session.id.clone());
        Ok(Tab::new(session.id.clone(), label, items, changes.unreadable.len()))
    }

    pub(crate) fn session(&self, at: usize) -> &Opened {
        &self.sessions[at].0
    }

    /// Keeps what was decided on some items.
    pub(crate) fn remember(
        &mut self,
        at: usize,
        tab: &Tab,
        items: &[usize],
    ) -> Result<(), JobError> {
        for item in items.iter().map(|item| &tab.items[*item]) {
            let mut keys = BTreeMap::new();
            if let Accept::Parts(parts) = &item.accept {
                let file = self.file(at, &item.change)?;
                for hunk in file.hunks().iter().filter(|h| parts.iter().any(|p| p.hunk == h.index))
                {
                    keys.insert(hunk.index, hunk.key(&file.old, &file.new));
                }
            }
            let of = item.change.fingerprint();
            let word = SavedDecision { of, accept: item.accept.clone(), keys };
            self.held[at].saved.remember(&item.change.path, word);
        }
        Ok(self.held[at].saved.save(&self.sessions[at].0.dir)?)
    }

    /// Makes all decisions survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), JobError> {
        self.sessions.iter().try_for_each(|(opened, _)| Ok(SavedDecisions::sync(&opened.dir)?))
    }

    /// Applies what is taken on the desk, or says what that would do.
    pub(crate) fn apply(
        &mut self,
        desk: &Desk,
        merge: bool,
        dry_run: bool,
    ) -> Result<Applied, JobError> {
        for ((_, selection), tab) in self.sessions.iter_mut().zip(&desk.tabs) {
            *selection = selected(tab);
        }
        let on_drift = if merge { OnDrift::Merge } else { OnDrift::Refuse };
        let request =
            ApplyRequest { sessions: &self.sessions, on_drift, dry_run, allow_empty: true };
        Ok(apply(self.context, &request, &mut NoHook)?)
    }

    /// What applying would do.
    pub(crate) fn preview(&mut self, desk: &Desk, merge: bool) -> Result<Preview, JobError> {
        let applied = self.apply(desk, merge, true)?;
        let mut taken: HashMap<&RelPath, Vec<&Item>> = HashMap::new();
        for item in desk.tabs.iter().flat_map(|tab| &tab.items) {
            if item.accept != Accept::No {
                taken.entry(&item.change.path).or_default().push(item);
            }
        }
        let mut preview = Preview { merge, ..Preview::default() };
        for path in applied.applied {
            let items = taken.get(&path).map_or(&[][..], Vec::as_slice);
            let risks = items.iter().flat_map(|item| &item.change.risks);
            preview.risks.extend(risks.map(|risk| (path.lossy(), risk_words(*risk).0)));
            let word = match items {
                [Item { accept: Accept::Parts(_), change, .. }] => part_word(change),
                [item] => status_word(item.change.status),
                [] => "",
                _ => "of several sessions",
            };
            preview.applied.push((path.lossy(), word));
        }
        preview.risks.dedup();
        preview.conflicts =
            applied.conflicts.into_iter().map(|b| (b.path.lossy(), b.reason)).collect();
        preview.left = desk.tabs.iter().map(left).sum();
        Ok(preview)
    }

    /// Archives a session.
    pub(crate) fn discard(&self, at: usize) -> Result<Session, JobError> {
        Ok(discard(self.context, &self.sessions[at].0.session)?)
    }

    /// Gives a file to an editor.
    pub fn edit(&self, at: usize, change: &Change) -> Result<Edit, JobError> {
        Ok(Edit::begin(&self.sessions[at].0, change)?)
    }

    fn file(&mut self, tab: usize, change: &Change) -> Result<Arc<FileDiff>, CompareError> {
        let known = self.cache.iter().position(|(t, c, _)| *t == tab && c == change);
        if let Some(entry) = known.and_then(|at| self.cache.remove(at)) {
            let file = entry.2.clone();
            self.cache.push_front(entry);
            return Ok(file);
        }
        let opened = &self.sessions[tab].0;
        let file = Arc::new(FileDiff::to_review(opened, opened, change)?);
        self.cache.push_front((tab, change.clone(), file.clone()));
        // The newest one is being looked at: however large it is, it is in memory anyway.
        let mut weight = 0;
        self.cache.retain(|(_, _, known)| {
            weight += known.weight();
            weight <= CACHE_BYTES_MAX || Arc::ptr_eq(known, &file)
        });
        Ok(file)
    }
}

impl Diffs for Job<'_> {
    fn diff(&mut self, tab: usize, change: &Change) -> Result<Arc<FileDiff>, String> {
        self.file(tab, change).map_err(|error| error.to_string())
    }
}

/// Takes the lock of a review. One whose terminal was just closed has a moment to end.
fn take(path: &std::path::Path) -> Result<Lock, Busy> {
    const TRIES: u32 = 20;
    for _ in 1..TRIES {
        match Lock::take(path) {
            Err(Busy::Held { .. }) => {}
            other => return other,
        }
    }
    Lock::take(path)
}

/// Changes in scope of which nothing, or not all, is taken.
fn left(tab: &Tab) -> usize {
    let tally = tab.tally();
    tally.total - tally.taken
}

/// What is taken of a session, pinned to the very changes that were looked at.
fn selected(tab: &Tab) -> Selection {
    let taken = tab.items.iter().filter(|item| item.accept != Accept::No);
    let words = taken.map(|item| {
        let of = Some(item.change.fingerprint());
        (item.change.path.clone(), Decision { accept: item.accept.clone(), of })
    });
    Selection::Decided(words.collect())
}
