//! Reads the file in blocks on all cores and joins them in order. The block size is fixed, so results are the same on
//! every machine.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::block::{Block, Record};
use super::queue::{Queue, Worker};
use super::{Events, texts};
use crate::read::Source;

/// File name within an attempt.
pub(crate) const FILE: &str = "events.jsonl";

/// Bytes per block. A block fits into a core's cache.
const BLOCK_BYTES: u64 = 256 << 10;

/// Maximum length of a parsed line. MassGen does not truncate results, so lines of several megabytes are normal.
const LINE_BYTES_MAX: usize = 32 << 20;

/// Bytes first read beyond the end of a block to complete its last line; doubled until the line ends.
const BEYOND_BYTES: usize = 4 << 10;

pub(crate) fn read(source: &mut Source<'_>) -> Option<Events> {
    let file = source.open(FILE)?;
    // Lines appended while reading are left to the next read.
    let size = file.metadata().map_or(0, |meta| meta.len());
    let (mut events, complaints) = match read_blocks(&file, size, BLOCK_BYTES) {
        Ok(joined) => joined,
        Err(error) => {
            source.complain(FILE, 0, format!("cannot be read: {error}"));
            return Some(Events::default());
        }
    };
    for (line, why) in complaints {
        source.complain(FILE, line, why);
    }
    let left_out = [
        (events.moments_left_out, "moments"),
        (events.side_records_left_out, "subagents, background jobs and prompts"),
    ];
    for (count, items) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        source.complain(FILE, 0, format!("too many {items}: {count} are not listed"));
    }
    texts::load_repeated(&mut events, &file);
    Some(events)
}

/// Reads the first `size` bytes of a file in blocks of `block_bytes`. Returns the content, and the unreadable lines
/// with the reasons.
pub(super) fn read_blocks(
    file: &File,
    size: u64,
    block_bytes: u64,
) -> std::io::Result<(Events, Vec<(u64, String)>)> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let threads = threads.min(size.div_ceil(block_bytes));
    let queue = Queue::new(threads as usize * 2);
    let work = || {
        let _worker = Worker(&queue);
        let mut scratch = Scratch::default();
        while let Some(index) = queue.next(size.div_ceil(block_bytes)) {
            let block = read_block(file, size, index * block_bytes, block_bytes, &mut scratch);
            scratch.records = queue.join(index, block);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    queue.finish()
}

/// Memory that a worker reuses for all its blocks. Allocating it for each block fragments the heap.
#[derive(Default)]
struct Scratch {
    buffer: Vec<u8>,
    records: Vec<Record>,
}

/// Reads the lines that start within a block.
fn read_block(
    file: &File,
    size: u64,
    start: u64,
    block_bytes: u64,
    scratch: &mut Scratch,
) -> std::io::Result<Block> {
    let mut block = Block::new(std::mem::take(&mut scratch.records));
    let buffer = &mut scratch.buffer;
    let end = (start + block_bytes).min(size);
    // Include the byte before the block: if it is a newline, the block starts with a complete line.
    let from = start.saturating_sub(1);
    let mut held = fill(file, buffer, 0, from, (end - from) as usize)?;
    let mut at = match start {
        0 => 0,
        _ => match memchr::memchr(b'\n', &buffer[..held]) {
            Some(found) => found + 1,
            None => return Ok(block),
        },
    };
    if let Some(whole) = memchr::memrchr(b'\n', &buffer[at..held]) {
        block.add_lines(&buffer[at..=at + whole], from + at as u64);
        at += whole + 1;
    }
    if from + (at as u64) < end && at < held {
        held = read_last_line(file, size, from, held, at, buffer)?;
        let line = &buffer[at..held];
        let found = memchr::memchr(b'\n', line);
        if found.is_none() && line.len() > LINE_BYTES_MAX {
            let why = format!("skipped: line longer than {} MiB", LINE_BYTES_MAX >> 20);
            block.skip_line(why, from + at as u64);
        } else {
            let line = &line[..found.unwrap_or(line.len())];
            block.add_line(line, from + at as u64, found.is_some());
        }
    }
    if buffer.capacity() > 8 << 20 {
        *buffer = Vec::new();
    }
    Ok(block)
}

/// Reads until the end of the line that starts at `at` in the buffer. Returns the number of bytes in the buffer.
fn read_last_line(
    file: &File,
    size: u64,
    from: u64,
    mut held: usize,
    at: usize,
    buffer: &mut Vec<u8>,
) -> std::io::Result<usize> {
    let mut beyond = BEYOND_BYTES;
    while from + (held as u64) < size && held - at <= LINE_BYTES_MAX {
        let want = beyond.min((size - from - held as u64) as usize);
        beyond *= 2;
        let now = fill(file, buffer, held, from + held as u64, want)?;
        let ends = memchr::memchr(b'\n', &buffer[held..now]).is_some();
        if ends || now == held {
            return Ok(now);
        }
        held = now;
    }
    Ok(held)
}

/// Reads up to `want` bytes at file offset `offset` into the buffer at `at`. Returns the number of bytes in the
/// buffer.
fn fill(
    file: &File,
    buffer: &mut Vec<u8>,
    at: usize,
    offset: u64,
    want: usize,
) -> std::io::Result<usize> {
    if buffer.len() < at + want {
        buffer.resize(at + want, 0);
    }
    let mut held = at;
    while held < at + want {
        let offset = offset + (held - at) as u64;
        match file.read_at(&mut buffer[held..at + want], offset) {
            Ok(0) => break,
            Ok(read) => held += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(held)
}
