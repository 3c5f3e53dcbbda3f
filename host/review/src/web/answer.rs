//! What the page asks for and has done. It decides on the same desk as the terminal, and keeps decisions through
//! the same job.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::view::{self, Stretch};
use crate::desk::{Choice, Desk, Effect, Key, Mode, Preview};
use crate::diff::{CHUNK_LINES, DiffRow, Diffs, FileDiff, Rows, Side};
use crate::job::{Job, JobError, Outcome};
use crate::screen::Highlights;
use crate::text::{Highlighter, LineClasses};

/// Rows that are given at once.
const ROWS_MAX: usize = 1000;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// It can't be understood.
    #[error("{0}")]
    Order(String),
    /// The page shows what no longer is.
    #[error("{0}")]
    Stale(&'static str),
    /// It failed.
    #[error("{}", told(.0))]
    Job(#[from] JobError),
}

/// An error with all of its causes.
fn told(error: &JobError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |e| e.source());
    causes.fold(error.to_string(), |all, cause| {
        let cause = cause.to_string();
        if all.ends_with(&cause) { all } else { format!("{all}: {cause}") }
    })
}

/// One decision. Without a hunk it is about the file, with a line about that line of the hunk.
#[derive(Debug, Deserialize)]
struct Put {
    edition: u64,
    tab: usize,
    item: usize,
    take: bool,
    hunk: Option<usize>,
    line: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct OfTab {
    edition: u64,
    tab: usize,
    #[serde(default)]
    take: bool,
}

#[derive(Debug, Deserialize)]
struct Merge {
    edition: u64,
    #[serde(default)]
    merge: bool,
}

/// A review that a page looks at.
pub(super) struct Web<'a, 'j> {
    pub(super) desk: Desk,
    pub(super) job: &'a mut Job<'j>,
    /// Grows when the files are read again: what was asked about an older one is not about these.
    pub(super) edition: u64,
    pub(super) highlights: Highlights,
    /// How it ended.
    pub(super) outcome: Option<Outcome>,
}

/// Words of a language that have to be found before a stretch can be shown with them.
pub(super) struct Wanted {
    name: String,
    file: Arc<FileDiff>,
    chunks: Vec<(Side, usize)>,
}

/// What was found.
pub(super) type Found = Vec<((Side, usize), Vec<LineClasses>)>;

impl Wanted {
    /// Takes its time: not for the thread that answers.
    pub(super) fn find(&self, highlighter: &Highlighter) -> Found {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        let chunks = self.chunks.iter().map(|(side, chunk)| {
            let lines = if *side == Side::Old { &self.file.old } else { &self.file.new };
            let range = chunk * CHUNK_LINES..((chunk + 1) * CHUNK_LINES).min(lines.len());
            let told = highlighter.lines(name, lines.get(0), range.map(|at| lines.get(at)));
            ((*side, *chunk), told)
        });
        chunks.collect()
    }
}

impl Web<'_, '_> {
    /// Everything but the diffs.
    pub(super) fn desk(&self) -> Value {
        view::desk(&self.desk, self.edition)
    }

    /// A stretch of a diff, with the words that are known.
    pub(super) fn file(&mut self, of: &Stretch) -> Result<Value, Fault> {
        let of = Stretch { rows: of.rows.min(ROWS_MAX), ..*of };
        let file = self.diff(&of)?;
        let item = &mut self.desk.tabs[of.tab].items[of.item];
        item.stats = Some(file.stats());
        Ok(view::file(item, &file, self.highlights.of(of.tab, of.item), &of))
    }

    /// The words that a stretch lacks.
    pub(super) fn wanted(&mut self, of: &Stretch) -> Result<Wanted, Fault> {
        let of = Stretch { rows: of.rows.min(ROWS_MAX), ..*of };
        let file = self.diff(&of)?;
        let rows = Rows::new(file.hunks(), of.layout());
        let known = self.highlights.of(of.tab, of.item);
        let mut chunks = Vec::new();
        let mut want = |side, line: usize| {
            let place = (side, line / CHUNK_LINES);
            if !known.contains_key(&place) && !chunks.contains(&place) {
                chunks.push(place);
            }
        };
        for row in of.range(&rows).filter_map(|at| rows.at(file.hunks(), at)) {
            match row {
                DiffRow::Heading { .. } => {}
                DiffRow::Same { new, .. } => want(Side::New, new),
                DiffRow::Change { old, new, .. } => {
                    old.into_iter().for_each(|old| want(Side::Old, old.line));
                    new.into_iter().for_each(|new| want(Side::New, new.line));
                }
            }
        }
        let name = self.desk.tabs[of.tab].items[of.item].change.path.lossy();
        Ok(Wanted { name, file, chunks })
    }

    /// Takes words that were found.
    pub(super) fn learn(&mut self, of: &Stretch, edition: u64, found: Found) {
        if edition == self.edition {
            for (place, lines) in found {
                self.highlights.add((of.tab, of.item), place, lines);
            }
        }
    }

    fn diff(&mut self, of: &Stretch) -> Result<Arc<FileDiff>, Fault> {
        let item = self.desk.tabs.get(of.tab).and_then(|tab| tab.items.get(of.item));
        let item = item.ok_or_else(|| Fault::Order("there is no such file".into()))?;
        self.job.diff(of.tab, &item.change).map_err(Fault::Order)
    }

    /// Does what the page orders. What ends the review stands in `outcome` afterwards.
    pub(super) fn order(&mut self, order: &str, body: &[u8]) -> Result<Value, Fault> {
        match order {
            "put" => self.put(&parsed(body)?),
            "all" => self.all(&parsed(body)?),
            "preview" => self.preview(&parsed(body)?),
            "apply" => self.apply(&parsed(body)?),
            "refresh" => self.refresh(),
            "discard" => self.discard(&parsed(body)?),
            "leave" => {
                self.outcome = Some(Outcome::Left);
                Ok(json!({"ended": "left"}))
            }
            _ => Err(Fault::Order("there is no such order".into())),
        }
    }

    fn current(&mut self, edition: u64, tab: usize) -> Result<(), Fault> {
        if edition != self.edition {
            return Err(Fault::Stale("the files were read again meanwhile"));
        }
        if tab >= self.desk.tabs.len() {
            return Err(Fault::Order("there is no such session".into()));
        }
        self.desk.active = tab;
        Ok(())
    }

    fn put(&mut self, put: &Put) -> Result<Value, Fault> {
        self.current(put.edition, put.tab)?;
        let choice = match (put.hunk, put.line) {
            (None, None) => Choice::File,
            (Some(hunk), None) => Choice::Hunk(hunk),
            (Some(hunk), Some(line)) => Choice::Line(hunk, line),
            (None, Some(_)) => return Err(Fault::Order("a line belongs to a hunk".into())),
        };
        let effect = self.desk.put(put.item, (choice, put.take), self.job).map_err(Fault::Order)?;
        self.save(effect)
    }

    fn all(&mut self, of: &OfTab) -> Result<Value, Fault> {
        self.current(of.edition, of.tab)?;
        self.desk.mode = Mode::Files;
        let effect = self.desk.decide_all(of.take);
        self.save(effect)
    }

    fn save(&mut self, effect: Effect) -> Result<Value, Fault> {
        let Effect::Save(items) = effect else {
            return Ok(json!({"tally": view::tally(self.desk.tab()), "accepts": []}));
        };
        let tab = self.desk.tab();
        self.job.remember(self.desk.active, tab, &items)?;
        let accepts = items.iter().map(|at| json!([at, tab.items[*at].accept.to_json()]));
        Ok(json!({"tally": view::tally(tab), "accepts": accepts.collect::<Vec<_>>()}))
    }

    fn preview(&mut self, of: &Merge) -> Result<Value, Fault> {
        self.current(of.edition, self.desk.active)?;
        match self.desk.ask() {
            Effect::Preview { .. } => self.look_ahead(of.merge),
            _ => Err(Fault::Order("Nothing is taken.".into())),
        }
    }

    fn look_ahead(&mut self, merge: bool) -> Result<Value, Fault> {
        let preview: Preview = self.job.preview(&self.desk, merge)?;
        let told = view::preview(&preview);
        self.desk.mode = Mode::Summary(preview);
        Ok(json!({"preview": told}))
    }

    /// Applies what was looked at; anything decided since has put the summary away.
    fn apply(&mut self, of: &Merge) -> Result<Value, Fault> {
        self.current(of.edition, self.desk.active)?;
        let Effect::Apply { merge } = self.desk.on(Key::Char('y'), self.job) else {
            return Err(Fault::Stale("what is taken changed; look at what will happen first"));
        };
        if merge != of.merge {
            return Err(Fault::Stale("another page looked at something else meanwhile"));
        }
        let applied = self.job.apply(&self.desk, merge, false)?;
        if !applied.conflicts.is_empty() {
            return self.look_ahead(merge);
        }
        let told = json!({"ended": "applied", "paths": applied.applied.len()});
        self.outcome = Some(Outcome::Applied(applied));
        Ok(told)
    }

    fn refresh(&mut self) -> Result<Value, Fault> {
        for at in 0..self.desk.tabs.len() {
            self.desk.tabs[at] = self.job.tab(at)?;
        }
        self.desk.mode = Mode::Files;
        self.desk.forget();
        self.highlights = Highlights::default();
        self.edition += 1;
        Ok(self.desk())
    }

    fn discard(&mut self, of: &OfTab) -> Result<Value, Fault> {
        self.current(of.edition, of.tab)?;
        let session = self.job.discard(of.tab)?;
        self.outcome = Some(Outcome::Discarded(Box::new(session)));
        Ok(json!({"ended": "discarded"}))
    }
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Order(error.to_string()))
}
