//! A recorded exchange: a folder that reads well in a diff. It holds what the plugin asked to send before
//! a credential was added, so that it can't hold a key.
//!
//! ```text
//! case.toml       model, when, by what it was recorded, settings
//! request.json    what was asked
//! 1.out.http      what the plugin asked to send
//! 1.in.http       what the service replied
//! 1.in.cuts       how large the reads were (optional)
//! expect.jsonl    the events that it must give, or how it must fail
//! count.out.http  what it asks to send to have the prompt counted (optional)
//! ```

mod expect;
mod read;
mod wire;
mod write;

use std::path::PathBuf;

use massgen_models::request::Request;
use massgen_runtime::LoadedPlugin;
use massgen_runtime::rehearsal::{Counting, Rehearsed, Sent, Stage};

pub use expect::{Expect, joined};
pub use massgen_runtime::rehearsal::Recorded;
pub use read::{load, load_all, parse};
pub use write::{files, save};

/// What the plugin asks to send to have the prompt counted.
const COUNT_FILE: &str = "count.out.http";

/// A recorded exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Cassette {
    /// The folder's name.
    pub name: String,
    /// When it was recorded, `2026-11-25`.
    pub date: String,
    /// What recorded it.
    pub recorder: String,
    /// Values of settings.
    pub settings: Vec<(String, String)>,
    /// What was asked.
    pub request: Request,
    /// What the plugin asked to send; empty: not compared.
    pub sent: Vec<Sent>,
    /// What came back.
    pub replies: Vec<Recorded>,
    /// What must come of it.
    pub expect: Expect,
    /// What the plugin asks to send to have the same prompt counted; none: not compared.
    pub count: Option<Sent>,
}

/// Why a cassette can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// A file can't be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file can't be understood.
    #[error("cassette {cassette}: {file}: {why}")]
    Content {
        /// The folder's name.
        cassette: String,
        /// The file in it.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Cassette {
    /// What surrounds the exchange.
    pub fn stage(&self) -> Stage {
        Stage { settings: self.settings.clone(), ..Stage::default() }
    }

    /// Plays it, and says what differs.
    pub fn replay(&self, plugin: &LoadedPlugin) -> Result<(), String> {
        let done = plugin
            .rehearse(&self.stage(), &self.request, &self.replies)
            .map_err(|error| error.to_string())?;
        self.compare(&done)?;
        match (&self.count, self.counting(plugin)?) {
            (None, _) => Ok(()),
            (Some(sent), Some(now)) => wire::difference(sent, &now)
                .map_or(Ok(()), |difference| Err(format!("{COUNT_FILE}: {difference}"))),
            (Some(_), None) => Err(format!("{COUNT_FILE} was never sent")),
        }
    }

    /// What the plugin sends now to have the prompt counted, if its service counts.
    fn counting(&self, plugin: &LoadedPlugin) -> Result<Option<Sent>, String> {
        match plugin.rehearse_count(&self.stage(), &self.request) {
            Ok(Counting::Asked(sent)) => Ok(Some(sent)),
            Ok(Counting::Absent | Counting::Failed(_)) => Ok(None),
            Ok(Counting::Refused(why) | Counting::Crashed(why)) => Err(why),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The same exchange with what the plugin makes of it now: what it sends, and what comes of the replies.
    pub fn accept(&self, plugin: &LoadedPlugin) -> Result<Self, String> {
        let done = plugin
            .rehearse(&self.stage(), &self.request, &self.replies)
            .map_err(|error| error.to_string())?;
        let expect = Expect::of(&done);
        let count = self.counting(plugin)?;
        Ok(Self { sent: done.sent, expect, count, ..self.clone() })
    }

    fn compare(&self, done: &Rehearsed) -> Result<(), String> {
        for (at, sent) in self.sent.iter().enumerate() {
            let Some(now) = done.sent.get(at) else {
                return Err(format!("{}.out.http was never sent", at + 1));
            };
            if let Some(difference) = wire::difference(sent, now) {
                return Err(format!("{}.out.http: {difference}", at + 1));
            }
        }
        self.expect.compare(&Expect::of(done))
    }
}
