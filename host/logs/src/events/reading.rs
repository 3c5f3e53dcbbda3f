//! Reads the file in stretches, on all processors, and joins what they hold in the file's order. The
//! stretches are the same on every machine, and so is what comes of them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::part::{Part, Record};
use super::queue::{Queue, Worker};
use super::{Events, texts};
use crate::read::Source;

/// Name of the file within an attempt.
pub(crate) const FILE: &str = "events.jsonl";

/// Size of a stretch.
const STRETCH: u64 = 256 << 10;

/// A line beyond this is not parsed; MassGen does not cut results, so lines of megabytes are normal.
const LINE_BYTES_MAX: usize = 32 << 20;

/// Read beyond the end of a stretch for its last line, at first: twice as much each time that it does not end there.
const BEYOND: usize = 4 << 10;

pub(crate) fn read(source: &mut Source<'_>) -> Option<Events> {
    let file = source.open(FILE)?;
    // What is appended meanwhile belongs to the next look.
    let size = file.metadata().map_or(0, |meta| meta.len());
    let (mut events, complaints) = match stretches(&file, size, STRETCH) {
        Ok(joined) => joined,
        Err(error) => {
            source.complain(FILE, 0, format!("can't be read: {error}"));
            return Some(Events::default());
        }
    };
    for (line, why) in complaints {
        source.complain(FILE, line, why);
    }
    let left_out = [
        (events.moments_left_out, "moments are"),
        (events.asides_left_out, "subagents, background jobs and prompts are"),
    ];
    for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        source.complain(FILE, 0, format!("{count} more {what} not listed"));
    }
    texts::load_repeated(&mut events, &file);
    Some(events)
}

/// Reads `size` bytes in stretches of `stretch`.
pub(super) fn stretches(
    file: &File,
    size: u64,
    stretch: u64,
) -> std::io::Result<(Events, Vec<(u64, String)>)> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let threads = threads.min(size.div_ceil(stretch));
    let queue = Queue::new(threads as usize * 2);
    let work = || {
        let _worker = Worker(&queue);
        let mut room = Room::default();
        while let Some(index) = queue.next(size.div_ceil(stretch)) {
            let part = part(file, size, index * stretch, stretch, &mut room);
            room.records = queue.join(index, part);
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

/// Memory that one stretch after another uses: made new for each, it would lie scattered between the texts that stay.
#[derive(Default)]
struct Room {
    buffer: Vec<u8>,
    records: Vec<Record>,
}

/// The lines that begin within a stretch.
fn part(
    file: &File,
    size: u64,
    start: u64,
    stretch: u64,
    room: &mut Room,
) -> std::io::Result<Part> {
    let mut part = Part::new(std::mem::take(&mut room.records));
    let buffer = &mut room.buffer;
    let end = (start + stretch).min(size);
    // The byte before tells whether a line begins right here.
    let from = start.saturating_sub(1);
    let mut held = fill(file, buffer, 0, from, (end - from) as usize)?;
    let mut at = match start {
        0 => 0,
        _ => match memchr::memchr(b'\n', &buffer[..held]) {
            Some(found) => found + 1,
            None => return Ok(part),
        },
    };
    if let Some(whole) = memchr::memrchr(b'\n', &buffer[at..held]) {
        part.lines(&buffer[at..=at + whole], from + at as u64);
        at += whole + 1;
    }
    if from + (at as u64) < end && at < held {
        held = last_line(file, size, from, held, at, buffer)?;
        let line = &buffer[at..held];
        let found = memchr::memchr(b'\n', line);
        if found.is_none() && line.len() > LINE_BYTES_MAX {
            let why = format!("is longer than {} MiB and left out", LINE_BYTES_MAX >> 20);
            part.left_out(why, from + at as u64);
        } else {
            let line = &line[..found.unwrap_or(line.len())];
            part.line(line, from + at as u64, found.is_some());
        }
    }
    if buffer.capacity() > 8 << 20 {
        *buffer = Vec::new();
    }
    Ok(part)
}

/// Reads on until the line that begins at `at` ends; gives the bytes that the buffer holds then.
fn last_line(
    file: &File,
    size: u64,
    from: u64,
    mut held: usize,
    at: usize,
    buffer: &mut Vec<u8>,
) -> std::io::Result<usize> {
    let mut beyond = BEYOND;
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

/// Reads up to `want` bytes of the file from `offset` into the buffer from `at`; gives the bytes that it
/// holds then.
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
