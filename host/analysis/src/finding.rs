//! What a model says of a run.

use massgen_logs::problems::Severity;
use serde::{Deserialize, Serialize};

/// A claim with the places that support it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// A few words.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// Which question it answers.
    pub category: Category,
    /// What is claimed.
    pub claim: String,
    /// What to do about it.
    pub recommendation: String,
    /// It has evidence, and all of it was found in the files.
    #[serde(default)]
    pub verified: bool,
    /// Where it shows.
    pub evidence: Vec<Citation>,
    /// Which models of a team say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// Who of a team found the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// `provider/model` of each that found it; one: it stands alone.
    pub models: Vec<String>,
    /// How many models gave findings.
    pub of: usize,
    /// Whose words the finding has.
    pub words_of: String,
    /// What the others said of it.
    pub others: Vec<Voice>,
}

/// A model's own words for what another found, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// `provider/model`.
    pub model: String,
    /// A few words.
    pub title: String,
    /// What is claimed.
    pub claim: String,
    /// What to do about it.
    pub recommendation: String,
}

/// The questions of MassGen's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Did it do what was asked?
    Correctness,
    /// Where did the time go?
    Efficiency,
    /// Which commands were repeated, slow or too talkative?
    Commands,
    /// What was done twice?
    Duplication,
    /// How did the agents work together?
    Behavior,
    /// What did it cost?
    Cost,
    /// What failed?
    Errors,
}

/// A place in the logs that a model cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Path below the run's directory.
    pub file: String,
    /// From 1.
    pub line_start: u64,
    /// Inclusive.
    pub line_end: u64,
    /// What is said to stand there.
    pub quote: String,
    /// It does.
    #[serde(default)]
    pub verified: bool,
    /// The quote was found at other lines than the model said; the lines are the true ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

/// A model's whole answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// Two or three sentences.
    pub summary: String,
    /// The claims.
    pub findings: Vec<Finding>,
}
