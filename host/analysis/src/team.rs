//! Teams: sharing the budget between models, and merging their findings. Findings of different models are the same if their
//! verified evidence has lines in common; no model decides this.

use std::cmp::Reverse;

use crate::finding::{Agreement, Citation, Finding, Wording};

/// The findings of one model.
#[derive(Debug, Clone, Copy)]
pub struct MemberFindings<'a> {
    /// `provider/model`.
    pub model: &'a str,
    /// Findings with checked evidence.
    pub findings: &'a [Finding],
}

/// A finding and the model that reported it.
#[derive(Debug, Clone, Copy)]
struct Attributed<'a> {
    model: &'a str,
    finding: &'a Finding,
}

/// Findings that are the same, at most one per model, in the order of the models.
type Group<'a> = Vec<Attributed<'a>>;

/// How closely a finding matches a group. The derived order compares the fields in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Similarity {
    /// Citations with lines in common.
    shared_citations: usize,
    same_category: bool,
}

/// Merges the findings of all models into one list, those with the most agreement first.
pub fn merge(members: &[MemberFindings<'_>]) -> Vec<Finding> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for member in members {
        // Findings of the same model are never merged with each other.
        let existing = groups.len();
        let mut taken = vec![false; existing];
        for finding in member.findings {
            let attributed = Attributed { model: member.model, finding };
            let free = groups[..existing].iter().enumerate().filter(|(at, _)| !taken[*at]);
            let best = free.map(|(at, group)| (similarity(group, finding), Reverse(at))).max();
            match best {
                Some((similarity, Reverse(at))) if similarity.shared_citations > 0 => {
                    taken[at] = true;
                    groups[at].push(attributed);
                }
                _ => groups.push(vec![attributed]),
            }
        }
    }
    let mut merged: Vec<Finding> =
        groups.iter().map(|group| merge_group(group, members.len())).collect();
    // The sort is stable: equal findings stay in the order of the models.
    merged.sort_by_key(|finding| {
        let agree = finding.agreement.as_ref().map_or(1, |agreement| agreement.models.len());
        (Reverse(agree), !finding.verified, finding.severity)
    });
    merged
}

/// Returns the similarity to the closest finding of the group.
fn similarity(group: &Group<'_>, finding: &Finding) -> Similarity {
    let to = |other: &Finding| {
        let shared =
            verified(finding).filter(|mine| verified(other).any(|theirs| overlap(mine, theirs)));
        let shared_citations = shared.count();
        let same_category = shared_citations > 0 && other.category == finding.category;
        Similarity { shared_citations, same_category }
    };
    group.iter().map(|other| to(other.finding)).max().unwrap_or_default()
}

fn verified(finding: &Finding) -> impl Iterator<Item = &Citation> {
    finding.evidence.iter().filter(|citation| citation.verified)
}

fn overlap(a: &Citation, b: &Citation) -> bool {
    a.file == b.file && a.line_start <= b.line_end && b.line_start <= a.line_end
}

/// Takes the wording of the best supported finding, the highest severity, and all verified evidence.
fn merge_group(group: &Group<'_>, of: usize) -> Finding {
    let support = |finding: &Finding| (finding.verified, verified(finding).count());
    let best = group.iter().map(|member| support(member.finding)).max();
    let lead = group.iter().position(|member| Some(support(member.finding)) == best).unwrap_or(0);
    let others =
        || group.iter().enumerate().filter(move |(at, _)| *at != lead).map(|(_, other)| other);
    let mut finding = group[lead].finding.clone();
    for other in others() {
        finding.severity = finding.severity.min(other.finding.severity);
        for citation in verified(other.finding) {
            let same = |known: &Citation| known.quote == citation.quote && overlap(known, citation);
            if !finding.evidence.iter().any(same) {
                finding.evidence.push(citation.clone());
            }
        }
    }
    let wording = |other: &Attributed<'_>| Wording {
        model: other.model.to_string(),
        title: other.finding.title.clone(),
        claim: other.finding.claim.clone(),
        recommendation: other.finding.recommendation.clone(),
    };
    finding.agreement = Some(Agreement {
        models: group.iter().map(|member| member.model.to_string()).collect(),
        of,
        words_of: group[lead].model.to_string(),
        others: others().map(wording).collect(),
    });
    finding
}

/// Divides a limit between models in proportion to their expected cost, so that all get equally far. A model without a known
/// price gets 0: its spending could not be limited.
pub fn shares(limit_usd: f64, expected_usd: &[Option<f64>]) -> Vec<f64> {
    let sum: f64 = expected_usd.iter().flatten().sum();
    let priced = expected_usd.iter().flatten().count().max(1) as f64;
    let share = |expected: f64| {
        if sum > 0.0 { limit_usd * (expected / sum) } else { limit_usd / priced }
    };
    expected_usd.iter().map(|expected| expected.map_or(0.0, share)).collect()
}

#[cfg(test)]
mod tests {
    use massgen_logs::problems::Severity;

    use super::*;
    use crate::finding::Category;

    fn cite(file: &str, start: u64, end: u64, verified: bool) -> Citation {
        let quote = format!("{file} {start}");
        let file = file.to_string();
        Citation { file, line_start: start, line_end: end, quote, verified, moved: false }
    }

    fn found(title: &str, severity: Severity, evidence: &[Citation]) -> Finding {
        Finding {
            title: title.into(),
            severity,
            category: Category::Errors,
            claim: format!("{title} is so"),
            recommendation: format!("fix {title}"),
            verified: !evidence.is_empty() && evidence.iter().all(|citation| citation.verified),
            evidence: evidence.to_vec(),
            agreement: None,
        }
    }

    fn merged(members: &[&[Finding]]) -> Vec<Finding> {
        let names = ["a/one", "b/two", "c/three"];
        let members: Vec<MemberFindings<'_>> = names
            .iter()
            .zip(members)
            .map(|(model, findings)| MemberFindings { model, findings })
            .collect();
        merge(&members)
    }

    /// Titles with the models that agree.
    fn shown(findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| {
            let agreement = finding.agreement.as_ref().unwrap();
            format!("{} by {} of {}", finding.title, agreement.models.join("+"), agreement.of)
        };
        findings.iter().map(line).collect()
    }

    use Severity::{High, Low, Medium};

    #[test]
    fn findings_with_lines_in_common_are_merged() {
        let one = [found("x", Low, &[cite("e", 5, 8, true)])];
        for (file, start, end, same) in [
            ("e", 8, 9, true),
            ("e", 1, 5, true),
            ("e", 6, 6, true),
            ("e", 1, 90, true),
            ("e", 9, 9, false),
            ("e", 1, 4, false),
            ("f", 5, 8, false),
        ] {
            let two = [found("y", High, &[cite(file, start, end, true)])];
            let all = merged(&[&one, &two]);
            assert_eq!(all.len(), if same { 1 } else { 2 }, "{file} {start} {end}");
        }
    }

    #[test]
    fn unverified_evidence_is_ignored() {
        let one = [found("x", Low, &[cite("e", 5, 8, true)])];
        let two = [found("y", Low, &[cite("e", 5, 8, false)])];
        let all = merged(&[&one, &two]);
        assert_eq!(shown(&all), ["x by a/one of 2", "y by b/two of 2"]);
        assert!(all[0].verified && !all[1].verified);
    }

    #[test]
    fn the_best_supported_wording_leads_and_the_others_are_listed() {
        let one = [found("x", Low, &[cite("e", 5, 5, true)])];
        let two = [found("y", High, &[cite("e", 5, 6, true), cite("f", 1, 1, true)])];
        let all = merged(&[&one, &two]);
        assert_eq!(shown(&all), ["y by a/one+b/two of 2"]);
        let finding = &all[0];
        assert_eq!(
            (finding.severity, finding.evidence.len()),
            (High, 2),
            "the same quote appears once"
        );
        let agreement = finding.agreement.as_ref().unwrap();
        assert_eq!(agreement.words_of, "b/two");
        assert_eq!(
            (agreement.others[0].model.as_str(), agreement.others[0].claim.as_str()),
            ("a/one", "x is so")
        );
    }

    #[test]
    fn findings_of_one_model_stay_separate_and_match_by_category() {
        let mut cost = found("cost", Low, &[cite("e", 5, 5, true)]);
        cost.category = Category::Cost;
        let one = [found("x", Low, &[cite("e", 5, 5, true)]), cost.clone()];
        assert_eq!(merged(&[&one]).len(), 2);
        let two = [Finding { title: "dear".into(), ..cost }];
        let all = merged(&[&one, &two]);
        assert_eq!(shown(&all), ["cost by a/one+b/two of 2", "x by a/one of 2"]);
    }

    #[test]
    fn most_agreement_comes_first_in_any_order() {
        let e = |line| [cite("e", line, line, true)];
        let one =
            [found("alone", High, &e(1)), found("two", Medium, &e(2)), found("all", Low, &e(3))];
        let two = [found("all", Low, &e(3)), found("two", Medium, &e(2))];
        let three = [found("made up", High, &[]), found("all", Low, &e(3))];
        let all = merged(&[&one, &two, &three]);
        assert_eq!(
            shown(&all),
            [
                "all by a/one+b/two+c/three of 3",
                "two by a/one+b/two of 3",
                "alone by a/one of 3",
                "made up by c/three of 3",
            ]
        );
        assert_eq!(merged(&[&one, &two, &three]), all);
        assert!(merged(&[&[], &[]]).is_empty() && merged(&[]).is_empty());
    }

    #[test]
    fn a_limit_is_divided_by_expected_cost() {
        assert_eq!(shares(1.0, &[Some(3.0), Some(1.0)]), [0.75, 0.25]);
        assert_eq!(shares(1.0, &[Some(0.3), None]), [1.0, 0.0]);
        assert_eq!(shares(1.0, &[Some(0.0), Some(0.0)]), [0.5, 0.5]);
        assert_eq!(shares(1.0, &[None]), [0.0]);
        assert!(shares(0.0, &[Some(1.0), Some(2.0)]).iter().sum::<f64>() <= 0.0);
    }
}
