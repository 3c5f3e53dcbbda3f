//! The review without a terminal: what a key costs from the moment that it is known to the rows that are drawn.
//! Ten thousand files, and one diff of fifty megabytes. The budget of a key is 16 ms, a frame of most screens.
//!
//!     cargo bench -p massgen-review --bench desk
#![expect(clippy::unwrap_used, reason = "a benchmark may")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use massgen_isolation::changeset::{Change, ChangeStatus, Scope};
use massgen_isolation::path::RelPath;
use massgen_isolation::review::Accept;
use massgen_review::desk::{Desk, Item, Key, Tab};
use massgen_review::diff::{Diffs, FileDiff};
use massgen_review::screen::{Highlights, Size, render};
use massgen_review::text::Row;

const FILES: usize = 10_000;
const SCREEN: Size = Size { width: 200, height: 60 };
const LARGE_BYTES: usize = 50_000_000;

/// Gives the same diff for every file.
struct One(Arc<FileDiff>);

impl Diffs for One {
    fn diff(&mut self, _: usize, _: &Change) -> Result<Arc<FileDiff>, String> {
        Ok(self.0.clone())
    }
}

fn items(files: usize) -> Vec<Item> {
    let item = |at: usize| {
        let path = format!("src/part{:03}/file{at:05}.rs", at / 100);
        let change = Change {
            path: RelPath::new(path.as_bytes()).unwrap(),
            old_path: None,
            status: ChangeStatus::Modified,
            old: None,
            new: None,
            scope: Scope::In,
            risks: Vec::new(),
        };
        Item { change, accept: Accept::No, stats: None, stale: false }
    };
    (0..files).map(item).collect()
}

fn desk(files: usize) -> Desk {
    Desk::new(vec![Tab::new("id".into(), "bench".into(), items(files), 0)])
}

fn diff(bytes: usize) -> One {
    let (old, new) = texts(bytes);
    One(Arc::new(FileDiff::of(old, new)))
}

/// A text of so many bytes, and the same with each hundredth line changed.
fn texts(bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let lines = bytes / 40;
    let text = |changed: bool| -> Vec<u8> {
        let line = |at: usize| {
            let word = if changed && at.is_multiple_of(100) { "changed" } else { "as it was" };
            format!("{:<39}\n", format!("line {at} {word}"))
        };
        (0..lines).map(line).collect::<String>().into_bytes()
    };
    (text(false), text(true))
}

fn draw(desk: &mut Desk, diffs: &mut One) -> Vec<Row> {
    desk.look(diffs);
    desk.keep_in_sight();
    render(desk, &Highlights::default(), SCREEN)
}

#[divan::bench]
fn ten_thousand_files_are_laid_out_and_drawn(bencher: Bencher<'_, '_>) {
    let mut diffs = diff(4_000);
    bencher.with_inputs(|| items(FILES)).bench_local_values(|items| {
        let mut desk = Desk::new(vec![Tab::new("id".into(), "bench".into(), items, 0)]);
        draw(&mut desk, &mut diffs)
    });
}

/// A key, and the screen after it.
#[divan::bench(args = ["down", "space", "h", "a", "f"])]
fn ten_thousand_files_key(bencher: Bencher<'_, '_>, name: &str) {
    let key = match name {
        "down" => Key::Down,
        "space" => Key::Char(' '),
        letter => Key::Char(letter.chars().next().unwrap()),
    };
    let mut diffs = diff(4_000);
    let mut desk = desk(FILES);
    draw(&mut desk, &mut diffs);
    for _ in 0..FILES / 2 {
        desk.on(Key::Down, &mut diffs);
    }
    bencher.bench_local(|| {
        black_box(desk.on(key, &mut diffs));
        draw(&mut desk, &mut diffs)
    });
}

/// The next letter of a filter: all files are looked through.
#[divan::bench]
fn ten_thousand_files_filter(bencher: Bencher<'_, '_>) {
    let mut diffs = diff(4_000);
    let mut desk = desk(FILES);
    desk.on(Key::Char('f'), &mut diffs);
    let mut letters = "file099".chars().map(Key::Char).chain(vec![Key::Backspace; 7]).cycle();
    bencher.bench_local(|| {
        black_box(desk.on(letters.next().unwrap(), &mut diffs));
        draw(&mut desk, &mut diffs)
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn fifty_megabytes_are_compared(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| texts(LARGE_BYTES))
        .bench_local_values(|(old, new)| FileDiff::of(old, new));
}

/// Keys within a diff of 12,500 hunks, with the screen after them.
#[divan::bench(args = ["next hunk", "hunk", "last row"])]
fn fifty_megabytes_key(bencher: Bencher<'_, '_>, name: &str) {
    let key = match name {
        "next hunk" => Key::Char(']'),
        "hunk" => Key::Char('h'),
        _ => Key::End,
    };
    let mut diffs = diff(LARGE_BYTES);
    let mut desk = desk(1);
    draw(&mut desk, &mut diffs);
    bencher.bench_local(|| {
        black_box(desk.on(key, &mut diffs));
        draw(&mut desk, &mut diffs)
    });
}

fn main() {
    divan::main();
}
