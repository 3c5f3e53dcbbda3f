//! In what a service differs from the others; the manifest says what each value means.

use massgen_plugin_sdk::{Context, setting};

/// The settings of one service.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// What messages call the service.
    pub service: String,
    /// The field that bounds the reply.
    pub output_limit: String,
    /// `json-schema`, `json-object` or `none`.
    pub schema: String,
    /// A format may be asked for while tools are offered.
    pub schema_with_tools: bool,
    /// Functions can be called.
    pub tools: bool,
    /// Functions may be marked `strict`.
    pub strict_tools: bool,
    /// The word for "call some tool".
    pub some_tool: String,
    /// `parallel_tool_calls` is known.
    pub parallel_calls: bool,
    /// How reasoning is asked for.
    pub reasoning: String,
    /// The effort that means no reasoning.
    pub reasoning_off: String,
    /// The field of its reasoning that the service wants back.
    pub reasoning_echo: String,
    /// The field for a seed.
    pub seed: String,
    /// Usage in a stream must be asked for.
    pub ask_usage: bool,
    /// Cache break points can be marked.
    pub cache_hints: bool,
    /// Paths are Azure's.
    pub azure: bool,
    /// Azure's dated interface; empty for the undated one.
    pub api_version: String,
}

impl Quirks {
    /// What the host says of the service.
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
