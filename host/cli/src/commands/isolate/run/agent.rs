//! An agent's process: started in its workspace, confined as its session was made, with an environment
//! that leads it nowhere else, and ended with everything that it started.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use massgen_isolation::confine;
use massgen_isolation::session::{CommandRecord, Session};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc;

use super::leftovers;
use super::terminal::Terminal;
use crate::commands::isolate::protect::{Guard, Level};
use massgen_terminal::CommandError;
use massgen_terminal::human;

/// How long an agent has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How long we wait to be continued after we stopped ourselves; who can't be stopped goes on.
const STOPPING: Duration = Duration::from_millis(200);

/// How an agent's output is shown.
#[derive(Debug, Clone)]
pub(super) enum Show {
    /// It has the terminal.
    Terminal,
    /// Its stdout goes to stderr: stdout carries one JSON document.
    Stderr,
    /// Every line has the agent's name before it.
    Lines(String),
}

/// How an agent ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) record: CommandRecord,
    /// The user stopped it.
    pub(super) interrupted: bool,
    /// What kept it in.
    pub(super) level: Level,
}

impl Ended {
    /// The exit code to pass on.
    pub(super) fn code(&self) -> u8 {
        let signalled = self.record.signal.map(|signal| 128 + signal);
        let code = self.record.exit_code.or(signalled).unwrap_or(125);
        u8::try_from(code).unwrap_or(125)
    }
}

/// Why an agent did not run to its end.
#[derive(Debug)]
pub(super) enum RunError {
    /// It can't be started, or waited for.
    Io(std::io::Error),
    /// It can't be confined.
    Protection(CommandError),
}

impl From<std::io::Error> for RunError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Agents that run at the same time, by process.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<BTreeSet<i32>>);

impl Running {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeSet<i32>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is to be run.
pub(super) struct Job<'a> {
    pub(super) session: &'a Session,
    pub(super) guard: &'a Guard,
    pub(super) argv: &'a [OsString],
    pub(super) show: Show,
    pub(super) timeout: Option<Duration>,
    pub(super) running: &'a Running,
}

/// Runs a command in a session's workspace, to its end.
pub(super) async fn run(job: Job<'_>) -> Result<Ended, RunError> {
    let started = Instant::now();
    leftovers::adopt();
    // Before there is an agent: a signal must never end us and leave one behind.
    let mut signals = Signals::listen()?;
    let terminal = matches!(job.show, Show::Terminal).then(Terminal::ours).flatten();
    let (mut child, level) = start(&job)?;
    let pid = Pid::from_child(&child);
    job.running.with(|running| running.insert(pid.as_raw_nonzero().get()));
    let readers = forward(&mut child, &job.show);
    if let Some(terminal) = &terminal {
        terminal.lend(pid);
    }
    let waited = wait(pid, terminal.as_ref(), job.timeout, &mut signals).await;
    let left_running = {
        let others = job.running.with(|running| {
            running.remove(&pid.as_raw_nonzero().get());
            running.clone()
        });
        // Its group first, at once: most of what is left is there.
        _ = rustix::process::kill_process_group(pid, Signal::TERM);
        leftovers::end(job.session, &others)
    };
    if let Some(terminal) = &terminal {
        terminal.take_back();
    }
    for reader in readers {
        _ = reader.join();
    }
    let waited = waited?;
    let record = CommandRecord {
        argv: job.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        exit_code: waited.status.exit_status(),
        signal: waited.status.terminating_signal(),
        timed_out: waited.timed_out,
        duration_ms: started.elapsed().as_millis() as u64,
        left_running,
    };
    Ok(Ended { record, interrupted: waited.interrupted, level })
}

fn start(job: &Job<'_>) -> Result<(Child, Level), RunError> {
    let mut command = command(job)?;
    // What we, or who started us, have open is not the agent's.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    let guard = job.guard;
    if !guard.asked.protect.wants_kernel() {
        let level = guard.reach().map_err(RunError::Protection)?;
        unconfined(&mut command, guard, &level)?;
        return Ok((command.spawn()?, level));
    }
    command.envs(guard.policy.variables.iter().map(|(name, value)| (name, value)));
    command.env("TMPDIR", guard.layout.temporary());
    let tried = confine::run_confined(&guard.policy, &guard.layout, || command.spawn());
    match guard.settle(tried).map_err(RunError::Protection)? {
        (level, Some(child)) => Ok((child?, level)),
        (level, None) => {
            for (name, _) in &guard.policy.variables {
                command.env_remove(name);
            }
            command.envs(inherited(guard));
            unconfined(&mut command, guard, &level)?;
            Ok((command.spawn()?, level))
        }
    }
}

/// Without the kernel, the agent has its own temporary files all the same.
fn unconfined(command: &mut Command, guard: &Guard, level: &Level) -> std::io::Result<()> {
    if level.audits() {
        let temporary = guard.layout.temporary();
        std::fs::create_dir_all(&temporary)?;
        command.env("TMPDIR", temporary);
    }
    Ok(())
}

fn inherited(guard: &Guard) -> impl Iterator<Item = (&OsString, &OsString)> {
    guard.environment.iter().map(|(name, value)| (name, value))
}

fn command(job: &Job<'_>) -> std::io::Result<Command> {
    use std::os::unix::process::CommandExt;
    let Some((program, words)) = job.argv.split_first() else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    let session = job.session;
    let place = session.workspace.join(session.start.as_path());
    let place = place.components().as_path();
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(place)
        .env_clear()
        .envs(inherited(job.guard))
        .env("PWD", place)
        .env("MASSGEN_SESSION", &session.id)
        .env("MASSGEN_WORKSPACE", session.workspace.as_os_str())
        .env("MASSGEN_PROJECT", session.project.as_os_str())
        // A workspace without git must not find a repository above itself.
        .env("GIT_CEILING_DIRECTORIES", ceiling(&session.workspace))
        .process_group(0);
    match job.show {
        Show::Terminal => {}
        Show::Stderr => {
            command.stdin(Stdio::null()).stdout(std::io::stderr());
        }
        Show::Lines(_) => {
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
    }
    Ok(command)
}

fn ceiling(workspace: &Path) -> &Path {
    workspace.parent().unwrap_or(workspace)
}

/// What is sent to us and is meant for the agent.
struct Signals {
    interrupt: Listener,
    terminate: Listener,
    hangup: Option<Listener>,
    continued: Listener,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        // Who started us with `nohup` wants us to go on.
        let hangup = match ignores(Signal::HUP) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
            continued: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
        })
    }

    async fn hung_up(hangup: &mut Option<Listener>) {
        match hangup {
            Some(hangup) => _ = hangup.recv().await,
            None => std::future::pending().await,
        }
    }
}

/// Whether this process was started with a signal ignored, as proc_pid_status(5) tells it.
fn ignores(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal.as_raw() - 1)) != 0
}

/// How the wait for an agent ended.
struct Waited {
    status: WaitStatus,
    interrupted: bool,
    timed_out: bool,
}

/// Waits for an agent: passes signals on, stops and continues with it, and ends it when its time is over.
async fn wait(
    pid: Pid,
    terminal: Option<&Terminal>,
    timeout: Option<Duration>,
    signals: &mut Signals,
) -> std::io::Result<Waited> {
    let Signals { interrupt, terminate, hangup, continued } = signals;
    let mut changes = watch(pid);
    let (mut interrupted, mut timed_out) = (false, false);
    let mut until = timeout.map(|timeout| Instant::now() + timeout);
    loop {
        let ask = tokio::select! {
            change = changes.recv() => match change {
                Some(status) if status.stopped() => {
                    if let Some(terminal) = terminal {
                        stopped(terminal, pid, status, continued).await;
                    }
                    continue;
                }
                Some(status) => return Ok(Waited { status, interrupted, timed_out }),
                None => return Err(std::io::Error::other("the command can't be waited for")),
            },
            _ = interrupt.recv() => Signal::INT,
            _ = terminate.recv() => Signal::TERM,
            () = Signals::hung_up(hangup) => Signal::HUP,
            _ = continued.recv() => {
                if let Some(terminal) = terminal { terminal.lend(pid); }
                continue;
            }
            () = sleep_until(until) => {
                let asked_already = timed_out || interrupted;
                timed_out |= !interrupted;
                if asked_already { Signal::KILL } else { Signal::TERM }
            }
        };
        interrupted |= matches!(ask, Signal::INT | Signal::TERM | Signal::HUP) && !timed_out;
        until = Some(Instant::now() + GRACE);
        // It may be gone already. One that is stopped hears nothing until it goes on.
        _ = rustix::process::kill_process_group(pid, ask);
        _ = rustix::process::kill_process_group(pid, Signal::CONT);
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}

/// The agent stopped. If it stopped for touching a terminal that it has by now, it goes on; if the user
/// stopped it, we stop with it, so that the shell has the terminal.
async fn stopped(terminal: &Terminal, pid: Pid, status: WaitStatus, continued: &mut Listener) {
    let touched = [Signal::TTIN.as_raw(), Signal::TTOU.as_raw()];
    if status.stopping_signal().is_some_and(|signal| !touched.contains(&signal)) {
        terminal.stop_ourselves();
        _ = tokio::time::timeout(STOPPING, continued.recv()).await;
    }
    terminal.lend(pid);
}

/// Every change of a process, until it has ended.
fn watch(pid: Pid) -> mpsc::UnboundedReceiver<WaitStatus> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        loop {
            match rustix::process::waitpid(Some(pid), WaitOptions::UNTRACED) {
                Ok(Some((_, status))) => {
                    let over = !status.stopped();
                    if sender.send(status).is_err() || over {
                        return;
                    }
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    });
    receiver
}

/// Shows an agent's lines with its name before them.
fn forward(child: &mut Child, show: &Show) -> Vec<std::thread::JoinHandle<()>> {
    let Show::Lines(name) = show else { return Vec::new() };
    let mut readers = Vec::new();
    if let Some(out) = child.stdout.take() {
        let name = name.clone();
        readers.push(std::thread::spawn(move || lines(out, &name)));
    }
    if let Some(err) = child.stderr.take() {
        let name = name.clone();
        readers.push(std::thread::spawn(move || lines(err, &name)));
    }
    readers
}

fn lines(stream: impl Read, name: &str) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(n) if n > 0) {
        massgen_terminal::agent_line(
            name,
            &human::clean(String::from_utf8_lossy(&line).trim_end()),
        );
        line.clear();
    }
}
