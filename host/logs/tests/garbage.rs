#![expect(clippy::unwrap_used, reason = "a test may")]
//! Real runs whose files are cut, changed and taken away: they are read all the same, what is lost is named with
//! file and line, and what other files tell is still told.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use massgen_logs::facts::{AttemptFacts, Facts};
use massgen_logs::redact::Redactor;
use massgen_logs::{examine, export, locate};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/runs");

/// Files of an attempt that facts are taken from.
const READ: &[&str] = &[
    "events.jsonl",
    "status.json",
    "metrics_summary.json",
    "coordination_events.json",
    "execution_metadata.yaml",
    "massgen.log",
    "massgen_debug.log",
];

/// A run that is unpacked, and what is known of it while it is whole.
struct Sample {
    _dir: tempfile::TempDir,
    root: PathBuf,
    /// Facts of every turn.
    whole: Vec<Facts>,
}

impl Sample {
    fn unpack(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = std::fs::File::open(format!("{FIXTURES}/{name}.tar.gz")).unwrap();
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(dir.path()).unwrap();
        let root = locate::list(&dir.path().join(name)).unwrap().remove(0).root;
        let whole = facts(&root);
        Self { _dir: dir, root, whole }
    }

    /// Every regular file, as a path below the run.
    fn files(&self) -> Vec<String> {
        let (mut found, mut open) = (Vec::new(), vec![self.root.clone()]);
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    open.push(entry.path());
                } else if kind.is_file() {
                    let path = entry.path();
                    found
                        .push(path.strip_prefix(&self.root).unwrap().to_str().unwrap().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// Changes one file, looks, and puts it back.
    fn with(&self, file: &str, content: Option<&[u8]>, look: impl FnOnce(&[Facts])) {
        let path = self.root.join(file);
        let before = std::fs::read(&path).unwrap();
        match content {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        look(&facts(&self.root));
        std::fs::write(&path, before).unwrap();
    }
}

fn facts(root: &Path) -> Vec<Facts> {
    let run = locate::run_dir(root).unwrap();
    let turns = run.turns.iter().map(|turn| Some(turn.number));
    turns.map(|turn| examine(&run, turn, &Redactor::default())).collect()
}

/// Runs a check on every sample, on all processors.
fn each_sample(check: impl Fn(&str, &Sample) + Sync) {
    let mut names: Vec<String> = std::fs::read_dir(FIXTURES)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str()?.strip_suffix(".tar.gz").map(String::from))
        .collect();
    names.sort();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(name, &Sample::unpack(name));
                }
            });
        }
    });
}

/// `turn_1/attempt_1/events.jsonl`: the file of an attempt itself, which facts are taken from.
fn is_read(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    matches!(parts[..], [turn, attempt, name]
        if turn.starts_with("turn_") && attempt.starts_with("attempt_") && READ.contains(&name))
}

fn pairs<'a>(
    whole: &'a [Facts],
    found: &'a [Facts],
) -> impl Iterator<Item = (&'a AttemptFacts, &'a AttemptFacts)> {
    assert_eq!(whole.len(), found.len());
    whole.iter().zip(found).flat_map(|(whole, found)| {
        assert_eq!(whole.attempts.len(), found.attempts.len());
        whole.attempts.iter().zip(&found.attempts)
    })
}

/// What the events tell.
fn of_events(facts: &AttemptFacts) -> impl PartialEq + std::fmt::Debug {
    let calls = (facts.events, facts.tool_calls, facts.tool_failures, facts.unfinished_tool_calls);
    (calls, facts.wall_ms, facts.answers.len(), facts.duplicates.len())
}

/// What the counters tell.
fn of_counters(facts: &AttemptFacts) -> impl PartialEq + std::fmt::Debug {
    (facts.recorded_input_tokens, facts.recorded_cost_usd.to_bits(), facts.api.calls)
}

/// What one damaged file may not take away.
fn the_rest_is_there(place: &str, file: &str, whole: &[Facts], found: &[Facts]) {
    for (whole, found) in pairs(whole, found) {
        // Without events, rounds and answers come from whatever other file is left.
        if whole.has_events && !file.ends_with("events.jsonl") {
            assert_eq!(of_events(whole), of_events(found), "{place}");
        }
        if !file.ends_with("metrics_summary.json") && !file.ends_with("status.json") {
            assert_eq!(of_counters(whole), of_counters(found), "{place}");
        }
        if file.ends_with("massgen.log") {
            assert_eq!(
                (whole.votes.len(), &whole.winner),
                (found.votes.len(), &found.winner),
                "{place}"
            );
        }
    }
}

fn is_named(found: &[Facts], file: &str, lines: u64) -> bool {
    found.iter().flat_map(|facts| &facts.diagnostics).any(|diagnostic| {
        diagnostic.file == file
            && (1..=lines).contains(&diagnostic.line)
            && !diagnostic.message.is_empty()
    })
}

fn lines(bytes: &[u8]) -> u64 {
    String::from_utf8_lossy(bytes).lines().count() as u64
}

#[test]
fn every_file_cut_at_every_kibibyte() {
    let cuts = AtomicUsize::new(0);
    each_sample(|name, sample| {
        for file in sample.files().iter().filter(|file| is_read(file)) {
            let bytes = std::fs::read(sample.root.join(file)).unwrap();
            let mut events = 0;
            for cut in (0..bytes.len()).step_by(1024) {
                let place = format!("{name}/{file} cut at {cut}");
                let kept = &bytes[..cut];
                sample.with(file, Some(kept), |found| {
                    the_rest_is_there(&place, file, &sample.whole, found);
                    let may_be_whole =
                        !file.ends_with(".json") && (kept.is_empty() || kept.ends_with(b"\n"));
                    let named = is_named(found, file, lines(kept).max(1));
                    assert!(may_be_whole || named, "{place}: {:?}", found[0].diagnostics);
                    if file.ends_with("events.jsonl") {
                        // Every whole line before the cut counts.
                        let count: u64 =
                            found.iter().flat_map(|f| &f.attempts).map(|a| a.events).sum();
                        assert!(count >= events, "{place}: {count} after {events}");
                        events = count;
                    }
                });
                cuts.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert!(cuts.load(Ordering::Relaxed) > 2_000, "{cuts:?}");
}

#[test]
fn every_file_taken_away() {
    let removed = AtomicUsize::new(0);
    each_sample(|name, sample| {
        for file in sample.files() {
            let place = format!("{name}/{file} taken away");
            sample
                .with(&file, None, |found| the_rest_is_there(&place, &file, &sample.whole, found));
            removed.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(removed.load(Ordering::Relaxed) > 1_000, "{removed:?}");
}

#[test]
fn bytes_flipped_at_random() {
    let flipped = AtomicUsize::new(0);
    each_sample(|name, sample| {
        for (seed, file) in sample.files().iter().filter(|file| is_read(file)).enumerate() {
            let bytes = std::fs::read(sample.root.join(file)).unwrap();
            let mut random = Random::new(seed as u64 + 1);
            for round in 0..if bytes.is_empty() { 0 } else { 6 } {
                let mut changed = bytes.clone();
                for _ in 0..=random.below(12) {
                    let at = random.below(changed.len());
                    changed[at] ^= 1 << random.below(8);
                }
                let place = format!("{name}/{file} round {round}");
                sample.with(file, Some(&changed), |found| {
                    the_rest_is_there(&place, file, &sample.whole, found);
                    let unreadable = file.ends_with(".json")
                        && serde_json::from_slice::<serde_json::Value>(&changed).is_err();
                    let named = is_named(found, file, lines(&changed));
                    assert!(!unreadable || named, "{place}: {:?}", found[0].diagnostics);
                });
                flipped.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert!(flipped.load(Ordering::Relaxed) > 500, "{flipped:?}");
}

/// A broken line costs that line alone.
#[test]
fn broken_lines_cost_themselves_only() {
    let sample = Sample::unpack("tool_failures");
    let file = "turn_1/attempt_1/events.jsonl";
    let text = std::fs::read_to_string(sample.root.join(file)).unwrap();
    for broken in 0..text.lines().count() {
        let changed: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(at, line)| if at == broken { line[1..].into() } else { line.to_string() })
            .collect();
        sample.with(file, Some((changed.join("\n") + "\n").as_bytes()), |found| {
            let of = |facts: &[Facts]| facts[0].attempts[0].events;
            assert_eq!(of(found), of(&sample.whole) - 1);
            let lines: Vec<u64> = found[0].diagnostics.iter().map(|d| d.line).collect();
            assert_eq!(lines, [broken as u64 + 1]);
        });
    }
}

/// What stands before the cut is kept, and agents that are not whole are left out.
#[test]
fn half_a_document_tells_its_half() {
    let sample = Sample::unpack("tool_failures");
    let (events, status) = ("turn_1/attempt_1/events.jsonl", "turn_1/attempt_1/status.json");
    let metrics = "turn_1/attempt_1/metrics_summary.json";
    let of = |file: &str| std::fs::read_to_string(sample.root.join(file)).unwrap();
    let whole = &sample.whole[0].attempts[0];
    let metrics_text = of(metrics);
    let second = metrics_text.find("\"agent_b\": {").unwrap();
    std::fs::remove_file(sample.root.join(status)).unwrap();
    sample.with(metrics, Some(&metrics_text.as_bytes()[..second + 20]), |found| {
        let attempt = &found[0].attempts[0];
        assert_eq!(attempt.agents[0].input_tokens, whole.agents[0].input_tokens);
        assert_eq!(attempt.agents[1].input_tokens, 0);
        assert!(attempt.gaps.iter().any(|gap| gap.gap == "no_metrics"), "{:?}", attempt.gaps);
        assert_eq!(attempt.tool_failures, 7);
    });
    let text = of(events);
    sample.with(events, Some(&text.as_bytes()[..text.len() / 2]), |found| {
        let attempt = &found[0].attempts[0];
        assert!(attempt.tool_calls > 0 && attempt.tool_calls < whole.tool_calls);
    });
}

/// Nothing panics while a damaged run is exported.
#[test]
fn damaged_runs_are_exported() {
    let sample = Sample::unpack("three_vote");
    let file = "turn_1/attempt_1/events.jsonl";
    let bytes = std::fs::read(sample.root.join(file)).unwrap();
    std::fs::write(sample.root.join(file), &bytes[..bytes.len() / 2]).unwrap();
    let run = locate::run_dir(&sample.root).unwrap();
    let (facts, run) = massgen_logs::examine_with(&run, None, &Redactor::default());
    let mut file = export::ParquetRows::new(Vec::new()).unwrap();
    let mut rows = 0;
    export::rows(&facts, &run, &mut |row| {
        rows += 1;
        file.add(row).unwrap();
    });
    assert!(rows > 5 && file.finish().unwrap().starts_with(b"PAR1"), "{rows}");
    assert!(export::otlp(&facts, &run, "0")["resourceSpans"].is_array());
}

/// Xorshift: the same places every time.
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
