//! The tool `facts`.

use serde_json::{Value, json};

use super::{Definition, RunData, args};

const SECTIONS: &[&str] = &[
    "summary",
    "agents",
    "duplicates",
    "votes",
    "answers",
    "enforcement",
    "critical_path",
    "phases",
    "tools",
    "commands",
    "repeated_failures",
    "failure_streaks",
    "background_jobs",
    "vote_summary",
    "restart_list",
    "subagent_runs",
    "timeouts",
    "api",
    "gaps",
    "problems",
    "diagnostics",
];

pub(super) const DEFINITION: Definition = Definition {
    name: "facts",
    description: "Shows one section of the run's measured facts.",
    properties,
    run,
};

fn properties() -> Value {
    json!({"section": {"type": "string", "enum": SECTIONS, "description": "section of the facts"}})
}

fn run(data: RunData<'_>, args: &Value) -> Result<String, String> {
    let section = args::text(args, "section").unwrap_or("summary");
    let facts = data.facts;
    let value = match section {
        "problems" => json!(facts.problems),
        "diagnostics" => json!(facts.diagnostics),
        "summary" => facts.attempts.iter().map(summary).collect(),
        section if SECTIONS.contains(&section) => {
            let of = |attempt| json!({"attempt": json!(attempt)["attempt"], section: json!(attempt)[section]});
            facts.attempts.iter().map(of).collect()
        }
        other => {
            return Err(format!("unknown section `{other}`; available: {}", SECTIONS.join(", ")));
        }
    };
    Ok(value.to_string())
}

/// Returns the figures of an attempt without its lists.
fn summary(attempt: &massgen_logs::facts::AttemptFacts) -> Value {
    let mut value = json!(attempt);
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_array());
    }
    value
}
