//! A model's capabilities, and the form of request that suits them.

/// Known capabilities of a model. Unknown ones are assumed, and dropped when the service rejects a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The model can call tools.
    pub tools: bool,
    /// The service enforces a JSON schema.
    pub schema: bool,
    /// The service enforces it in requests with tools as well.
    pub schema_with_tools: bool,
    /// Size of the context window, in tokens.
    pub context_tokens: Option<u64>,
    /// Output limit of one reply, in tokens.
    pub max_output_tokens: Option<u64>,
}

impl Capabilities {
    /// Converts the features listed in the catalogue. `None`, an unknown model, counts as having all of them.
    pub fn from_features(
        features: Option<&[String]>,
        context_tokens: Option<u64>,
        max_output_tokens: Option<u64>,
    ) -> Self {
        let has = |feature: &str| features.is_none_or(|known| known.iter().any(|f| f == feature));
        Self {
            tools: has("tools"),
            schema: has("json-schema"),
            schema_with_tools: has("json-schema") && has("json-schema-with-tools"),
            context_tokens,
            max_output_tokens,
        }
    }
}

/// How the model is asked for its report, and whether it is offered tools for reading the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportMode {
    /// The service enforces the schema: in every request or, if it cannot combine a schema with tools, in the last.
    NativeSchema {
        /// The model is offered tools.
        tools: bool,
    },
    /// The report is the arguments of a tool, beside the tools that read.
    ForcedTool,
    /// The prompt describes the JSON.
    JsonInText {
        /// The model is offered tools.
        tools: bool,
    },
}

impl ReportMode {
    /// Returns the strictest mode that a model supports.
    pub fn best(capabilities: &Capabilities) -> Self {
        match capabilities {
            Capabilities { schema: true, tools, .. } => Self::NativeSchema { tools: *tools },
            Capabilities { tools: true, .. } => Self::ForcedTool,
            _ => Self::JsonInText { tools: false },
        }
    }

    /// Returns whether the model is offered tools.
    pub fn tools(self) -> bool {
        match self {
            Self::NativeSchema { tools } | Self::JsonInText { tools } => tools,
            Self::ForcedTool => true,
        }
    }

    /// Returns the next mode to try after the service rejected the output format of this one.
    pub fn fallback(self) -> Option<Self> {
        match self {
            Self::NativeSchema { tools: true } => Some(Self::ForcedTool),
            Self::ForcedTool => Some(Self::JsonInText { tools: true }),
            Self::NativeSchema { tools: false } => Some(Self::JsonInText { tools: false }),
            Self::JsonInText { .. } => None,
        }
    }

    /// Returns the mode to use after the service rejected tools.
    pub fn without_tools(capabilities: &Capabilities) -> Self {
        if capabilities.schema {
            Self::NativeSchema { tools: false }
        } else {
            Self::JsonInText { tools: false }
        }
    }
}
