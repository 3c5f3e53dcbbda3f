//! Building the next request: the conversation, the tools and the form of report that the model supports.

use massgen_models::request::{
    Message, NamedSchema, OutputFormat, Part, Request, Role, Sampling, ToolChoice,
};

use super::Investigation;
use super::phase::Phase;
use crate::capabilities::ReportMode;
use crate::schema::{self, REPORT_NAME};
use crate::{estimate, tools};

impl Investigation<'_> {
    /// Returns the tokens of the next prompt: counted where possible, otherwise estimated.
    pub fn input_tokens(&self) -> u64 {
        estimate::tokens_after(self.plan.counted, self.prompt_chars())
    }

    /// Returns the characters of the next prompt.
    pub fn prompt_chars(&self) -> usize {
        estimate::chars(&self.messages) + self.overhead_chars()
    }

    fn overhead_chars(&self) -> usize {
        if self.mode.tools() { tools::definitions_chars() } else { 0 }
    }

    pub(super) fn request(&self) -> Request {
        let capabilities = &self.plan.capabilities;
        let report_is_due = self.phase.report_is_due();
        let with_tools = self.mode.tools() && (!report_is_due || self.must_keep_tools());
        let mut tools = if with_tools { tools::definitions() } else { Vec::new() };
        if self.mode == ReportMode::ForcedTool {
            tools.push(tools::report_tool());
        }
        let schema_fits = capabilities.schema_with_tools || tools.is_empty();
        let tool_choice = match (report_is_due, self.mode) {
            (false, _) => ToolChoice::Auto,
            (true, ReportMode::ForcedTool) => ToolChoice::Named(REPORT_NAME.into()),
            (true, _) => ToolChoice::None,
        };
        let output = if self.is_native() && schema_fits {
            OutputFormat::JsonSchema(NamedSchema {
                name: "report".into(),
                schema_json: schema::report_schema().to_string(),
                strict: true,
            })
        } else {
            OutputFormat::Text
        };
        let output_limit = capabilities
            .max_output_tokens
            .and_then(|max| u32::try_from(max).ok())
            .unwrap_or(u32::MAX);
        Request {
            model: self.plan.model.clone(),
            messages: self.messages.clone(),
            tools,
            tool_choice,
            output,
            reasoning: self.reasoning.clone(),
            sampling: Sampling {
                max_output_tokens: Some(self.plan.budget.reply_tokens.min(output_limit)),
                ..Sampling::default()
            },
            stream: self.plan.stream,
            options: Vec::new(),
        }
    }

    fn is_native(&self) -> bool {
        matches!(self.mode, ReportMode::NativeSchema { .. })
    }

    /// Whether a schema and tools must go into separate requests.
    fn schema_excludes_tools(&self) -> bool {
        self.is_native() && !self.plan.capabilities.schema_with_tools
    }

    /// Whether the last request must offer the tools: services reject a conversation with calls in it otherwise.
    /// Where a schema excludes tools, the calls have become text.
    fn must_keep_tools(&self) -> bool {
        let is_call = |part: &Part| matches!(part, Part::ToolCall(_));
        let has_calls = self.messages.iter().flat_map(|message| &message.parts).any(is_call);
        has_calls && !self.schema_excludes_tools()
    }

    /// Asks for the report, once.
    pub(super) fn conclude(&mut self, why: &str) {
        if self.phase.report_is_due() {
            return;
        }
        self.phase.enter(Phase::Concluding);
        if self.schema_excludes_tools() {
            flatten_calls(&mut self.messages);
        }
        self.say(format!(
            "{why} Send your report now: the JSON object described above, based on what you have seen."
        ));
    }

    /// Adds text from the user. Services require alternating roles, so it joins a preceding user message.
    pub(super) fn say(&mut self, text: String) {
        match self.messages.last_mut() {
            Some(last) if last.role == Role::User => last.parts.push(Part::Text(text)),
            _ => self.messages.push(Message::text(Role::User, text)),
        }
    }
}

/// Turns calls and results into plain text, for a last request without tools.
fn flatten_calls(messages: &mut [Message]) {
    for message in messages {
        for part in &mut message.parts {
            match part {
                Part::ToolCall(call) => {
                    *part =
                        Part::Text(format!("[called {} with {}]", call.name, call.arguments_json));
                }
                Part::ToolResult(result) => {
                    *part = Part::Text(format!("[result of {}]\n{}", result.name, result.text));
                }
                _ => {}
            }
        }
        message.parts.retain(|part| !matches!(part, Part::Opaque(_)));
    }
}
