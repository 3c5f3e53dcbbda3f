//! Everything people see on a terminal: output, colours, tables, errors as text and exit codes. Commands
//! produce values; this crate writes them. stdout carries the answer, stderr everything else.

pub mod error;
pub mod exit;
pub mod human;
pub mod pager;
pub mod table;
mod ui;
pub mod unseen;
pub mod wrap;

pub use error::CommandError;
pub use exit::Exit;
pub use ui::{BAD, BOLD, DIM, GOOD, Manner, Ui, WARN, agent_line, plugin_line};
