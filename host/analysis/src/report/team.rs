//! Team sections of the report: members and agreement.

use std::fmt::{self, Write};

use super::escape::{code, inline};
use super::{ModelUsed, TeamMember};
use crate::finding::Agreement;

/// Writes the models of the team and their results.
pub(super) fn members(out: &mut String, team: &[TeamMember]) -> fmt::Result {
    if team.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Team\n")?;
    writeln!(out, "| Model | Findings | Verified | Requests | Cost | Ended | Report |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for member in team {
        let why = member.failure.as_ref().map(|why| format!(" ({})", inline(why)));
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {}{} | {} |",
            code(&name(&member.model)),
            member.findings,
            member.verified,
            member.usage.requests,
            member.cost_usd.map_or_else(|| "unknown".into(), |usd| format!("${usd:.6}")),
            member.stop.map_or("not started", |stop| stop.as_str()),
            why.unwrap_or_default(),
            member.report.as_deref().map_or_else(|| "none".into(), code),
        )?;
    }
    writeln!(out)
}

/// Writes the models that share a finding, and the wording of the others.
pub(super) fn agreement(out: &mut String, agreement: &Agreement) -> fmt::Result {
    let names: Vec<String> = agreement.models.iter().map(|model| code(model)).collect();
    let (count, of) = (agreement.models.len(), agreement.of);
    if count == 1 {
        return writeln!(out, "> Found by {} only, of {of} models.\n", names.join(", "));
    }
    writeln!(
        out,
        "> Found by {count} of {of} models: {}. Wording by {}.\n",
        names.join(", "),
        code(&agreement.words_of)
    )?;
    for wording in &agreement.others {
        writeln!(out, "- {}: {}", code(&wording.model), inline(&wording.claim))?;
    }
    writeln!(out)
}

/// Returns `provider/model`.
pub(super) fn name(model: &ModelUsed) -> String {
    format!("{}/{}", model.provider, model.model)
}
