//! Words of the language are found on a thread of their own: no key ever waits for them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::desk::{Desk, Focus};
use crate::diff::{CHUNK_LINES, DiffRow, FileDiff, Side};
use crate::screen::Highlights;
use crate::text::{Highlighter, LineClasses};

/// Which lines of which file.
type Place = (usize, usize, Side, usize);

struct Question {
    place: Place,
    /// Files are looked at anew after an edit; answers about an older one are of no use.
    age: usize,
    name: String,
    file: Arc<FileDiff>,
}

pub(super) struct Highlighting {
    pub(super) known: Highlights,
    asked: HashSet<Place>,
    waiting: usize,
    age: usize,
    questions: Sender<Question>,
    answers: Receiver<(Place, usize, Vec<LineClasses>)>,
}

impl Highlighting {
    pub(super) fn start() -> Self {
        let (questions, asked) = channel::<Question>();
        let (answer, answers) = channel();
        std::thread::spawn(move || {
            let mut highlighter = None;
            for question in asked {
                let highlighter = highlighter.get_or_insert_with(Highlighter::new);
                let lines = lines(highlighter, &question);
                if answer.send((question.place, question.age, lines)).is_err() {
                    break;
                }
            }
        });
        Self {
            known: Highlights::default(),
            asked: HashSet::new(),
            waiting: 0,
            age: 0,
            questions,
            answers,
        }
    }

    /// Whether an answer is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting > 0
    }

    /// Takes what has come; true if something is to be drawn.
    pub(super) fn take(&mut self) -> bool {
        let mut came = false;
        while let Ok(((tab, item, side, chunk), age, lines)) = self.answers.try_recv() {
            self.waiting = self.waiting.saturating_sub(1);
            if age == self.age {
                self.known.add((tab, item), (side, chunk), lines);
                came = true;
            }
        }
        came
    }

    /// A session's files are others by now.
    pub(super) fn forget(&mut self, tab: usize) {
        self.age += 1;
        self.known.forget(tab);
        self.asked.clear();
    }

    /// Asks for what is in sight and not known yet.
    pub(super) fn ask_for(&mut self, desk: &Desk) {
        self.take();
        let focus = desk.focus.iter().filter_map(|focus| focus.as_ref().ok());
        for focus in focus.chain(&desk.rival_focus) {
            let name = desk.tabs[focus.tab].items[focus.item].change.path.lossy();
            for (side, chunk) in in_sight(focus, desk.tab().place.top, desk.height) {
                let place = (focus.tab, focus.item, side, chunk);
                if self.asked.insert(place) {
                    let file = focus.file.clone();
                    let question = Question { place, age: self.age, name: name.clone(), file };
                    self.waiting += usize::from(self.questions.send(question).is_ok());
                }
            }
        }
    }
}

fn in_sight(focus: &Focus, top: usize, height: usize) -> HashSet<(Side, usize)> {
    let mut chunks = HashSet::new();
    for row in top..top + height {
        match focus.rows.at(focus.file.hunks(), row) {
            None => break,
            Some(DiffRow::Heading { .. }) => {}
            Some(DiffRow::Same { old, new, .. }) => {
                chunks.insert((Side::New, new / CHUNK_LINES));
                chunks.insert((Side::Old, old / CHUNK_LINES));
            }
            Some(DiffRow::Change { old, new, .. }) => {
                chunks.extend(old.map(|changed| (Side::Old, changed.line / CHUNK_LINES)));
                chunks.extend(new.map(|changed| (Side::New, changed.line / CHUNK_LINES)));
            }
        }
    }
    chunks
}

fn lines(highlighter: &Highlighter, question: &Question) -> Vec<LineClasses> {
    let (_, _, side, chunk) = question.place;
    let lines = if side == Side::Old { &question.file.old } else { &question.file.new };
    let range = chunk * CHUNK_LINES..((chunk + 1) * CHUNK_LINES).min(lines.len());
    let name = question.name.rsplit('/').next().unwrap_or_default();
    highlighter.lines(name, lines.get(0), range.map(|at| lines.get(at)))
}
