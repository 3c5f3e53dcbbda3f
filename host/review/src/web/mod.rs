//! The review in a browser: one page on the loopback interface, for whoever holds its address.

mod answer;
mod gate;
mod page;
mod server;
mod view;

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::desk::Desk;
use super::job::{Job, JobError, Outcome};
use super::screen::Highlights;
use answer::Web;
use gate::{Gate, Idle};
use server::{End, serve};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// No port, no signals.
    #[error("no page can be served on 127.0.0.1")]
    Io(#[from] std::io::Error),
    /// The review itself.
    #[error(transparent)]
    Job(#[from] JobError),
}

/// What nobody may guess.
#[derive(Debug)]
pub struct Secrets {
    /// In the page's address.
    pub token: String,
    /// In the address that a browser is started with, which holds once.
    pub ticket: String,
}

/// Where a review can be looked at.
#[derive(Debug)]
pub struct Address {
    /// For whoever can read the terminal.
    pub url: String,
    /// Leads there once.
    pub url_once: String,
}

/// How a review in a browser ended.
#[derive(Debug)]
pub enum Ended {
    /// As any other.
    So(Outcome),
    /// Nobody asked for anything any more.
    Idle,
}

/// Serves the page. `ready` is told where.
pub fn run(
    job: &mut Job<'_>,
    desk: Desk,
    secrets: Secrets,
    idle: Duration,
    ready: impl FnOnce(&Address),
) -> Result<Ended, WebError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let web = Web { desk, job, edition: 1, highlights: Highlights::default(), outcome: None };
    let web = RefCell::new(web);
    let end = runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut signals =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        if let Some(Err(error)) = signals.iter_mut().find(|signal| signal.is_err()) {
            return Err(std::io::Error::from(error.kind()));
        }
        let interrupted = async {
            let any = signals.iter_mut().flatten().map(|signal| Box::pin(signal.recv()));
            futures_util::future::select_all(any).await;
        };
        let port = listener.local_addr()?.port();
        let gate = Gate { token: secrets.token, ticket: Some(secrets.ticket), port };
        ready(&Address { url: gate.url(), url_once: gate.url_once().unwrap_or_default() });
        Ok(serve(&listener, gate, &web, Idle { limit: idle }, interrupted).await)
    });
    // Words that are still being looked for are of no use.
    runtime.shutdown_background();
    let web = web.into_inner();
    web.job.sync()?;
    Ok(match end? {
        End::Review(outcome) => Ended::So(outcome),
        End::Interrupted => Ended::So(Outcome::Interrupted),
        End::Idle => Ended::Idle,
    })
}
