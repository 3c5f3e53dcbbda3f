//! Finds, reads and measures MassGen's log directories. Nothing here calls a model, prints, or reads the environment.
//! Malformed content becomes a diagnostic with file and line, never an error.

pub mod diagnostic;
pub mod events;
pub mod examine;
pub mod export;
pub mod facts;
pub mod files;
pub mod locate;
pub mod overview;
pub mod problems;
pub mod read;
pub mod redact;
pub mod run;
pub mod similarity;
mod time;
pub mod timeline;
pub mod tools;

pub use examine::{examine, examine_with};
