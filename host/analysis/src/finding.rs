//! A model's findings about a run.

use massgen_logs::problems::Severity;
use serde::{Deserialize, Serialize};

/// A claim with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Short title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// The section of the report that it belongs to.
    pub category: Category,
    /// What happened and why.
    pub claim: String,
    /// Recommended action.
    pub recommendation: String,
    /// Whether it has evidence and every quote was found in the files.
    #[serde(default)]
    pub verified: bool,
    /// Citations that support the claim.
    pub evidence: Vec<Citation>,
    /// Agreement within a team; `None` for a single model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// The models of a team that share a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// `provider/model` of each model with this finding.
    pub models: Vec<String>,
    /// Number of models that reported.
    pub of: usize,
    /// The model whose wording the finding uses.
    pub words_of: String,
    /// The wording of the other models.
    pub others: Vec<Wording>,
}

/// Another model's wording of the same finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// `provider/model`.
    pub model: String,
    /// Short title.
    pub title: String,
    /// What happened and why.
    pub claim: String,
    /// Recommended action.
    pub recommendation: String,
}

/// The sections of MassGen's report, each with the question it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Did the run complete the task?
    Correctness,
    /// Where was time spent?
    Efficiency,
    /// Which commands were repeated, slow or too verbose?
    Commands,
    /// Which work was duplicated?
    Duplication,
    /// How did the agents cooperate?
    Behavior,
    /// What did it cost?
    Cost,
    /// What failed?
    Errors,
}

/// Lines of a log file, cited as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Path relative to the run's directory.
    pub file: String,
    /// First line, from 1.
    pub line_start: u64,
    /// Last line, inclusive.
    pub line_end: u64,
    /// Text quoted from those lines.
    pub quote: String,
    /// Whether the quote was found.
    #[serde(default)]
    pub verified: bool,
    /// Whether the quote was found on other lines than cited. The line numbers are the corrected ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

/// A model's complete report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelReport {
    /// Two or three sentences about the run.
    pub summary: String,
    /// The findings.
    pub findings: Vec<Finding>,
}
