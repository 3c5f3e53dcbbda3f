//! Check with large inputs.

use massgen_models::event::Event;
use massgen_models::request::{Message, Role};
use massgen_runtime::rehearsal::Ending;

use super::bodies::Shape;
use super::bodies::{self, Data, Piece, Style};
use super::subject::Subject;
use crate::report::{Verdict, failed};

/// Maximum size of a component. The bundled ones need less than a quarter of it.
const COMPONENT_BYTES_MAX: usize = 1 << 20;
const TEXT_BYTES: usize = 1 << 20;
const MESSAGES: usize = 400;
const KEEP_ALIVES: usize = 5_000;

pub(super) fn budget(subject: &Subject<'_>) -> Verdict {
    if subject.size > COMPONENT_BYTES_MAX {
        let saw = format!("{} bytes, more than {COMPONENT_BYTES_MAX}", subject.size);
        return failed("the component's size", saw);
    }
    let mut request = subject.ask(&"words and \"quotes\"\n".repeat(TEXT_BYTES / 19));
    for number in 0..MESSAGES {
        let role = if number % 2 == 0 { Role::Assistant } else { Role::User };
        request.messages.push(Message::text(role, "a message of a long conversation"));
    }
    let done = subject.play(&subject.stage(), &request, &[]);
    if let Ending::Crashed(why) = done.ending {
        return failed(
            format!("a conversation of {MESSAGES} messages and {TEXT_BYTES} bytes"),
            why,
        );
    }
    let mut inputs = 2;
    for tape in &subject.tapes {
        let at = tape.replies.len() - 1;
        let shape = tape.shape(at);
        let Some(pieces) = bodies::parse(shape, &tape.body(at)) else { continue };
        let Some(Event::Text(piece)) = tape
            .done
            .events
            .iter()
            .find(|event| matches!(event, Event::Text(text) if !text.is_empty()))
        else {
            continue;
        };
        let long = "long answers have many words ".repeat(TEXT_BYTES / 29);
        let mut grown = bodies::map(&pieces, |value| {
            bodies::texts(value, "", &mut |_, text| {
                if text == piece {
                    text.clone_from(&long);
                }
            });
        });
        if shape == Shape::Sse {
            let ping = Piece { event: None, data: Data::Comment(": keep-alive".into()) };
            grown.splice(0..0, std::iter::repeat_n(ping, KEEP_ALIVES));
        }
        inputs += 1;
        let body = bodies::print(shape, &grown, Style::default());
        let now = tape.with(subject, at, tape.reply(at, body));
        if let Ending::Crashed(why) = now.ending {
            return tape.failed(&format!("an answer of {TEXT_BYTES} bytes"), why);
        }
    }
    Verdict::Passed { inputs }
}
