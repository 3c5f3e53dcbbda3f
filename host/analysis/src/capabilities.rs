//! What a model can do, and the way of asking that fits it.

/// What is known of the model; what is not known is assumed, and taken back when the service objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// It can call tools.
    pub tools: bool,
    /// Its service holds it to a schema.
    pub schema: bool,
    /// Also while tools are offered.
    pub schema_with_tools: bool,
    /// Size of the context window.
    pub context_tokens: Option<u64>,
    /// Upper bound of one reply.
    pub max_output_tokens: Option<u64>,
}

impl Capabilities {
    /// From the words of the catalogue. A model that nobody knows is taken for a capable one.
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

/// How the report is asked for: the first that the model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportMode {
    /// The service enforces the schema, in every request or, beside tools, in the last one.
    NativeSchema,
    /// A tool whose arguments are the report.
    ForcedTool,
    /// The prompt describes the JSON.
    JsonInText,
}

impl ReportMode {
    /// The best way for a model.
    pub fn best(capabilities: &Capabilities) -> Self {
        match capabilities {
            Capabilities { schema: true, .. } => Self::NativeSchema,
            Capabilities { tools: true, .. } => Self::ForcedTool,
            _ => Self::JsonInText,
        }
    }

    /// The next way, after the service refused this one.
    pub fn below(self, capabilities: &Capabilities) -> Option<Self> {
        match self {
            Self::NativeSchema if capabilities.tools => Some(Self::ForcedTool),
            Self::NativeSchema | Self::ForcedTool => Some(Self::JsonInText),
            Self::JsonInText => None,
        }
    }
}
