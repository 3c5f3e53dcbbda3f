//! The Responses API as pure functions: request to bytes, bytes to events.

pub mod count;
pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;

/// Returns whether a model reasons, from its name: the o-series, and gpt-5 and later except for chat snapshots.
pub(crate) fn is_reasoning(model: &str) -> bool {
    let model = model.rsplit('/').next().unwrap_or(model);
    let o_series =
        model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let gpt = model
        .strip_prefix("gpt-")
        .and_then(|rest| rest.chars().next())
        .is_some_and(|c| ('5'..='9').contains(&c));
    (o_series || gpt) && !model.contains("chat-latest")
}
