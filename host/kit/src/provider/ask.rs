//! Checks of the requests that a plugin sends.

use massgen_models::request::{Reasoning, Request};
use massgen_runtime::rehearsal::{Ending, Stage};

use super::subject::{Subject, Tape, ending};
use crate::report::{Verdict, failed};

/// A request to try, and the environment to try it in.
pub(super) struct Trial {
    /// Shown in failures.
    pub(super) name: String,
    pub(super) stage: Stage,
    pub(super) request: Request,
}

impl Trial {
    /// Returns the request of a recorded exchange.
    pub(super) fn of_tape(tape: &Tape) -> Self {
        Self { name: tape.name.clone(), stage: tape.stage.clone(), request: tape.request.clone() }
    }
}

/// Returns one request of every kind that a plugin may receive.
pub(super) fn trials(subject: &Subject<'_>) -> Vec<Trial> {
    let mut all: Vec<Trial> = subject.tapes.iter().map(Trial::of_tape).collect();
    let plain = subject.ask("hello");
    let mut whole = plain.clone();
    whole.stream = false;
    let mut unusual = plain.clone();
    unusual.model = "a/b:c d?e#f%2e%2e/../x".into();
    let mut thinking = plain.clone();
    thinking.reasoning = Reasoning::Level("high".into());
    let more = [
        ("a plain request", plain),
        ("a request without streaming", whole),
        ("a model named a/b:c d?e#f%2e%2e/../x", unusual),
        ("a request with reasoning", thinking),
    ];
    all.extend(more.map(|(name, request)| Trial {
        name: name.to_string(),
        stage: subject.stage(),
        request,
    }));
    all
}

/// Returns the same environment at a later time, with another idempotency key.
pub(super) fn later(stage: &Stage) -> Stage {
    Stage {
        now_unix_ms: stage.now_unix_ms + 86_400_000 * 400,
        idempotency_key: "another".into(),
        ..stage.clone()
    }
}

pub(super) fn determinism(subject: &Subject<'_>) -> Verdict {
    let trials = trials(subject);
    for Trial { name, stage, request } in &trials {
        let (first, again) = (subject.play(stage, request, &[]), subject.play(stage, request, &[]));
        if first != again {
            return failed(name, "a second instance sends a different request");
        }
        let at_another_time = subject.play(&later(stage), request, &[]);
        let body = |sent: &massgen_runtime::PluginRequest| (sent.path.clone(), sent.body.clone());
        if first.sent.first().map(body) != at_another_time.sent.first().map(body) {
            return failed(
                name,
                "the request depends on the clock or the idempotency key, which defeats prompt caching",
            );
        }
    }
    for tape in &subject.tapes {
        let again = subject.play(&tape.stage, &tape.request, &tape.replies);
        if again != tape.done {
            return tape.failed("the same reply", "a second instance returns different events");
        }
    }
    Verdict::Passed { inputs: trials.len() + subject.tapes.len() }
}

pub(super) fn endpoint(subject: &Subject<'_>) -> Verdict {
    refusals(subject, false)
}

pub(super) fn headers(subject: &Subject<'_>) -> Verdict {
    refusals(subject, true)
}

fn refusals(subject: &Subject<'_>, header_only: bool) -> Verdict {
    let trials = trials(subject);
    for Trial { name, stage, request } in &trials {
        let done = subject.play(stage, request, &[]);
        match &done.ending {
            Ending::Refused { header, why } if *header == header_only => return failed(name, why),
            Ending::Crashed(_) => return failed(name, ending(&done.ending)),
            _ => {}
        }
    }
    for tape in &subject.tapes {
        if let Ending::Refused { header, why } = &tape.done.ending
            && *header == header_only
        {
            return failed(&tape.name, why);
        }
    }
    Verdict::Passed { inputs: trials.len() }
}
