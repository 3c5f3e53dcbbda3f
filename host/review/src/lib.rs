//! Reviewing what agents did: on a full screen, prompt by prompt, or in a browser. All three work on one
//! [`desk::Desk`], whose state is pure, and keep decisions through one [`job::Job`], which does what has to
//! be done outside.

mod colors;
pub mod desk;
pub mod diff;
mod job;
mod plain;
mod print;
pub mod screen;
mod terminal;
pub mod text;
mod web;

pub use colors::Colors;
pub use job::{Job, JobError, Outcome};
pub use plain::run as plain;
pub use print::print_change;
pub use terminal::{TerminalError, run as terminal};
pub use web::{Address, Ended, Secrets, WebError, run as web};
