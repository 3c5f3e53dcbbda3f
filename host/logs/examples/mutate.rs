//! Changes files of runs at random and has everything read, measured, drawn and exported, for as long as it is
//! told: nothing may panic, and nothing may take longer than a second a look. What was changed follows from the
//! seed and the count alone, so that a fault comes again.
//!
//! `mutate RUNS SECONDS [SEED]`; `RUNS` holds packed runs (`*.tar.gz`), which are read and not written.
#![expect(clippy::print_stdout, reason = "a program of its own")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use massgen_logs::redact::Redactor;
use massgen_logs::{examine_with, export, locate, overview, timeline};

/// Pieces that formats trip over.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\ud83d",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"99999999999999999999999",
    b"\"agent_a\":",
    b"[[[[[[[[[[[[[[[[",
    b"9999-99-99T99:99:99.999999",
    b"0000-00-00T00:00:00",
    b"\xe2\x9d\x8c",
    b"../../..",
    b"---\n",
    b"&a [*a,*a]",
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let runs = PathBuf::from(args.next().expect("mutate RUNS SECONDS [SEED]"));
    let seconds = args.next().and_then(|text| text.parse().ok()).expect("SECONDS is a number");
    let seed = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let files = unpack(&runs, dir.path());
    let mut random = Random::new(seed);
    let (mut looks, mut faults, mut slowest) = (0u64, 0u64, Duration::ZERO);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        looks += 1;
        let (root, file) = &files[random.below(files.len())];
        let before = std::fs::read(file).expect("the file is there");
        let mut bytes = before.clone();
        (0..=random.below(6)).for_each(|_| change(&mut bytes, &mut random));
        std::fs::write(file, &bytes).expect("it can be written");
        let start = Instant::now();
        let looked = catch_unwind(AssertUnwindSafe(|| look(root)));
        slowest = slowest.max(start.elapsed());
        if looked.is_err() || start.elapsed() > Duration::from_secs(1) {
            faults += 1;
            let kept = std::env::temp_dir().join(format!("mutate-{seed}-{looks}"));
            std::fs::write(&kept, &bytes).expect("the fault can be kept");
            println!(
                "look {looks}: {} ({:?}), kept as {}",
                file.display(),
                start.elapsed(),
                kept.display()
            );
        }
        std::fs::write(file, before).expect("it can be written");
    }
    println!("{looks} looks at damaged runs, {faults} faults, slowest {} ms", slowest.as_millis());
    if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything that is made of a run without a model.
fn look(root: &Path) {
    let run = locate::run_dir(root).expect("the directory is there");
    overview::overview(&run);
    for turn in &run.turns {
        let (facts, run) = examine_with(&run, Some(turn.number), &Redactor::default());
        assert_eq!(facts.attempts.len(), turn.attempts.len(), "an attempt is lost");
        let mut file = export::ParquetRows::new(Vec::new()).expect("memory takes all");
        export::rows(&facts, &run, &mut |row| file.add(row).expect("every row has its place"));
        file.finish().expect("the file ends");
        export::otlp(&facts, &run, "0");
        timeline::timeline(&run, &facts, &Redactor::default());
    }
}

/// Runs, each with a file that is read of them.
fn unpack(runs: &Path, into: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let mut packed: Vec<_> = std::fs::read_dir(runs)
        .expect("RUNS is a directory")
        .filter_map(Result::ok)
        .map(|e| e.path())
        .collect();
    packed.sort();
    for path in packed.iter().filter(|path| path.extension().is_some_and(|e| e == "gz")) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .trim_end_matches(".tar.gz");
        let file = std::fs::File::open(path).expect("it can be opened");
        tar::Archive::new(flate2::read::GzDecoder::new(file))
            .unpack(into)
            .expect("it can be unpacked");
        for run in locate::list(&into.join(name)).expect("it holds runs") {
            for attempt in run.turns.iter().flat_map(|turn| &turn.attempts) {
                for file in
                    std::fs::read_dir(&attempt.path).expect("it is there").filter_map(Result::ok)
                {
                    let is_text = file.file_type().is_ok_and(|kind| kind.is_file());
                    if is_text && file.metadata().is_ok_and(|meta| meta.len() > 0) {
                        found.push((run.root.clone(), file.path()));
                    }
                }
            }
        }
    }
    found
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let to = (at + random.below(200)).min(bytes.len());
    match random.below(8) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = random.below(256) as u8,
        3 => drop(bytes.drain(at..to)),
        4 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
        5 => drop(bytes.splice(at..to, PIECES[random.below(PIECES.len())].iter().copied())),
        6 => bytes.extend_from_within(at..to),
        _ => {
            let line =
                bytes[at..].iter().position(|byte| *byte == b'\n').map_or(at, |end| at + end);
            let piece = bytes[at..to].to_vec();
            drop(bytes.splice(line..line, piece));
        }
    }
}

/// Xorshift: the same places for the same seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
