//! The arguments of calls that were made more than once, taken from the file again: keeping them of all
//! calls would keep half of the file.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use serde_json::Value;

use super::Events;
use super::args::sorted;

/// Groups of equal calls whose arguments are shown.
const GROUPS_MAX: usize = 300;

/// Text of arguments that is kept.
const ARGS_CHARS_MAX: usize = 2_000;

const LINE_BYTES_MAX: usize = 4 << 20;

pub(super) fn load_repeated(events: &mut Events, file: &File) {
    let mut order: Vec<u32> = (0..events.calls.len() as u32).collect();
    let key = |at: &u32| {
        let call = &events.calls[*at as usize];
        (call.tool, call.args_hash, *at)
    };
    order.retain(|at| events.calls[*at as usize].start_line > 0);
    order.sort_unstable_by_key(key);
    let mut groups: Vec<(usize, u32)> = order
        .chunk_by(|a, b| {
            let (a, b) = (key(a), key(b));
            (a.0, a.1) == (b.0, b.1)
        })
        .filter(|group| group.len() > 1)
        .map(|group| (group.len(), group[0]))
        .collect();
    groups.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut found = HashMap::new();
    for (_, first) in groups.into_iter().take(GROUPS_MAX) {
        let call = &events.calls[first as usize];
        if let Some(text) = args_at(file, call.start_at) {
            found.insert((call.tool, call.args_hash), text);
        }
    }
    events.repeated_args = found;
}

/// The arguments in the line that begins at `offset`, with sorted keys, cut.
fn args_at(file: &File, offset: u64) -> Option<String> {
    let mut line = Vec::new();
    let mut block = vec![0; 16 << 10];
    while line.len() < LINE_BYTES_MAX {
        let read = file.read_at(&mut block, offset + line.len() as u64).ok()?;
        if read == 0 {
            break;
        }
        let end = memchr::memchr(b'\n', &block[..read]);
        line.extend_from_slice(&block[..end.unwrap_or(read)]);
        if end.is_some() {
            break;
        }
    }
    let event: Value = serde_json::from_str(&String::from_utf8_lossy(&line)).ok()?;
    let text = sorted(event.get("data")?.get("args")?).to_string();
    Some(text.chars().take(ARGS_CHARS_MAX).collect())
}
