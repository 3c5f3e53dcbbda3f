//! Lenient reading of a model's arguments: numbers may be text, and null counts as absent.

use serde_json::Value;

pub(super) fn text<'a>(args: &'a Value, name: &str) -> Option<&'a str> {
    args.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn number(args: &Value, name: &str) -> Option<u64> {
    let value = args.get(name)?;
    let float = || value.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64);
    value.as_u64().or_else(float).or_else(|| value.as_str()?.trim().parse().ok())
}

/// Returns a path without the prefixes that models add: the run's name or `./`.
pub(super) fn path<'a>(args: &'a Value, name: &str, run: &str) -> Option<&'a str> {
    let path = text(args, name)?.trim_start_matches("./");
    Some(path.strip_prefix(run).map_or(path, |rest| rest.trim_start_matches('/')))
}
