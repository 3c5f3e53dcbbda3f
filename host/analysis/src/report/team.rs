//! What a report says of a team: who was asked, and who agrees.

use std::fmt::{self, Write};

use super::escape::{code, inline};
use super::{MemberUsed, ModelUsed};
use crate::finding::Agreement;

/// Each model of the team, and what came of asking it.
pub(super) fn members(out: &mut String, team: &[MemberUsed]) -> fmt::Result {
    if team.is_empty() {
        return Ok(());
    }
    writeln!(out, "### The team\n")?;
    writeln!(out, "| Model | Findings | Verified | Requests | Cost | Ended | Its own report |")?;
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
            member.stop.map_or("not begun", |stop| stop.as_str()),
            why.unwrap_or_default(),
            member.report.as_deref().map_or_else(|| "none".into(), code),
        )?;
    }
    writeln!(out)
}

/// Which models found it, and what those say whose words the finding does not have.
pub(super) fn agreement(out: &mut String, agreement: &Agreement) -> fmt::Result {
    let names: Vec<String> = agreement.models.iter().map(|model| code(model)).collect();
    let (count, of) = (agreement.models.len(), agreement.of);
    if count == 1 {
        return writeln!(out, "> Found by {} alone, of {of} models.\n", names.join(", "));
    }
    writeln!(
        out,
        "> Found by {count} of {of} models: {}. The words are those of {}.\n",
        names.join(", "),
        code(&agreement.words_of)
    )?;
    for voice in &agreement.others {
        writeln!(out, "- {}: {}", code(&voice.model), inline(&voice.claim))?;
    }
    writeln!(out)
}

/// `provider/model`.
pub(super) fn name(model: &ModelUsed) -> String {
    format!("{}/{}", model.provider, model.model)
}
