//! Arguments of repeated calls, read from the file a second time: keeping the arguments of all calls in memory would
//! keep half of the file.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use serde_json::Value;

use super::Events;
use super::line::sorted;

/// Maximum number of groups of repeated calls.
const GROUPS_MAX: usize = 300;

/// Arguments are truncated to this length.
const ARGS_CHARS_MAX: usize = 2_000;

/// Longer lines are not read again.
const LINE_BYTES_MAX: usize = 4 << 20;

/// Finds repeated calls and loads their arguments.
pub(super) fn load_repeated(events: &mut Events, file: &File) {
    let started = events.calls.iter().enumerate().filter(|(_, call)| call.start_line > 0);
    let keys = started.map(|(at, call)| ((call.tool, call.args_hash), at as u32));
    events.repeated = groups(keys.collect(), GROUPS_MAX);
    let mut found = HashMap::new();
    for group in &events.repeated {
        let call = &events.calls[group[0] as usize];
        if let Some(text) = args_at(file, call.start_at) {
            found.insert((call.tool, call.args_hash), text);
        }
    }
    events.repeated_args = found;
}

/// Groups indices by key. Returns groups of at least two, the largest first.
pub(crate) fn groups<K: Ord>(mut keys: Vec<(K, u32)>, groups_max: usize) -> Vec<Vec<u32>> {
    keys.sort_unstable();
    let mut groups: Vec<_> =
        keys.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1).collect();
    groups.sort_unstable_by_key(|group| (Reverse(group.len()), group[0].1));
    groups.truncate(groups_max);
    groups.iter().map(|group| group.iter().map(|(_, at)| *at).collect()).collect()
}

/// Reads the arguments in the line at byte `offset`, with sorted keys, truncated.
fn args_at(file: &File, offset: u64) -> Option<String> {
    let mut line = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    while line.len() < LINE_BYTES_MAX {
        let read = file.read_at(&mut buffer, offset + line.len() as u64).ok()?;
        if read == 0 {
            break;
        }
        let end = memchr::memchr(b'\n', &buffer[..read]);
        line.extend_from_slice(&buffer[..end.unwrap_or(read)]);
        if end.is_some() {
            break;
        }
    }
    let event: Value = serde_json::from_str(&String::from_utf8_lossy(&line)).ok()?;
    let text = sorted(event.get("data")?.get("args")?).to_string();
    Some(text.chars().take(ARGS_CHARS_MAX).collect())
}
