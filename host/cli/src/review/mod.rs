//! Reviewing what agents did: on a full screen, prompt by prompt, or in a browser. All three work on one
//! [`desk::Desk`], whose state is pure, and keep decisions through one [`job::Job`], which does what has to
//! be done outside.

mod colors;
pub(crate) mod desk;
pub(crate) mod diff;
mod job;
mod plain;
mod print;
mod screen;
mod terminal;
pub(crate) mod text;
mod web;

pub(crate) use colors::Colors;
pub(crate) use job::{Job, JobError, Outcome};
pub(crate) use plain::run as plain;
pub(crate) use print::print_change;
pub(crate) use terminal::{TerminalError, run as terminal};
pub(crate) use web::{Address, Ended, Secrets, WebError, run as web};
