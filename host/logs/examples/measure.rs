//! Measures one run and says how long that took and how much memory it needed, to be set beside other programs
//! on the same file. `measure DIR`, `measure scan FILE`, or `measure list DIR [CACHE]`: the rows of all runs of a
//! directory, with an index if a directory for it is named.
#![expect(clippy::print_stdout, reason = "a program of its own")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use massgen_logs::overview::Index;
use massgen_logs::redact::Redactor;
use massgen_logs::{examine, locate};

fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let began = Instant::now();
    if what == "scan" {
        println!("{} lines", scan(&args.next().expect("scan FILE")));
    } else if what == "list" {
        let base = PathBuf::from(args.next().expect("list DIR"));
        println!("{} runs", list(&base, args.next().as_deref().map(Path::new)));
    } else {
        let (run, _) = locate::open(Path::new(&what)).expect("a run's directory");
        let facts = examine(&run, None, &Redactor::default());
        for attempt in &facts.attempts {
            println!(
                "{} events, {} calls, {} failed, {} rounds, {} problems",
                attempt.events,
                attempt.tool_calls,
                attempt.tool_failures,
                attempt.agents.iter().map(|agent| agent.rounds).sum::<u64>(),
                facts.problems.len()
            );
        }
    }
    println!("{} ms, peak {} KiB", began.elapsed().as_millis(), peak_kib());
}

fn list(base: &Path, cache: Option<&Path>) -> usize {
    let names = locate::names(base).expect("the directory can be read");
    let mut index = Index::open(cache, base);
    let rows = index.overviews(&names, &Redactor::default());
    index.keep(&names).expect("the index can be written");
    rows.len()
}

/// The bare scan that nothing which looks at every line can beat.
fn scan(path: &str) -> usize {
    let mut file = std::fs::File::open(path).expect("the file can be opened");
    let mut block = vec![0; 1 << 20];
    let mut lines = 0;
    loop {
        let read = file.read(&mut block).expect("the file can be read");
        if read == 0 {
            return lines;
        }
        lines += memchr::memchr_iter(b'\n', &block[..read]).count();
    }
}

/// Peak of the memory in use, as Linux counts it; 0 elsewhere.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
