//! Differences between services. The manifest documents the values.

use massgen_plugin_sdk::{Context, setting};

/// The quirks of one service.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// Display name of the service.
    pub service: String,
    /// Field for the output limit.
    pub output_limit: String,
    /// Supported output format: `json-schema`, `json-object` or `none`.
    pub schema: String,
    /// An output format is allowed together with tools.
    pub schema_with_tools: bool,
    /// Tools are supported.
    pub tools: bool,
    /// Tools may be marked `strict`.
    pub strict_tools: bool,
    /// The tool choice that requires a call.
    pub some_tool: String,
    /// `parallel_tool_calls` is supported.
    pub parallel_calls: bool,
    /// How reasoning is requested.
    pub reasoning: String,
    /// The effort that disables reasoning.
    pub reasoning_off: String,
    /// Field of the reasoning that must be sent back.
    pub reasoning_echo: String,
    /// Field for the seed.
    pub seed: String,
    /// Usage in a stream must be requested.
    pub ask_usage: bool,
    /// Cache breakpoints are supported.
    pub cache_hints: bool,
    /// Paths follow Azure.
    pub azure: bool,
    /// Azure's dated API version, or empty for the undated API.
    pub api_version: String,
}

impl Quirks {
    /// Reads the quirks of a service from its settings.
    pub fn of(context: &Context) -> Self {
        let text = |name: &str, default: &str| {
            setting(context, name).filter(|text| !text.is_empty()).unwrap_or_else(|| default.into())
        };
        let is = |name: &str, word: &str, default: &str| text(name, default) == word;
        Self {
            service: text("service", "the service"),
            output_limit: text("output-limit", "max_tokens"),
            schema: text("schema", "json-schema"),
            schema_with_tools: is("schema-with-tools", "yes", "yes"),
            tools: is("tools", "yes", "yes"),
            strict_tools: is("strict-tools", "yes", "no"),
            some_tool: text("some-tool", "required"),
            parallel_calls: is("parallel-calls", "yes", "no"),
            reasoning: text("reasoning", "effort"),
            reasoning_off: text("reasoning-off", "none"),
            reasoning_echo: text("reasoning-echo", "none"),
            seed: text("seed", "seed"),
            ask_usage: is("stream-usage", "ask", "ask"),
            cache_hints: is("cache-hints", "yes", "no"),
            azure: is("url-style", "azure", "plain"),
            api_version: text("api-version", ""),
        }
    }
}
