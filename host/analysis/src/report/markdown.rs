//! The Markdown report, in the section order of MassGen's own analyses.

use std::fmt::{self, Write};

use massgen_logs::problems::Severity;

use super::Analysis;
use super::escape::{code, inline};
use super::{rounds, sections, team};
use crate::finding::{Category, Finding};
use crate::investigation::Stop;

/// Renders the report.
pub fn render(analysis: &Analysis<'_>) -> String {
    let mut out = String::new();
    write(&mut out, analysis).expect("writing to a String does not fail");
    out
}

fn write(out: &mut String, analysis: &Analysis<'_>) -> fmt::Result {
    header(out, analysis)?;
    sections::overview(out, analysis.facts)?;
    writeln!(out, "## 1. Correctness Analysis\n")?;
    sections::correctness(out, analysis.facts)?;
    findings(out, analysis, &[Category::Correctness])?;
    writeln!(out, "## 2. Efficiency Analysis\n")?;
    sections::efficiency(out, analysis.facts)?;
    rounds::rounds(out, analysis.facts)?;
    rounds::checklists(out, analysis.facts)?;
    rounds::bottlenecks(out, analysis.facts)?;
    findings(out, analysis, &[Category::Efficiency])?;
    writeln!(out, "## 3. Command Pattern Analysis\n")?;
    sections::commands(out, analysis.facts)?;
    sections::problems(
        out,
        analysis.problems,
        &["repeated_failure", "large_output", "background_wait"],
    )?;
    findings(out, analysis, &[Category::Commands])?;
    writeln!(out, "## 4. Work Duplication\n")?;
    sections::duplicates(out, analysis.facts)?;
    findings(out, analysis, &[Category::Duplication])?;
    writeln!(out, "## 5. Agent Behavior\n")?;
    sections::behavior(out, analysis.facts)?;
    findings(out, analysis, &[Category::Behavior])?;
    writeln!(out, "## 6. Cost and Tokens\n")?;
    sections::cost(out, analysis.facts)?;
    findings(out, analysis, &[Category::Cost])?;
    writeln!(out, "## 7. Errors and Issues\n")?;
    sections::all_problems(out, analysis.problems)?;
    findings(out, analysis, &[Category::Errors])?;
    recommendations(out, analysis)?;
    appendix(out, analysis)
}

fn header(out: &mut String, analysis: &Analysis<'_>) -> fmt::Result {
    writeln!(out, "# MassGen Log Analysis Report\n")?;
    writeln!(out, "- **Session**: {} (turn {})", code(analysis.run), analysis.turn)?;
    writeln!(out, "- **Generated**: {}", analysis.generated)?;
    match &analysis.model {
        Some(_) if !analysis.team.is_empty() => {
            let names: Vec<String> =
                analysis.team.iter().map(|member| code(&team::name(&member.model))).collect();
            writeln!(out, "- **Explained by**: a team of {}: {}", names.len(), names.join(", "))?;
        }
        Some(model) => writeln!(
            out,
            "- **Explained by**: {} (chosen by {})",
            code(&team::name(model)),
            inline(&model.origin)
        )?,
        None => writeln!(out, "- **Explained by**: no model")?,
    }
    writeln!(
        out,
        "- **Ended**: {}{}\n",
        analysis.stop.as_str(),
        analysis.failure.as_ref().map(|f| format!(" ({})", inline(f))).unwrap_or_default()
    )?;
    writeln!(out, "## Executive Summary\n")?;
    if analysis.summary.trim().is_empty() {
        writeln!(out, "{}\n", sections::summary(analysis.facts))?;
    } else {
        writeln!(out, "{}\n", inline(&analysis.summary))?;
    }
    if analysis.stop == Stop::NoModel {
        writeln!(
            out,
            "This report was made without a model: it contains figures measured from the logs and problems detected by rules, without interpretation.\n"
        )?;
    } else if analysis.stop != Stop::Finished && analysis.team.is_empty() {
        writeln!(
            out,
            "The analysis did not finish. The model's findings are incomplete; figures and detected problems are complete.\n"
        )?;
    }
    team::members(out, analysis.team)
}

/// Writes the findings of some categories, verified ones first.
fn findings(out: &mut String, analysis: &Analysis<'_>, categories: &[Category]) -> fmt::Result {
    let mut matching: Vec<&Finding> =
        analysis.findings.iter().filter(|finding| categories.contains(&finding.category)).collect();
    let agree = |finding: &Finding| finding.agreement.as_ref().map_or(1, |a| a.models.len());
    matching.sort_by_key(|f| (!f.verified, std::cmp::Reverse(agree(f)), f.severity));
    for finding in matching {
        let mark = if finding.verified { "" } else { " — **unverified**" };
        writeln!(out, "### {} ({}){mark}\n", inline(&finding.title), finding.severity.as_str())?;
        writeln!(out, "{}\n", inline(&finding.claim))?;
        if let Some(agreement) = &finding.agreement {
            team::agreement(out, agreement)?;
        }
        if !finding.verified {
            let reason = if finding.evidence.is_empty() {
                "It cites no evidence."
            } else {
                "Not all of its quotes were found in the files."
            };
            writeln!(out, "> This claim could not be verified. {reason}\n")?;
        }
        for citation in &finding.evidence {
            let mark = if citation.verified { "" } else { " (not found)" };
            writeln!(
                out,
                "- {}{mark}: {}",
                code(&format!(
                    "{}:{}",
                    citation.file,
                    lines(citation.line_start, citation.line_end)
                )),
                code(&citation.quote)
            )?;
        }
        if !finding.evidence.is_empty() {
            writeln!(out)?;
        }
    }
    Ok(())
}

fn lines(start: u64, end: u64) -> String {
    if start == end { start.to_string() } else { format!("{start}-{end}") }
}

struct Recommendation {
    severity: Severity,
    text: String,
}

fn recommendations(out: &mut String, analysis: &Analysis<'_>) -> fmt::Result {
    writeln!(out, "## 8. Recommendations\n")?;
    let mut all: Vec<Recommendation> = Vec::new();
    for finding in
        analysis.findings.iter().filter(|finding| !finding.recommendation.trim().is_empty())
    {
        let mark = if finding.verified { "" } else { " (unverified)" };
        all.push(Recommendation {
            severity: finding.severity,
            text: format!("{}{mark}: {}", inline(&finding.title), inline(&finding.recommendation)),
        });
    }
    for problem in analysis.problems {
        let text = format!(
            "{}: {}",
            inline(&problem.kind.as_str().replace('_', " ")),
            inline(problem.advice)
        );
        if !all.iter().any(|known| known.text == text) {
            all.push(Recommendation { severity: problem.severity, text });
        }
    }
    all.sort_by_key(|recommendation| recommendation.severity);
    if all.is_empty() {
        writeln!(out, "None.\n")?;
    }
    for Recommendation { severity, text } in &all {
        writeln!(out, "- **{}** {text}", severity.as_str())?;
    }
    writeln!(out, "\n## 9. Suggested Issues\n\n| Priority | Title | Labels |\n|---|---|---|")?;
    for finding in analysis
        .findings
        .iter()
        .filter(|f| f.verified && matches!(f.severity, Severity::High | Severity::Medium))
    {
        writeln!(
            out,
            "| {} | {} | log-analysis |",
            finding.severity.as_str(),
            inline(&finding.title)
        )?;
    }
    for problem in analysis.problems.iter().filter(|problem| problem.severity == Severity::High) {
        writeln!(out, "| high | {} | log-analysis |", inline(&problem.title))?;
    }
    writeln!(out)
}

fn appendix(out: &mut String, analysis: &Analysis<'_>) -> fmt::Result {
    writeln!(out, "## Appendix\n")?;
    let verified = analysis.findings.iter().filter(|finding| finding.verified).count();
    writeln!(out, "- Findings: {} ({verified} verified)", analysis.findings.len())?;
    let cost = analysis.cost_usd.map_or_else(|| "unknown".to_string(), |usd| format!("${usd:.6}"));
    let usage = &analysis.usage;
    if analysis.model.is_some() {
        writeln!(
            out,
            "- Analysis: {} requests, {} tokens in ({} cached), {} out ({} reasoning), cost {cost}, {} ms",
            usage.requests,
            usage.input_tokens,
            usage.cached_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            analysis.duration_ms
        )?;
        if usage.cache_saved_usd != 0.0 {
            writeln!(out, "- Saved by the prompt cache: ${:.6}", usage.cache_saved_usd)?;
        }
    }
    if let Some(served) = analysis.model.as_ref().and_then(|model| model.served.as_deref()) {
        writeln!(out, "- Model name reported by the service: {}", inline(served))?;
    }
    writeln!(
        out,
        "- MassGen version: {}",
        analysis.facts.version.as_deref().map_or_else(|| "not recorded".into(), inline)
    )?;
    writeln!(out, "- Prompt version: {}", analysis.prompt_version)?;
    for notice in analysis.notices {
        writeln!(out, "- Note: {}", inline(notice))?;
    }
    sections::gaps(out, analysis.facts)?;
    for diagnostic in analysis.facts.diagnostics.iter().take(50) {
        writeln!(
            out,
            "- Unreadable: {} {}",
            code(&format!("{}:{}", diagnostic.file, diagnostic.line)),
            inline(&diagnostic.message)
        )?;
    }
    Ok(())
}
