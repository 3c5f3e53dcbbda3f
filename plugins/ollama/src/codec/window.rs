//! The size of the context window. The server silently truncates the start of a prompt that exceeds the requested
//! window, so the plugin requests one that fits and checks the server's count afterwards.

use massgen_plugin_sdk::{Message, Part, Request, ToolOutput};

/// Minimum window: the server's default. A smaller one saves nothing.
const WINDOW_MIN: u64 = 4_096;

/// Low estimate of characters per token: a window that is too large costs memory, one that is too small the prompt.
const CHARS_PER_TOKEN: u64 = 3;

/// High estimate of characters per token. A lower count of tokens means that the prompt was truncated.
const CHARS_PER_TOKEN_MAX: u64 = 10;

/// Room for a reply without a limit.
const REPLY_TOKENS: u64 = 4_096;

/// The estimated size of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Characters of the prompt.
    pub prompt_chars: u64,
    /// Estimated tokens of the prompt.
    pub prompt_tokens: u64,
    /// Maximum tokens of the reply.
    pub reply_tokens: u64,
}

/// Estimates the size of a request.
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

/// Returns the window to request, and a notice if it is tight. Fails if no window is large enough.
pub fn size(
    need: Need,
    model_has: Option<u64>,
    fixed: Option<u64>,
) -> Result<(u64, Option<String>), String> {
    let max = match (fixed, model_has) {
        (Some(fixed), Some(has)) => fixed.min(has),
        (Some(max), None) | (None, Some(max)) => max,
        (None, None) => u64::MAX,
    };
    if need.prompt_tokens > max {
        let limit = if fixed.is_some() { "the configured window" } else { "the model's context" };
        return Err(format!(
            "the prompt has about {} tokens, but {limit} holds {max}",
            need.prompt_tokens
        ));
    }
    if let Some(fixed) = fixed {
        return Ok((fixed.min(max), None));
    }
    // Powers of two, so that the server does not reload the model for every message of a growing conversation.
    let wanted = (need.prompt_tokens + need.reply_tokens).max(WINDOW_MIN).next_power_of_two();
    let size = wanted.min(max);
    let tight = size < need.prompt_tokens + need.reply_tokens;
    let notice = tight.then(|| {
        format!(
            "the model's context of {size} tokens leaves {} for the reply",
            size - need.prompt_tokens
        )
    });
    Ok((size, notice))
}

/// Returns whether the server's token count shows that it truncated the prompt. A count of 0 says nothing: compatible
/// servers omit it, and some versions of Ollama do not count cached prompts.
pub fn was_truncated(counted: u64, window: u64, need: Need) -> bool {
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
    fn truncation_is_detected() {
        assert!(was_truncated(4_096, 4_096, need(5_000, 1)));
        assert!(was_truncated(1_000, 16_384, need(9_000, 1)));
        assert!(!was_truncated(2_500, 4_096, need(3_000, 1)));
        assert!(!was_truncated(0, 4_096, need(3_000, 1)));
    }
}
