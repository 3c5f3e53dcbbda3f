//! The APIs that serve Google's models.

use massgen_plugin_sdk::json;

/// An API that serves the models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Api {
    /// The Gemini API.
    Gemini {
        /// `v1`, `v1beta` or `auto`.
        version: String,
    },
    /// Vertex AI, with a project.
    Vertex {
        /// The project's id.
        project: String,
        /// `global` or a region.
        location: String,
    },
    /// Vertex AI, with an express key that stands for a project.
    VertexExpress,
}

impl Api {
    /// Returns the path of a method of a model.
    pub(super) fn path(&self, model: &str, verb: &str) -> String {
        let name = json::path_segment(model.strip_prefix("models/").unwrap_or(model));
        match self {
            Self::Gemini { version } => {
                format!("/{}/models/{name}:{verb}", api_version(version, model))
            }
            Self::Vertex { project, location } => format!(
                "/v1/projects/{}/locations/{}/publishers/google/models/{name}:{verb}",
                json::path_segment(project),
                json::path_segment(location)
            ),
            Self::VertexExpress => format!("/v1/publishers/google/models/{name}:{verb}"),
        }
    }
}

/// Resolves `auto`: only v1beta serves `-latest` aliases and previews.
fn api_version<'a>(version: &'a str, model: &str) -> &'a str {
    match version {
        "auto" if model.ends_with("-latest") || model.contains("-preview") => "v1beta",
        "auto" => "v1",
        version => version,
    }
}
