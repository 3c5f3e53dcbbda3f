//! What is asked of a model, in words that no provider owns.
//!
//! These types mirror `wit/analyzer-model.wit` one to one, so that nothing but `runtime` ever sees
//! generated bindings.

use serde::{Deserialize, Serialize};

/// One request of an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The model's id as its service spells it, without the provider.
    pub model: String,
    /// The conversation so far, system message first.
    pub messages: Vec<Message>,
    /// Functions that the model may call.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// Whether and which tool must be called.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// The shape of the text that is wanted back.
    #[serde(default)]
    pub output: OutputFormat,
    /// How much the model may think.
    #[serde(default)]
    pub reasoning: Reasoning,
    /// Sampling and length.
    #[serde(default)]
    pub sampling: Sampling,
    /// Ask for the reply piece by piece.
    #[serde(default)]
    pub stream: bool,
    /// Options that only the provider knows: name and JSON text.
    #[serde(default)]
    pub options: Vec<(String, String)>,
}

impl Request {
    /// A plain request: no tools, free text, the provider's defaults, streamed.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            model: model.into(),
            messages,
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            output: OutputFormat::Text,
            reasoning: Reasoning::Unset,
            sampling: Sampling::default(),
            stream: true,
            options: Vec::new(),
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The instructions.
    System,
    /// The program, on the user's behalf; tool results too.
    User,
    /// The model.
    Assistant,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// The conversation up to here will be sent again: a good place for a prompt-cache break point.
    #[serde(default)]
    pub cache_hint: bool,
}

impl Message {
    /// A message of one text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::Text(text.into())], cache_hint: false }
    }
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Words.
    Text(String),
    /// The model asks for a tool.
    ToolCall(ToolCall),
    /// What the tool gave.
    ToolResult(ToolResult),
    /// The model's reasoning as far as the service shows it.
    Reasoning(String),
    /// Provider state that must come back unchanged.
    Opaque(Opaque),
}

/// A tool call by the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Pairs the call with its result.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// One JSON object, as text.
    pub arguments_json: String,
}

/// The result of a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call that is answered.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The tool could not do what was asked; `text` says why.
    pub is_error: bool,
    /// What the tool gave.
    pub text: String,
}

/// A signed thinking block, encrypted reasoning, a thought signature: sent back as it came, to the
/// provider that made it and to no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opaque {
    /// The provider's name for it.
    pub kind: String,
    /// Its content; only the provider can read it.
    pub data: String,
}

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `[a-zA-Z0-9_-]{1,64}`.
    pub name: String,
    /// When and how to use it.
    pub description: String,
    /// JSON Schema of the arguments object, as text.
    pub input_schema_json: String,
}

/// Whether a tool must be called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Required,
    /// This tool.
    Named(String),
}

/// The shape of the text that is wanted back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// Anything.
    #[default]
    Text,
    /// One JSON object.
    JsonObject,
    /// One JSON value of this schema.
    JsonSchema(NamedSchema),
}

/// A JSON Schema with the name that some services want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSchema {
    /// `[a-zA-Z0-9_-]{1,64}`.
    pub name: String,
    /// The schema, as text.
    pub schema_json: String,
    /// Hold the model to it token by token.
    pub strict: bool,
}

/// How much the model may think before it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reasoning {
    /// Whatever the service does when nothing is asked.
    #[default]
    Unset,
    /// Not at all.
    Off,
    /// `minimal`, `low`, `medium`, `high`, or the provider's own word.
    Level(String),
    /// At most this many tokens.
    BudgetTokens(u32),
}

/// Sampling and length. Whatever is `None` is left to the service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// Randomness; many reasoning models refuse it.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Upper bound of the reply, reasoning included where the service counts it so.
    pub max_output_tokens: Option<u32>,
    /// For repeatable replies, where the service offers it.
    pub seed: Option<u64>,
    /// Texts that end the reply.
    pub stop: Vec<String>,
}
