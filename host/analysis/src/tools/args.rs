//! Reading arguments that a model made: numbers as text, null and absent alike.

use serde_json::Value;

pub(super) fn text<'a>(args: &'a Value, name: &str) -> Option<&'a str> {
    args.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn number(args: &Value, name: &str) -> Option<u64> {
    let value = args.get(name)?;
    let float = || value.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64);
    value.as_u64().or_else(float).or_else(|| value.as_str()?.trim().parse().ok())
}

/// A path as models write it: with the run's own name in front, or with `./`.
pub(super) fn path<'a>(args: &'a Value, name: &str, run: &str) -> Option<&'a str> {
    let path = text(args, name)?.trim_start_matches("./");
    Some(path.strip_prefix(run).map_or(path, |rest| rest.trim_start_matches('/')))
}
