//! Recorded exchanges, as folders that read well in a diff. Requests are recorded before a credential is added,
//! so a cassette cannot contain a key.
//!
//! ```text
//! case.toml       date, recorder and settings
//! request.json    the request to the plugin
//! 1.out.http      the plugin's HTTP request
//! 1.in.http       the service's reply
//! 1.in.cuts       sizes of the reads (optional)
//! expect.jsonl    the expected events, or the expected failure
//! count.out.http  the plugin's token count request (optional)
//! ```

mod expect;
mod read;
mod wire;
mod write;

use std::path::PathBuf;

use massgen_models::request::Request;
use massgen_runtime::LoadedPlugin;
use massgen_runtime::{
    PluginRequest,
    rehearsal::{Counting, Rehearsed, Stage},
};

pub use expect::{Expect, ExpectedFailure, joined};
pub use massgen_runtime::rehearsal::Recorded;
pub use read::{load, load_all, parse};
pub use write::{files, save};

/// The file with the token count request.
const COUNT_FILE: &str = "count.out.http";

/// A recorded exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Cassette {
    /// The folder's name.
    pub name: String,
    /// Date of the recording, such as `2026-11-25`.
    pub date: String,
    /// Program and version that recorded it.
    pub recorder: String,
    /// Names and values of settings.
    pub settings: Vec<(String, String)>,
    /// The request to the plugin.
    pub request: Request,
    /// The plugin's HTTP requests. Not compared if empty.
    pub sent: Vec<PluginRequest>,
    /// The service's replies.
    pub replies: Vec<Recorded>,
    /// The expected result.
    pub expect: Expect,
    /// The plugin's token count request for the same prompt. Not compared if `None`.
    pub count: Option<PluginRequest>,
}

/// An error that makes a cassette unusable.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// A file could not be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// A file has invalid content.
    #[error("cassette {cassette}: {file}: {why}")]
    Content {
        /// The folder's name.
        cassette: String,
        /// The file in it.
        file: String,
        /// What is wrong with the content.
        why: String,
    },
}

impl Cassette {
    /// Returns the environment of the exchange.
    pub fn stage(&self) -> Stage {
        Stage { settings: self.settings.clone(), ..Stage::default() }
    }

    /// Replays the exchange. The error describes the first difference.
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

    /// Returns the plugin's current token count request, if it has one.
    fn counting(&self, plugin: &LoadedPlugin) -> Result<Option<PluginRequest>, String> {
        match plugin.rehearse_count(&self.stage(), &self.request) {
            Ok(Counting::Asked(sent)) => Ok(Some(sent)),
            Ok(Counting::Absent | Counting::Failed(_)) => Ok(None),
            Ok(Counting::Refused(why) | Counting::Crashed(why)) => Err(why),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Returns the exchange with the plugin's current requests and result as the expected ones.
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
