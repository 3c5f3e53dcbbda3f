//! An agent's process: started in its workspace, with an environment that leads git nowhere else, and
//! ended with everything that it started.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use massgen_isolation::create::Context;
use massgen_isolation::session::{CommandRecord, Session};
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::ui::human;

/// How long an agent has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

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
}

impl Ended {
    /// The exit code to pass on.
    pub(super) fn code(&self) -> u8 {
        let signalled = self.record.signal.map(|signal| 128 + signal);
        let code = self.record.exit_code.or(signalled).unwrap_or(125);
        u8::try_from(code).unwrap_or(125)
    }
}

/// Runs a command in a session's workspace, to its end.
pub(super) async fn run(
    context: &Context,
    session: &Session,
    argv: &[OsString],
    show: &Show,
    timeout: Option<Duration>,
) -> std::io::Result<Ended> {
    let started = Instant::now();
    let own_group =
        !matches!(show, Show::Terminal) || !std::io::IsTerminal::is_terminal(&std::io::stdin());
    let mut child = start(context, session, argv, show, own_group)?;
    let group =
        child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).filter(|_| own_group);
    let readers = forward(&mut child, show);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let expired = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let (mut interrupted, mut timed_out) = (false, false);
    let status = tokio::select! {
        status = child.wait() => status?,
        _ = interrupt.recv() => { interrupted = true; stop(&mut child, group, Signal::INT).await? }
        _ = terminate.recv() => { interrupted = true; stop(&mut child, group, Signal::TERM).await? }
        _ = hangup.recv() => { interrupted = true; stop(&mut child, group, Signal::HUP).await? }
        () = expired => { timed_out = true; stop(&mut child, group, Signal::TERM).await? }
    };
    if let Some(group) = group {
        // What the agent left running must not write while its work is looked at.
        _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    for reader in readers {
        _ = tokio::time::timeout(Duration::from_secs(1), reader).await;
    }
    Ok(Ended { record: record(argv, status, timed_out, started.elapsed()), interrupted })
}

fn record(argv: &[OsString], status: ExitStatus, timed_out: bool, took: Duration) -> CommandRecord {
    use std::os::unix::process::ExitStatusExt;
    CommandRecord {
        argv: argv.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        exit_code: status.code(),
        signal: status.signal(),
        timed_out,
        duration_ms: took.as_millis() as u64,
    }
}

fn start(
    context: &Context,
    session: &Session,
    argv: &[OsString],
    show: &Show,
    own_group: bool,
) -> std::io::Result<Child> {
    let Some((program, words)) = argv.split_first() else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    let place = session.workspace.join(session.start.as_path());
    let place = place.components().as_path();
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(place)
        .env_clear()
        .envs(context.git.environment().iter().map(|(name, value)| (name, value)))
        .env("PWD", place)
        .env("MASSGEN_SESSION", &session.id)
        .env("MASSGEN_WORKSPACE", session.workspace.as_os_str())
        .env("MASSGEN_PROJECT", session.project.as_os_str())
        // A workspace without git must not find a repository above itself.
        .env("GIT_CEILING_DIRECTORIES", ceiling(&session.workspace));
    match show {
        Show::Terminal => {}
        Show::Stderr => {
            command.stdin(Stdio::null()).stdout(std::io::stderr());
        }
        Show::Lines(_) => {
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
    }
    if own_group {
        command.process_group(0);
    }
    command.spawn()
}

fn ceiling(workspace: &Path) -> &Path {
    workspace.parent().unwrap_or(workspace)
}

/// Asks an agent to end, waits, and ends it.
async fn stop(child: &mut Child, group: Option<Pid>, with: Signal) -> std::io::Result<ExitStatus> {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // It may be gone already.
    _ = match (group, pid) {
        (Some(group), _) => rustix::process::kill_process_group(group, with),
        // Ctrl-C reached it through the terminal.
        (None, Some(_)) if with == Signal::INT => Ok(()),
        (None, Some(pid)) => rustix::process::kill_process(pid, with),
        (None, None) => Ok(()),
    };
    if let Ok(status) = tokio::time::timeout(GRACE, child.wait()).await {
        return status;
    }
    child.start_kill()?;
    child.wait().await
}

/// Shows an agent's lines with its name before them.
fn forward(child: &mut Child, show: &Show) -> Vec<tokio::task::JoinHandle<()>> {
    let Show::Lines(name) = show else { return Vec::new() };
    let out = child.stdout.take().map(|out| tokio::spawn(lines(out, name.clone())));
    let err = child.stderr.take().map(|err| tokio::spawn(lines(err, name.clone())));
    out.into_iter().chain(err).collect()
}

async fn lines(stream: impl AsyncRead + Unpin, name: String) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(n) if n > 0) {
        crate::ui::agent_line(&name, &human::clean(String::from_utf8_lossy(&line).trim_end()));
        line.clear();
    }
}
