//! Replies that are not the service's answer: errors, redirects and HTML pages.

use massgen_models::failure::{Failure, FailureKind};

use crate::component::{self, GuestError, to_failure};
use crate::provider::ConnectedPlugin;
use crate::transport::http::{HttpHead, HttpReply};

const PAGE_CHARS_MAX: usize = 120;

/// Fails if the reply is an error, a redirect or an HTML page.
pub(crate) async fn reject_failed(
    connected: &ConnectedPlugin,
    reply: &mut HttpReply,
) -> Result<(), Failure> {
    let head = reply.head.clone();
    let is_html = head.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let failure = match head.status {
        400.. => explain(connected, &head, reply).await?,
        300..400 => redirect(&head),
        _ if is_html => html_page(connected, reply).await,
        _ => return Ok(()),
    };
    Err(to_failure(failure, &head))
}

/// Has the plugin explain an error status.
async fn explain(
    connected: &ConnectedPlugin,
    head: &HttpHead,
    reply: &mut HttpReply,
) -> Result<Failure, Failure> {
    let scrubber = &connected.client.scrubber;
    let body = scrubber.bytes(reply.error_body().await);
    if let Some(recorder) = &connected.recorder {
        recorder.read(&body);
        recorder.end(true, scrubber);
    }
    let mut failure =
        component::explain(&connected.plugin, head, &body).map_err(GuestError::into_failure)?;
    failure.message = scrubber.text(failure.message);
    Ok(failure)
}

fn redirect(head: &HttpHead) -> Failure {
    let target = head.header("location").unwrap_or("another address");
    let message = format!(
        "the service redirects to {target}; redirects are not followed: set the base URL to the new address"
    );
    Failure::new(FailureKind::Other, message)
}

async fn html_page(connected: &ConnectedPlugin, reply: &mut HttpReply) -> Failure {
    let body = reply.error_body().await;
    let text = String::from_utf8_lossy(&body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let start = words.join(" ").chars().take(PAGE_CHARS_MAX).collect();
    let message = format!(
        "received an HTML page instead of the service's reply: {}",
        connected.client.scrubber.text(start)
    );
    Failure::new(FailureKind::Protocol, message)
}
