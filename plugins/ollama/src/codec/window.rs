//! How large the context window must be. The server cuts a prompt that is longer than the window it was told,
//! from the front and without a word; so it is told one that fits, and its count is looked at afterwards.

use massgen_plugin_sdk::{Message, Part, Request, ToolOutput};

/// The server's own default; a smaller window saves nothing.
const WINDOW_MIN: u64 = 4_096;

/// Characters of a token, on the low side: a window too large costs memory, one too small the prompt.
const CHARS_PER_TOKEN: u64 = 3;

/// A count below one token per this many characters is no count of the whole prompt.
const CHARS_PER_TOKEN_MAX: u64 = 10;

/// Room for a reply that nobody bounded.
const REPLY_TOKENS: u64 = 4_096;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Characters of the prompt.
    pub prompt_chars: u64,
    /// Tokens of the prompt, estimated.
    pub prompt_tokens: u64,
    /// Tokens of the reply at most.
    pub reply_tokens: u64,
}

/// Estimates a request.
pub fn need(request: &Request) -> Need {
    let message = |message: &Message| message.parts.iter().map(chars).sum::<u64>();
    let tool = |tool: &massgen_plugin_sdk::Tool| {
        (tool.name.len() + tool.description.len() + tool.input_schema_json.len()) as u64
    };
    let prompt_chars = request.messages.iter().map(message).sum::<u64>()
        + request.tools.iter().map(tool).sum::<u64>();
    Need {
        prompt_chars,
        prompt_tokens: prompt_chars.div_ceil(CHARS_PER_TOKEN),
        reply_tokens: request.sampling.max_output_tokens.map_or(REPLY_TOKENS, u64::from),
    }
}

fn chars(part: &Part) -> u64 {
    let length = match part {
        Part::Text(text) | Part::Reasoning(text) => text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments_json.len(),
        Part::ToolResult(result) => result
            .content
            .iter()
            .map(|output| match output {
                ToolOutput::Text(text) => text.len(),
                ToolOutput::Image(_) => 0,
            })
            .sum(),
        Part::Opaque(_) | Part::Image(_) | Part::Document(_) => 0,
    };
    length as u64
}

/// The window to ask for, with a notice; an error says that no window is large enough.
pub fn size(
    need: Need,
    model_has: Option<u64>,
    fixed: Option<u64>,
) -> Result<(u64, Option<String>), String> {
    let most = match (fixed, model_has) {
        (Some(fixed), Some(has)) => fixed.min(has),
        (Some(most), None) | (None, Some(most)) => most,
        (None, None) => u64::MAX,
    };
    if need.prompt_tokens > most {
        let whose = if fixed.is_some() { "the window that is set" } else { "the model's context" };
        return Err(format!(
            "the prompt has about {} tokens, and {whose} holds {most}",
            need.prompt_tokens
        ));
    }
    if let Some(fixed) = fixed {
        return Ok((fixed.min(most), None));
    }
    // In steps, so that a growing conversation does not make the server load the model anew each time.
    let wanted = (need.prompt_tokens + need.reply_tokens).max(WINDOW_MIN).next_power_of_two();
    let size = wanted.min(most);
    let tight = size < need.prompt_tokens + need.reply_tokens;
    let notice = tight.then(|| {
        format!(
            "the model's context of {size} tokens leaves {} for the reply",
            size - need.prompt_tokens
        )
    });
    Ok((size, notice))
}

/// Whether the server's count of the prompt shows that it cut it. None at all was not counted: servers that
/// speak like Ollama leave it out, and some versions of it count nothing where the prompt was in the cache.
pub fn was_cut(counted: u64, window: u64, need: Need) -> bool {
    if counted == 0 {
        return false;
    }
    counted >= window || counted * CHARS_PER_TOKEN_MAX < need.prompt_chars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(prompt_tokens: u64, reply_tokens: u64) -> Need {
        Need { prompt_chars: prompt_tokens * 3, prompt_tokens, reply_tokens }
    }

    #[test]
    fn windows() {
        assert_eq!(size(need(100, 100), Some(131_072), None), Ok((4_096, None)));
        assert_eq!(size(need(9_000, 4_000), Some(131_072), None), Ok((16_384, None)));
        let tight = size(need(7_000, 4_000), Some(8_192), None).unwrap();
        assert!(tight.0 == 8_192 && tight.1.unwrap().contains("1192"));
        assert!(size(need(9_000, 1), Some(8_192), None).unwrap_err().contains("8192"));
        assert_eq!(size(need(100, 1), Some(8_192), Some(2_048)), Ok((2_048, None)));
        assert_eq!(size(need(100, 1), None, None), Ok((4_096, None)));
    }

    #[test]
    fn cuts_are_seen() {
        assert!(was_cut(4_096, 4_096, need(5_000, 1)));
        assert!(was_cut(1_000, 16_384, need(9_000, 1)));
        assert!(!was_cut(2_500, 4_096, need(3_000, 1)));
        assert!(!was_cut(0, 4_096, need(3_000, 1)));
    }
}
