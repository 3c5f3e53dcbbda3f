//! The driver of an exchange: it passes requests and replies between plugin and network until the reply is complete.

mod attempt;
mod collector;
mod failed_reply;
mod relay;
mod reply_builder;

pub(crate) use attempt::{AttemptError, check_request, run};
pub(crate) use failed_reply::reject_failed;
pub(crate) use reply_builder::{ContractBreach, ReplyBuilder};
