//! Phrases that several titles use.

/// Characters of a call's arguments in a title.
const ARGUMENT_CHARS_MAX: usize = 120;

/// `1 request`, `2 requests`.
pub(super) fn counted(n: u64, singular: &str, plural: &str) -> String {
    format!("{n} {}", if n == 1 { singular } else { plural })
}

/// The beginning of a call's arguments.
pub(super) fn shortened(args: &str) -> String {
    match args.char_indices().nth(ARGUMENT_CHARS_MAX) {
        None => args.to_string(),
        Some((end, _)) => format!("{}…", &args[..end]),
    }
}

/// Milliseconds as `1.5 s`.
pub(super) fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}
