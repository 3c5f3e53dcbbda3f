//! The driver of an exchange: guest and network, turn by turn, until the reply is whole.

mod attempt;
mod joiner;

pub(crate) use attempt::{AttemptError, checked, refuse_foreign, run};
pub(crate) use joiner::Joiner;
