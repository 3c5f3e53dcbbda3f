use massgen_logs::redact::Redactor;
use massgen_logs::{examine, locate};

use super::*;
use crate::finding::{Category, Citation};

const HOSTILE: &str =
    "# pwned\n<script>alert(1)</script> | a | [x](http://evil) ` \u{202e}\u{1b}[2J";

fn facts() -> Facts {
    let base = tempfile::tempdir().unwrap();
    let attempt = base.path().join("log_20260101_000000_000000/turn_1/attempt_1");
    std::fs::create_dir_all(&attempt).unwrap();
    let line = serde_json::json!({"timestamp": "2026-01-01T00:00:00.000000", "event_type": "vote", "agent_id": "a", "round_number": 0, "data": {"target_id": "b", "reason": HOSTILE}});
    std::fs::write(attempt.join("events.jsonl"), format!("{line}\n")).unwrap();
    std::fs::write(
        attempt.join("execution_metadata.yaml"),
        serde_json::json!({"query": HOSTILE}).to_string(),
    )
    .unwrap();
    examine(&locate::list(base.path()).unwrap()[0], None, &Redactor::default())
}

fn analysis<'a>(facts: &'a Facts, findings: &'a [Finding], stop: Stop) -> Analysis<'a> {
    Analysis {
        schema: "analysis/1",
        run: "log_x",
        turn: 1,
        model: None,
        usage: UsageTotals::default(),
        cost_usd: None,
        duration_ms: 5,
        generated: "2026-01-01T00:00:00Z".into(),
        prompt_version: "1",
        stop,
        failure: None,
        summary: String::new(),
        facts,
        problems: &facts.problems,
        findings,
        team: &[],
        notices: &[],
    }
}

fn finding(verified: bool) -> Finding {
    Finding {
        agreement: None,
        title: HOSTILE.into(),
        severity: massgen_logs::problems::Severity::High,
        category: Category::Errors,
        claim: HOSTILE.into(),
        recommendation: "fix it".into(),
        verified,
        evidence: vec![Citation {
            file: "f".into(),
            line_start: 3,
            line_end: 4,
            quote: "``q`|".into(),
            verified,
            moved: false,
        }],
    }
}

#[test]
fn sections_follow_massgens_order() {
    let facts = facts();
    let text = render(&analysis(&facts, &[], Stop::NoModel));
    let order = [
        "# MassGen Log Analysis Report",
        "## Executive Summary",
        "## Session Overview",
        "## 1. Correctness",
        "## 2. Efficiency",
        "## 3. Command",
        "## 4. Work",
        "## 5. Agent",
        "## 6. Cost",
        "## 7. Errors",
        "## 8. Recommendations",
        "## 9. Suggested",
        "## Appendix",
    ];
    let positions: Vec<_> = order
        .iter()
        .map(|heading| text.find(heading).unwrap_or_else(|| panic!("{heading}")))
        .collect();
    assert!(positions.is_sorted(), "{positions:?}");
    assert!(text.contains("made without a model"));
}

#[test]
fn text_from_logs_and_models_never_becomes_markup() {
    let facts = facts();
    let text = render(&analysis(&facts, &[finding(true)], Stop::Finished));
    // Within a code span, it is plain text.
    let unescaped = text.lines().filter(|line| line.contains("<script>") && !line.contains(": `"));
    assert_eq!(unescaped.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(!text.contains("\n# pwned"));
    assert!(!text.contains("[x](http"));
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    assert!(text.contains("``` ``q`\\| ```") || text.contains("```` "), "{text}");
}

#[test]
fn an_unverified_claim_is_marked() {
    let facts = facts();
    assert!(
        render(&analysis(&facts, &[finding(false)], Stop::Finished)).contains("**unverified**")
    );
    assert!(!render(&analysis(&facts, &[finding(true)], Stop::Finished)).contains("unverified"));
}

#[test]
fn the_json_has_the_documented_fields() {
    let facts = facts();
    let json = serde_json::to_value(analysis(&facts, &[finding(false)], Stop::Refused)).unwrap();
    assert_eq!(
        (json["schema"].as_str(), json["stop"].as_str()),
        (Some("analysis/1"), Some("refused"))
    );
    for field in [
        "run",
        "turn",
        "model",
        "usage",
        "cost_usd",
        "duration_ms",
        "facts",
        "problems",
        "findings",
    ] {
        assert!(json.get(field).is_some(), "{field}");
    }
    assert_eq!(json["findings"][0]["evidence"][0]["verified"], false);
    assert_eq!(json["facts"]["schema"], "facts/1");
}

#[test]
fn answers_votes_and_gaps_are_reported() {
    let facts = facts();
    let text = render(&analysis(&facts, &[], Stop::NoModel));
    assert!(text.contains("| Attempt | Phase | Rounds |"), "{text}");
    assert!(text.contains("| Attempt | Agent | Round | Type | Ending | From–to |"), "{text}");
    assert!(text.contains("| ModelReport | Agent | After | Characters |"), "{text}");
    assert!(text.contains("- attempt 1: the vote was unanimous"), "{text}");
    assert!(text.contains("No shell commands were run."), "{text}");
    let gaps = facts.attempts[0].gaps.len();
    assert!(gaps > 0);
    assert_eq!(text.matches("- Gap in the record (").count(), gaps, "{text}");
}
