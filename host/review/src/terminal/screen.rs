//! The terminal itself: taken, lent, given back, whatever happens.

use std::io::{Stdout, stdout};

use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::draw::put;
use crate::colors::Colors;
use crate::desk::Desk;
use crate::screen::{Highlights, Size, render};

pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    colors: Colors,
    taken: bool,
}

impl Screen {
    pub(super) fn open(colors: Colors) -> std::io::Result<Self> {
        take()?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        if terminal.is_err() {
            give_back();
        }
        Ok(Self { terminal: terminal?, colors, taken: true })
    }

    pub(super) fn size(&self) -> std::io::Result<Size> {
        let size = self.terminal.size()?;
        Ok(Size { width: size.width.into(), height: size.height.into() })
    }

    pub(super) fn clear(&mut self) -> std::io::Result<()> {
        self.terminal.autoresize()?;
        self.terminal.clear()
    }

    pub(super) fn draw(&mut self, desk: &Desk, highlights: &Highlights) -> std::io::Result<()> {
        let colors = self.colors;
        self.terminal.draw(|frame| {
            let area = frame.area();
            let size = Size { width: area.width.into(), height: area.height.into() };
            put(frame.buffer_mut(), &render(desk, highlights, size), colors);
        })?;
        Ok(())
    }

    /// Gives the terminal to something else for a while.
    pub(super) fn lend<T>(&mut self, to: impl FnOnce() -> T) -> std::io::Result<T> {
        give_back();
        let result = to();
        take()?;
        self.clear()?;
        Ok(result)
    }

    /// Gives the terminal to the shell until it brings us back.
    pub(super) fn suspend(&mut self) -> std::io::Result<()> {
        self.lend(|| {
            let me = rustix::process::getpid();
            _ = rustix::process::kill_process(me, rustix::process::Signal::TSTP);
        })
    }

    pub(super) fn close(&mut self) {
        if self.taken {
            self.taken = false;
            give_back();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.close();
    }
}

fn take() -> std::io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture)
}

/// What can't be given back any more is gone: the terminal was closed.
fn give_back() {
    _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, crossterm::cursor::Show);
    _ = disable_raw_mode();
}
