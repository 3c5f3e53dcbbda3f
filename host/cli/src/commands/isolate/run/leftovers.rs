//! What an agent left running. Everything that it started, however far it ran away, comes back to us when
//! its parents end: it is found, named and ended before anybody looks at the work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use massgen_isolation::session::Session;
use rustix::process::{Pid, Signal, WaitOptions};

use massgen_terminal::human;

/// How long leftovers have to end by themselves when they are asked to.
const GRACE: Duration = Duration::from_millis(300);
/// How long we try to end what keeps starting others.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);
/// How much of a command is told.
const COMMAND_SHOWN: usize = 120;

/// One process, as `/proc` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    /// It has ended, and nobody has asked how.
    is_dead: bool,
    name: String,
}

/// Makes this process the one that orphans come to. Where it can't be had, what leaves its parents is not found.
#[cfg(target_os = "linux")]
pub(super) fn adopt() {
    _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
pub(super) fn adopt() {}

/// Ends what a session's agent left running, and names it. `others` are agents that still run.
pub(super) fn end(session: &Session, others: &BTreeSet<i32>) -> Vec<String> {
    let us = rustix::process::getpid().as_raw_nonzero().get();
    let mut told = BTreeMap::new();
    let began = Instant::now();
    let mut signal = Signal::TERM;
    loop {
        let all = processes();
        let of_it: Vec<&Process> = descendants(&all, us, others)
            .into_iter()
            .filter(|process| others.is_empty() || belongs(process.pid, &session.id))
            .collect();
        let mut alive = 0;
        for process in of_it {
            let Some(pid) = Pid::from_raw(process.pid) else { continue };
            if process.is_dead {
                // Only our own children can be asked; others are asked by their parents.
                _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
                continue;
            }
            alive += 1;
            let first = !told.contains_key(&process.pid);
            told.entry(process.pid).or_insert_with(|| command(process));
            if first || signal == Signal::KILL {
                _ = rustix::process::kill_process(pid, signal);
                _ = rustix::process::kill_process(pid, Signal::CONT);
            }
        }
        if alive == 0 || began.elapsed() > PATIENCE {
            return told.into_values().collect();
        }
        if began.elapsed() > GRACE {
            signal = Signal::KILL;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Everything below a process, but for the families of others.
fn descendants<'a>(all: &'a [Process], of: i32, others: &BTreeSet<i32>) -> Vec<&'a Process> {
    let mut children = BTreeMap::<i32, Vec<&Process>>::new();
    for process in all {
        children.entry(process.parent).or_default().push(process);
    }
    let (mut found, mut open) = (Vec::new(), vec![of]);
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).into_iter().flatten() {
            if !others.contains(&child.pid) {
                found.push(child);
                open.push(child.pid);
            }
        }
    }
    found
}

fn processes() -> Vec<Process> {
    let listed = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    listed
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// A line of `/proc/PID/stat`, see proc_pid_stat(5). The name stands in parentheses and may hold some.
fn parse(line: &str) -> Option<Process> {
    let (pid, rest) = line.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let is_dead = matches!(state, "Z" | "X");
    Some(Process { pid: pid.parse().ok()?, parent, is_dead, name: name.to_string() })
}

/// Whether a process was started for a session. Who hides it is ended with the last agent.
fn belongs(pid: i32, session: &str) -> bool {
    let wanted = format!("MASSGEN_SESSION={session}");
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|bytes| bytes.split(|b| *b == 0).any(|variable| variable == wanted.as_bytes()))
}

/// The words of a process, or its name, if it has none.
fn command(process: &Process) -> String {
    let words = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
    let text = String::from_utf8_lossy(&words).replace('\0', " ");
    let text = match text.trim() {
        "" => process.name.clone(),
        text => text.to_string(),
    };
    human::cut(&human::clean(&text), COMMAND_SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        Process { pid, parent, is_dead: false, name: String::new() }
    }

    #[test]
    fn a_line_of_proc() {
        let line = "42 (odd) name (x) S 7 42 42 34816 42 4194304 100 0";
        let expect = Process { pid: 42, parent: 7, is_dead: false, name: "odd) name (x".into() };
        assert_eq!(parse(line), Some(expect));
        assert!(parse("9 (z) Z 1 9").is_some_and(|process| process.is_dead));
        assert_eq!(parse(""), None);
    }

    #[test]
    fn families_of_others_are_left_alone() {
        let all = [process(2, 1), process(3, 2), process(4, 3), process(5, 2), process(6, 5)];
        let pids = |others: &[i32]| -> BTreeSet<i32> {
            let others = others.iter().copied().collect();
            descendants(&all, 2, &others).into_iter().map(|process| process.pid).collect()
        };
        assert_eq!(pids(&[]), [3, 4, 5, 6].into());
        assert_eq!(pids(&[3]), [5, 6].into());
    }
}
