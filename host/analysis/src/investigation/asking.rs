//! What the model is asked next: the conversation with the tools and the form of report that it can take.

use massgen_models::request::{
    Message, NamedSchema, OutputFormat, Part, Request, Role, Sampling, ToolChoice,
};

use super::Investigation;
use crate::capabilities::ReportMode;
use crate::schema::{self, REPORT_NAME};
use crate::{estimate, tools};

impl Investigation<'_> {
    /// Tokens of the next prompt, as far as they are known.
    pub fn input_tokens(&self) -> u64 {
        estimate::tokens_after(self.plan.counted, self.prompt_chars())
    }

    /// Characters of the next prompt.
    pub fn prompt_chars(&self) -> usize {
        estimate::chars(&self.messages) + self.overhead_chars()
    }

    fn overhead_chars(&self) -> usize {
        if self.use_tools { tools::definitions_chars() } else { 0 }
    }

    pub(super) fn request(&self) -> Request {
        let capabilities = &self.plan.capabilities;
        let forced = self.concluding && self.mode == ReportMode::ForcedTool;
        let with_tools = self.use_tools && (!self.concluding || self.called_before());
        let mut tools = if with_tools { tools::definitions() } else { Vec::new() };
        if self.mode == ReportMode::ForcedTool {
            tools.push(tools::report_tool());
        }
        let schema_fits = capabilities.schema_with_tools || tools.is_empty();
        let tool_choice = match self.concluding {
            true if forced => ToolChoice::Named(REPORT_NAME.into()),
            true => ToolChoice::None,
            false => ToolChoice::Auto,
        };
        let output = if self.mode == ReportMode::NativeSchema && schema_fits {
            OutputFormat::JsonSchema(NamedSchema {
                name: "report".into(),
                schema_json: schema::report_schema().to_string(),
                strict: true,
            })
        } else {
            OutputFormat::Text
        };
        let most = capabilities
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
                max_output_tokens: Some(self.plan.budget.reply_tokens.min(most)),
                ..Sampling::default()
            },
            stream: self.plan.stream,
            options: Vec::new(),
        }
    }

    /// A conversation with calls in it must go on offering the tools, or services refuse it. Where a
    /// schema can't stand beside tools, the last request does without them and the calls become text.
    fn called_before(&self) -> bool {
        let calls = self
            .messages
            .iter()
            .flat_map(|m| &m.parts)
            .any(|part| matches!(part, Part::ToolCall(_)));
        let beside =
            self.mode != ReportMode::NativeSchema || self.plan.capabilities.schema_with_tools;
        calls && beside
    }

    pub(super) fn conclude(&mut self, why: &str) {
        if self.concluding {
            return;
        }
        self.concluding = true;
        if self.mode == ReportMode::NativeSchema && !self.plan.capabilities.schema_with_tools {
            flatten_calls(&mut self.messages);
        }
        let text = format!(
            "{why} Give your report now, as the one JSON object that was described, from what you have seen."
        );
        self.say(text);
    }

    /// Adds a text of the user's side; two messages of one side in a row are one.
    pub(super) fn say(&mut self, text: String) {
        match self.messages.last_mut() {
            Some(last) if last.role == Role::User => last.parts.push(Part::Text(text)),
            _ => self.messages.push(Message::text(Role::User, text)),
        }
    }
}

/// Calls and results as plain text, for a last request without tools.
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
