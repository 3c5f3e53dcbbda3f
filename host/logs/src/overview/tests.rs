//! The list with an index is the list without one, whatever happens to the runs in between.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::index::Index;
use super::{Overview, overviews};
use crate::facts::Outcome;
use crate::locate;
use crate::redact::Redactor;

/// A moment at which everything that was written until now has settled.
const LATER: i64 = i64::MAX / 2;

struct Runs {
    dir: tempfile::TempDir,
}

impl Runs {
    fn new(count: usize) -> Self {
        let runs = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(runs.base()).unwrap();
        (0..count).for_each(|number| runs.add(number));
        runs
    }

    fn base(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn run(&self, number: usize) -> PathBuf {
        self.base().join(format!("log_20260101_{number:06}_000000"))
    }

    fn attempt(&self, number: usize) -> PathBuf {
        self.run(number).join("turn_1/attempt_1")
    }

    fn add(&self, number: usize) {
        let dir = self.attempt(number);
        std::fs::create_dir_all(&dir).unwrap();
        let events = [(0, "round_start"), (5, "answer_submitted")]
            .map(|(second, kind)| event(second, kind, "agent_a"))
            .concat();
        std::fs::write(dir.join("events.jsonl"), events).unwrap();
        std::fs::write(dir.join("status.json"), status("in_progress", "agent_a", "0.25")).unwrap();
        std::fs::write(dir.join("execution_metadata.yaml"), format!("query: what is {number}?\n"))
            .unwrap();
    }

    fn names(&self) -> Vec<String> {
        locate::names(&self.base()).unwrap()
    }

    /// The list by an index that is read and written back, at this moment.
    fn listed(&self, looked_ns: i64) -> Vec<Overview> {
        let names = self.names();
        let mut index = Index::open_at(Some(&self.cache()), &self.base(), looked_ns);
        let rows = index.overviews(&names, &Redactor::default());
        index.keep(&names).unwrap();
        rows
    }

    /// How many rows the index would not have to read again.
    fn known(&self) -> usize {
        let index = Index::open_at(Some(&self.cache()), &self.base(), LATER);
        self.names().iter().filter(|name| index.known(name).is_some()).count()
    }

    #[track_caller]
    fn compare(&self, what: &str) {
        assert_eq!(self.listed(LATER), overviews(&self.base(), &self.names()), "{what}");
        tick();
    }

    fn index_file(&self) -> PathBuf {
        let mut files = std::fs::read_dir(self.cache().join("runs")).unwrap();
        files.next().unwrap().unwrap().path()
    }
}

/// Lets the clock of the file system go on, as `LATER` claims that it has.
fn tick() {
    std::thread::sleep(Duration::from_millis(20));
}

fn event(second: u64, kind: &str, agent: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-01-01T00:00:{second:02}.000000\",\"event_type\":\"{kind}\",\"agent_id\":\"{agent}\",\"round_number\":0,\"data\":{{}}}}\n"
    )
}

fn status(finish: &str, winner: &str, cost: &str) -> String {
    format!(
        "{{\"finish_reason\":\"{finish}\",\"results\":{{\"winner\":\"{winner}\"}},\"costs\":{{\"total_estimated_cost\":{cost}}},\"agents\":{{\"agent_a\":{{}},\"agent_b\":{{}}}}}}"
    )
}

fn append(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Writes into the file that is there: same inode, same size.
fn edit(path: &Path, from: &str, to: &str) {
    use std::os::unix::fs::FileExt;
    assert_eq!(from.len(), to.len());
    let text = std::fs::read_to_string(path).unwrap();
    if let Some(at) = text.find(from) {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(to.as_bytes(), at as u64).unwrap();
    }
}

fn replace(path: &Path, text: &str) {
    let new = path.with_extension("tmp");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[test]
fn nothing_is_read_again_that_did_not_change() {
    let runs = Runs::new(5);
    tick();
    runs.compare("the first look");
    assert_eq!(runs.known(), 5);
    runs.compare("the second look");
    append(&runs.attempt(3).join("events.jsonl"), &event(9, "final_answer", "agent_b"));
    assert_eq!(runs.known(), 4);
    runs.compare("after a change");
    assert_eq!(runs.known(), 5);
}

#[test]
fn every_change_is_seen() {
    let runs = Runs::new(1);
    let at = |file: &str| runs.attempt(0).join(file);
    let row = || runs.listed(LATER).remove(0);
    tick();
    runs.compare("as it was");
    edit(&at("status.json"), "in_progress", "interrupted");
    runs.compare("another word of the same length");
    append(&at("events.jsonl"), &event(7, "final_answer", "agent_b"));
    runs.compare("an event more");
    assert_eq!((row().winner.as_deref(), row().wall_ms), (Some("agent_b"), Some(7000)));
    let before = std::fs::metadata(at("events.jsonl")).unwrap().modified().unwrap();
    edit(&at("events.jsonl"), "agent_b", "agent_a");
    let file = std::fs::File::options().write(true).open(at("events.jsonl")).unwrap();
    file.set_modified(before).unwrap();
    runs.compare("an edit that hides its time");
    assert_eq!(row().winner.as_deref(), Some("agent_a"));
    replace(&at("status.json"), &status("completed", "agent_a", "0.75"));
    runs.compare("another file in its place");
    assert_eq!(row().cost_usd, Some(0.75));
    std::fs::remove_file(at("events.jsonl")).unwrap();
    runs.compare("a file less");
    std::fs::remove_file(at("status.json")).unwrap();
    runs.compare("neither events nor status");
    assert_eq!(row().outcome, Outcome::Error);
    std::fs::write(at("status.json"), status("in_progress", "agent_a", "1")).unwrap();
    runs.compare("a file more");
    assert_eq!(row().outcome, Outcome::Killed);
    std::fs::write(at("metrics_summary.json"), "{}").unwrap();
    runs.compare("metrics");
    assert_eq!(row().outcome, Outcome::Interrupted);
    std::fs::create_dir_all(at("final/agent_a")).unwrap();
    runs.compare("an answer");
    assert_eq!(row().outcome, Outcome::Completed);
    std::fs::write(runs.run(0).join("turn_1/ANALYSIS_REPORT.md"), "").unwrap();
    runs.compare("an empty report");
    assert!(!row().analyzed);
    append(&runs.run(0).join("turn_1/ANALYSIS_REPORT.md"), "# Report");
    runs.compare("a report");
    assert!(row().analyzed);
    std::fs::create_dir_all(runs.run(0).join("turn_1/attempt_2")).unwrap();
    runs.compare("an attempt more");
    std::fs::create_dir_all(runs.run(0).join("turn_2/attempt_1")).unwrap();
    runs.compare("a turn more");
    assert_eq!(row().turns, 2);
    edit(&at("execution_metadata.yaml"), "what is 0?", "sk-or-who?");
    runs.compare("another question");
    std::fs::remove_dir_all(runs.run(0)).unwrap();
    runs.add(1);
    runs.compare("another run");
    assert_eq!(runs.known(), 1);
}

/// Without any wait: what was written just before a look may be written again with the same stamp.
#[test]
fn a_run_that_is_being_written_is_read_each_time() {
    let runs = Runs::new(1);
    for round in 0..300 {
        let (from, to) = if round % 2 == 0 { ("0.25", "0.75") } else { ("0.75", "0.25") };
        edit(&runs.attempt(0).join("status.json"), from, to);
        let names = runs.names();
        let mut index = Index::open(Some(&runs.cache()), &runs.base());
        let rows = index.overviews(&names, &Redactor::default());
        index.keep(&names).unwrap();
        assert_eq!(rows[0].cost_usd, to.parse().ok(), "round {round}");
    }
    assert_eq!(runs.known(), 0);
}

#[test]
fn a_damaged_or_foreign_index_is_as_good_as_none() {
    let runs = Runs::new(3);
    tick();
    runs.compare("the first look");
    let file = runs.index_file();
    let whole = std::fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(runs.known(), 0, "a bit of byte {at}");
    }
    for bytes in [&b""[..], b"mg-runs\n", &whole[..whole.len() - 1], b"something else"] {
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(runs.known(), 0, "{} bytes", bytes.len());
    }
    runs.compare("it is written anew");
    assert_eq!(runs.known(), 3);

    // The index of one directory under the name of another's.
    let other = Runs::new(3);
    std::fs::create_dir_all(other.cache().join("runs")).unwrap();
    other.compare("an index of its own");
    std::fs::copy(&file, other.index_file()).unwrap();
    assert_eq!(other.known(), 0);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let names = runs.names();
    let mut index = Index::open_at(Some(&runs.cache()), &runs.base(), LATER);
    assert_eq!(index.overviews(&names, &Redactor::default()).len(), 3);
    index.keep(&names).unwrap_err();
}

#[test]
fn it_is_private_and_holds_no_secret() {
    let runs = Runs::new(2);
    let question = "query: use token-of-mine-123456 for it\n";
    std::fs::write(runs.attempt(0).join("execution_metadata.yaml"), question).unwrap();
    tick();
    let names = runs.names();
    let redactor = Redactor::new(["token-of-mine-123456".to_string()]);
    let mut index = Index::open_at(Some(&runs.cache()), &runs.base(), LATER);
    assert_eq!(index.overviews(&names, &redactor).len(), 2);
    index.keep(&names).unwrap();
    let file = runs.index_file();
    let bytes = std::fs::read(&file).unwrap();
    assert!(memchr::memmem::find(&bytes, b"what is 1").is_some(), "a question is kept");
    assert!(memchr::memmem::find(&bytes, b"token-of-mine").is_none(), "a secret is not");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn it_forgets_runs_that_are_gone_and_directories_that_nobody_lists() {
    let runs = Runs::new(4);
    tick();
    runs.compare("four runs");
    let size = || std::fs::metadata(runs.index_file()).unwrap().len();
    let before = size();
    std::fs::remove_dir_all(runs.run(0)).unwrap();
    std::fs::remove_dir_all(runs.run(1)).unwrap();
    runs.compare("two runs");
    assert!(size() < before);
    for other in 0..80 {
        std::fs::write(runs.cache().join("runs").join(format!("{other}")), "").unwrap();
    }
    runs.add(5);
    runs.compare("three runs");
    assert_eq!(std::fs::read_dir(runs.cache().join("runs")).unwrap().count(), 64);
    assert_eq!(runs.known(), 3);
}

/// Changes at random, many of which change nothing that a row shows.
#[test]
fn with_and_without_an_index_are_the_same() {
    let runs = Runs::new(6);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |limit: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % limit as u64).unwrap()
    };
    let mut reused = 0;
    tick();
    for round in 0..120 {
        for _ in 0..=below(3) {
            let number = below(8);
            change(&runs, number, below(16), below(10));
        }
        reused += runs.known();
        runs.compare(&format!("round {round}"));
    }
    assert!(reused > 200, "{reused} rows were used again");
}

fn change(runs: &Runs, number: usize, kind: usize, value: usize) {
    let (run, at) = (runs.run(number), runs.attempt(number));
    if !at.is_dir() {
        runs.add(number);
        return;
    }
    let files = ["events.jsonl", "status.json", "execution_metadata.yaml", "massgen.log"];
    let file = at.join(files[value % files.len()]);
    let winner = ["agent_a", "agent_b"][value % 2];
    match kind {
        0 => append(
            &at.join("events.jsonl"),
            &event(
                10 + value as u64,
                ["final_answer", "text", "restart_banner"][value % 3],
                winner,
            ),
        ),
        1 => replace(&at.join("status.json"), &status("completed", winner, &value.to_string())),
        2 if at.join("status.json").is_file() => {
            edit(&at.join("status.json"), "agent_a\"}", "agent_c\"}");
        }
        3 => _ = std::fs::remove_file(&file),
        4 => append(&file, "\n"),
        5 => _ = std::fs::remove_dir_all(&run),
        6 => std::fs::create_dir_all(run.join(format!("turn_{value}/attempt_1"))).unwrap(),
        7 => _ = std::fs::remove_dir_all(run.join(format!("turn_{value}"))),
        8 => append(&run.join("turn_1/ANALYSIS_REPORT.md"), "x"),
        9 => std::fs::create_dir_all(at.join("final/agent_b")).unwrap(),
        10 => _ = std::fs::remove_dir_all(at.join("final")),
        11 => _ = std::fs::remove_dir_all(&at),
        12 => {
            let moved = runs.base().join("aside");
            std::fs::rename(&run, &moved).unwrap();
            runs.add(number);
            std::fs::remove_dir_all(moved).unwrap();
        }
        13 => {
            // The file goes elsewhere, and a link to it comes in its place.
            let elsewhere = runs.dir.path().join(format!("{number}-{value}"));
            if file.is_file() && std::fs::rename(&file, &elsewhere).is_ok() {
                symlink(&elsewhere, &file).unwrap();
            }
        }
        14 => std::fs::write(at.join("metrics_summary.json"), "{}").unwrap(),
        _ => append(&at.join("unrelated.txt"), "x"),
    }
}
