//! One file a verb: an args struct whose doc comments are the help, then one function that does it.

pub(crate) mod auth;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod isolate;
pub(crate) mod logs;
pub(crate) mod manual;
pub(crate) mod models;
pub(crate) mod notices;
pub(crate) mod plugin;
pub(crate) mod welcome;
