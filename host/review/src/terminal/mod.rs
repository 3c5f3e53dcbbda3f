//! The full screen: a thin driver around the desk. It draws, waits for keys, and does what they ask for.

mod closed;
mod draw;
mod editor;
mod highlight;
mod input;
mod screen;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event};
use massgen_isolation::apply::Applied;
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::flag;

use super::colors::Colors;
use super::desk::{Desk, Effect, Mode};
use super::job::{Job, JobError, Outcome};
use super::screen::{areas, diff_height};
use highlight::Highlighting;
use screen::Screen;

/// How long the driver waits for a key before it looks whether it was asked to end.
const PATIENCE: Duration = Duration::from_millis(100);
/// The same, while words are being looked at for what is in sight.
const PATIENCE_SHORT: Duration = Duration::from_millis(15);

/// The exit code of a program that a closed terminal ended, as shells tell it: 128 and the signal.
const HUNG_UP: i32 = 129;

/// Why the full screen can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The terminal went away, or does not do what it should.
    #[error("the terminal can't be used")]
    Io(#[from] std::io::Error),
    /// The review itself.
    #[error(transparent)]
    Job(#[from] JobError),
}

struct Review<'a, 'j> {
    desk: Desk,
    job: &'a mut Job<'j>,
    highlighting: Highlighting,
    editor: String,
    /// Nothing is being written: a terminal that is closed may end the program at once.
    idle: Arc<AtomicBool>,
}

/// Reviews on the terminal, until somebody is done.
pub fn run(
    job: &mut Job<'_>,
    desk: Desk,
    colors: Colors,
    editor: String,
) -> Result<Outcome, TerminalError> {
    let ended = Arc::new(AtomicBool::new(false));
    let idle = Arc::new(AtomicBool::new(true));
    // A terminal that was closed can't be read any more, and crossterm would try for ever. All decisions are
    // kept by then; only an apply is brought to its end first.
    let closed = flag::register_conditional_shutdown(SIGHUP, HUNG_UP, idle.clone());
    let signals: Vec<_> =
        [flag::register(SIGTERM, ended.clone()), closed].into_iter().flatten().collect();
    // A signal that is blocked, or that another process group gets, does not come: the terminal itself is watched, too.
    let watched = closed::watch(idle.clone());
    let highlighting = Highlighting::start();
    let mut review = Review { desk, job, highlighting, editor, idle };
    let outcome = Screen::open(colors).map_err(TerminalError::from).and_then(|mut screen| {
        let outcome = review.rounds(&mut screen, &ended);
        screen.close();
        outcome
    });
    watched.store(false, Ordering::SeqCst);
    signals.into_iter().for_each(|id| _ = signal_hook::low_level::unregister(id));
    review.job.sync()?;
    outcome
}

impl Review<'_, '_> {
    fn rounds(
        &mut self,
        screen: &mut Screen,
        ended: &AtomicBool,
    ) -> Result<Outcome, TerminalError> {
        loop {
            self.draw(screen)?;
            loop {
                let patience = if self.highlighting.is_busy() { PATIENCE_SHORT } else { PATIENCE };
                if event::poll(patience)? {
                    break;
                }
                if ended.load(Ordering::Relaxed) {
                    return Ok(Outcome::Interrupted);
                }
                if self.highlighting.take() {
                    self.draw(screen)?;
                }
            }
            // Keys that came meanwhile are done before anything is drawn again.
            while event::poll(Duration::ZERO)? {
                let event = event::read()?;
                if let Some(outcome) = self.on(&event, screen)? {
                    return Ok(outcome);
                }
            }
        }
    }

    fn draw(&mut self, screen: &mut Screen) -> Result<(), TerminalError> {
        let size = screen.size()?;
        self.desk.look(self.job);
        self.desk.height = diff_height(&self.desk, areas(&self.desk, size).body);
        self.desk.keep_in_sight();
        self.highlighting.ask_for(&self.desk);
        screen.draw(&self.desk, &self.highlighting.known)?;
        Ok(())
    }

    fn on(&mut self, event: &Event, screen: &mut Screen) -> Result<Option<Outcome>, TerminalError> {
        match event {
            Event::Key(event) => {
                for key in input::keys(event) {
                    let effect = self.desk.on(key, self.job);
                    let outcome = self.perform(effect, screen)?;
                    if outcome.is_some() {
                        return Ok(outcome);
                    }
                }
                Ok(None)
            }
            Event::Mouse(event) => {
                let size = screen.size()?;
                let effect = input::mouse(event, &mut self.desk, size);
                self.perform(effect, screen)
            }
            Event::Resize(..) => {
                screen.clear()?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Does what a key asked for; gives how the review ended, if it did.
    fn perform(
        &mut self,
        effect: Effect,
        screen: &mut Screen,
    ) -> Result<Option<Outcome>, TerminalError> {
        match effect {
            Effect::None => {}
            Effect::Save(items) => {
                let at = self.desk.active;
                self.job.remember(at, &self.desk.tabs[at], &items)?;
            }
            Effect::Leave => return Ok(Some(Outcome::Left)),
            Effect::Interrupt => return Ok(Some(Outcome::Interrupted)),
            Effect::Suspend => screen.suspend()?,
            Effect::Edit => self.edit(screen)?,
            Effect::Preview { merge } => self.preview(merge),
            Effect::Apply { merge } => match self.apply(merge) {
                Ok(applied) if applied.conflicts.is_empty() => {
                    return Ok(Some(Outcome::Applied(applied)));
                }
                // It changed since it was shown: show it as it is now.
                Ok(_) => self.preview(merge),
                Err(error) => self.say(&error),
            },
            Effect::Discard => match self.job.discard(self.desk.active) {
                Ok(session) => return Ok(Some(Outcome::Discarded(Box::new(session)))),
                Err(error) => self.say(&error),
            },
        }
        Ok(None)
    }

    fn apply(&mut self, merge: bool) -> Result<Applied, JobError> {
        self.idle.store(false, Ordering::SeqCst);
        let applied = self.job.apply(&self.desk, merge, false);
        self.idle.store(true, Ordering::SeqCst);
        applied
    }

    fn preview(&mut self, merge: bool) {
        match self.job.preview(&self.desk, merge) {
            Ok(preview) => self.desk.mode = Mode::Summary(preview),
            Err(error) => self.say(&error),
        }
    }

    fn say(&mut self, error: &(dyn std::error::Error + 'static)) {
        let mut said = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            said.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        self.desk.mode = Mode::Files;
        self.desk.notice = Some(said);
    }

    fn edit(&mut self, screen: &mut Screen) -> Result<(), TerminalError> {
        let at = self.desk.active;
        let Some(change) = self.desk.item().map(|item| item.change.clone()) else { return Ok(()) };
        let edit = match self.job.edit(at, &change) {
            Ok(edit) => edit,
            Err(error) => {
                self.say(&error);
                return Ok(());
            }
        };
        let ran = screen.lend(|| editor::run(&self.editor, edit.file()))?;
        if let Err(error) = ran {
            self.desk.notice = Some(format!("{}: {error}", self.editor));
            return Ok(());
        }
        match edit.finish(self.job.session(at)).map_err(JobError::from) {
            Ok(false) => self.desk.notice = Some("Nothing was edited.".into()),
            Ok(true) => {
                let mut tab = self.job.tab(at)?;
                let old = self.desk.tab();
                (tab.filter, tab.others) = (old.filter.clone(), old.others);
                tab.arrange();
                self.desk.tabs[at] = tab;
                self.desk.forget();
                self.highlighting.forget(at);
                let items = &self.desk.tab().items;
                if let Some(item) = items.iter().position(|item| item.change.path == change.path) {
                    self.desk.go_to(item);
                }
                self.desk.notice = Some(
                    "Your edit is in the session; the agent's version is kept beside it.".into(),
                );
            }
            Err(error) => self.say(&error),
        }
        Ok(())
    }
}
