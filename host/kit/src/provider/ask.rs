//! What a plugin asks to send: where it goes, and on what it depends.

use massgen_models::request::{Reasoning, Request};
use massgen_runtime::rehearsal::{Ending, Stage};

use super::subject::{Subject, ending};
use crate::report::{Verdict, failed};

/// Requests of all kinds that a plugin may be given.
pub(super) fn requests(subject: &Subject<'_>) -> Vec<(String, Stage, Request)> {
    let mut all: Vec<(String, Stage, Request)> = subject
        .tapes
        .iter()
        .map(|tape| (tape.name.clone(), tape.stage.clone(), tape.request.clone()))
        .collect();
    let plain = subject.ask("hello");
    let mut whole = plain.clone();
    whole.stream = false;
    let mut odd = plain.clone();
    odd.model = "a/b:c d?e#f%2e%2e/../x".into();
    let mut thinking = plain.clone();
    thinking.reasoning = Reasoning::Level("high".into());
    let more = [
        ("a plain request", plain),
        ("a request that is not streamed", whole),
        ("a model named a/b:c d?e#f%2e%2e/../x", odd),
        ("a request with reasoning", thinking),
    ];
    all.extend(more.map(|(name, request)| (name.to_string(), subject.stage(), request)));
    all
}

/// The same surroundings at another time, in another exchange.
pub(super) fn later(stage: &Stage) -> Stage {
    Stage {
        now_unix_ms: stage.now_unix_ms + 86_400_000 * 400,
        idempotency_key: "another".into(),
        ..stage.clone()
    }
}

pub(super) fn determinism(subject: &Subject<'_>) -> Verdict {
    let requests = requests(subject);
    for (name, stage, request) in &requests {
        let (first, again) = (subject.play(stage, request, &[]), subject.play(stage, request, &[]));
        if first != again {
            return failed(name, "a second instance sends something else");
        }
        let at_another_time = subject.play(&later(stage), request, &[]);
        let body = |sent: &massgen_runtime::rehearsal::Sent| (sent.path.clone(), sent.body.clone());
        if first.sent.first().map(body) != at_another_time.sent.first().map(body) {
            return failed(
                name,
                "the request depends on the clock or on the exchange's key, so that no prompt cache can help",
            );
        }
    }
    for tape in &subject.tapes {
        let again = subject.play(&tape.stage, &tape.request, &tape.replies);
        if again != tape.done {
            return tape.failed("the same reply", "a second instance gives other events");
        }
    }
    Verdict::Passed { inputs: requests.len() + subject.tapes.len() }
}

pub(super) fn endpoint(subject: &Subject<'_>) -> Verdict {
    refusals(subject, false)
}

pub(super) fn headers(subject: &Subject<'_>) -> Verdict {
    refusals(subject, true)
}

fn refusals(subject: &Subject<'_>, of_header: bool) -> Verdict {
    let requests = requests(subject);
    for (name, stage, request) in &requests {
        let done = subject.play(stage, request, &[]);
        match &done.ending {
            Ending::Refused { header, why } if *header == of_header => return failed(name, why),
            Ending::Crashed(_) => return failed(name, ending(&done.ending)),
            _ => {}
        }
    }
    for tape in &subject.tapes {
        if let Ending::Refused { header, why } = &tape.done.ending
            && *header == of_header
        {
            return failed(&tape.name, why);
        }
    }
    Verdict::Passed { inputs: requests.len() }
}
