//! Several models on one run: what each may spend, and what they found, settled into one list. Two findings of
//! different models speak of the same thing where their verified evidence has lines in common; no model is asked about
//! that.

use std::cmp::Reverse;

use crate::finding::{Agreement, Citation, Finding, Voice};

/// What one model found.
#[derive(Debug, Clone, Copy)]
pub struct Opinion<'a> {
    /// `provider/model`.
    pub model: &'a str,
    /// Its findings, with their evidence checked.
    pub findings: &'a [Finding],
}

/// Findings that speak of the same thing, at most one of each model, in the order of the models.
type Group<'a> = Vec<(&'a str, &'a Finding)>;

/// One list of what all found: what most agree on first. A finding of one model alone stays, and says so.
pub fn settle(opinions: &[Opinion<'_>]) -> Vec<Finding> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for opinion in opinions {
        // What a model found itself is never merged with another finding of its own.
        let known = groups.len();
        let mut taken = vec![false; known];
        for finding in opinion.findings {
            let near = groups[..known].iter().enumerate().filter(|(at, _)| !taken[*at]);
            let near = near.map(|(at, group)| (likeness(group, finding), Reverse(at))).max();
            match near {
                Some((likeness, Reverse(at))) if likeness > (0, false) => {
                    taken[at] = true;
                    groups[at].push((opinion.model, finding));
                }
                _ => groups.push(vec![(opinion.model, finding)]),
            }
        }
    }
    let mut settled: Vec<Finding> =
        groups.iter().map(|group| merged(group, opinions.len())).collect();
    // The sort is stable: what is alike stays in the order of the models.
    settled.sort_by_key(|finding| {
        let agree = finding.agreement.as_ref().map_or(1, |agreement| agreement.models.len());
        (Reverse(agree), !finding.verified, finding.severity)
    });
    settled
}

/// How much of the evidence is the same, and whether it is said of the same question.
fn likeness(group: &Group<'_>, finding: &Finding) -> (usize, bool) {
    let with = |other: &Finding| {
        let shared =
            verified(finding).filter(|mine| verified(other).any(|theirs| overlap(mine, theirs)));
        match shared.count() {
            0 => (0, false),
            shared => (shared, other.category == finding.category),
        }
    };
    group.iter().map(|(_, other)| with(other)).max().unwrap_or_default()
}

fn verified(finding: &Finding) -> impl Iterator<Item = &Citation> {
    finding.evidence.iter().filter(|citation| citation.verified)
}

fn overlap(a: &Citation, b: &Citation) -> bool {
    a.file == b.file && a.line_start <= b.line_end && b.line_start <= a.line_end
}

/// The words of the best supported finding, the highest severity, and all evidence that was found.
fn merged(group: &Group<'_>, of: usize) -> Finding {
    let support = |finding: &Finding| (finding.verified, verified(finding).count());
    let lead = group.iter().map(|(_, finding)| support(finding)).max();
    let at = group.iter().position(|(_, finding)| Some(support(finding)) == lead).unwrap_or(0);
    let others = || group.iter().enumerate().filter(move |(other, _)| *other != at);
    let mut finding = group[at].1.clone();
    for (_, (_, other)) in others() {
        finding.severity = finding.severity.min(other.severity);
        for citation in verified(other) {
            let same = |known: &Citation| known.quote == citation.quote && overlap(known, citation);
            if !finding.evidence.iter().any(same) {
                finding.evidence.push(citation.clone());
            }
        }
    }
    let voice = |(model, finding): &(&str, &Finding)| Voice {
        model: (*model).to_string(),
        title: finding.title.clone(),
        claim: finding.claim.clone(),
        recommendation: finding.recommendation.clone(),
    };
    finding.agreement = Some(Agreement {
        models: group.iter().map(|(model, _)| (*model).to_string()).collect(),
        of,
        words_of: group[at].0.to_string(),
        others: others().map(|(_, member)| voice(member)).collect(),
    });
    finding
}

/// What of a limit each model may spend: in proportion to what each is expected to cost, so that all come equally far.
/// One without a price gets nothing, since nobody can tell when it is spent.
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
            recommendation: format!("mend {title}"),
            verified: !evidence.is_empty() && evidence.iter().all(|citation| citation.verified),
            evidence: evidence.to_vec(),
            agreement: None,
        }
    }

    fn settled(opinions: &[&[Finding]]) -> Vec<Finding> {
        let names = ["a/one", "b/two", "c/three"];
        let opinions: Vec<Opinion<'_>> = names
            .iter()
            .zip(opinions)
            .map(|(model, findings)| Opinion { model, findings })
            .collect();
        settle(&opinions)
    }

    /// Titles with who agrees.
    fn shown(findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| {
            let agreement = finding.agreement.as_ref().unwrap();
            format!("{} by {} of {}", finding.title, agreement.models.join("+"), agreement.of)
        };
        findings.iter().map(line).collect()
    }

    use Severity::{High, Low, Medium};

    #[test]
    fn what_has_lines_in_common_is_one_finding() {
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
            let all = settled(&[&one, &two]);
            assert_eq!(all.len(), if same { 1 } else { 2 }, "{file} {start} {end}");
        }
    }

    #[test]
    fn evidence_that_is_not_verified_joins_nothing() {
        let one = [found("x", Low, &[cite("e", 5, 8, true)])];
        let two = [found("y", Low, &[cite("e", 5, 8, false)])];
        let all = settled(&[&one, &two]);
        assert_eq!(shown(&all), ["x by a/one of 2", "y by b/two of 2"]);
        assert!(all[0].verified && !all[1].verified);
    }

    #[test]
    fn the_best_supported_words_lead_and_the_others_are_kept() {
        let one = [found("x", Low, &[cite("e", 5, 5, true)])];
        let two = [found("y", High, &[cite("e", 5, 6, true), cite("f", 1, 1, true)])];
        let all = settled(&[&one, &two]);
        assert_eq!(shown(&all), ["y by a/one+b/two of 2"]);
        let finding = &all[0];
        assert_eq!((finding.severity, finding.evidence.len()), (High, 2), "one quote, once");
        let agreement = finding.agreement.as_ref().unwrap();
        assert_eq!(agreement.words_of, "b/two");
        assert_eq!(
            (agreement.others[0].model.as_str(), agreement.others[0].claim.as_str()),
            ("a/one", "x is so")
        );
    }

    #[test]
    fn findings_of_one_model_stay_apart_and_each_finds_its_like() {
        let mut cost = found("cost", Low, &[cite("e", 5, 5, true)]);
        cost.category = Category::Cost;
        let one = [found("x", Low, &[cite("e", 5, 5, true)]), cost.clone()];
        assert_eq!(settled(&[&one]).len(), 2);
        let two = [Finding { title: "dear".into(), ..cost }];
        let all = settled(&[&one, &two]);
        assert_eq!(shown(&all), ["cost by a/one+b/two of 2", "x by a/one of 2"]);
    }

    #[test]
    fn what_most_agree_on_comes_first_whatever_the_order() {
        let e = |line| [cite("e", line, line, true)];
        let one =
            [found("alone", High, &e(1)), found("two", Medium, &e(2)), found("all", Low, &e(3))];
        let two = [found("all", Low, &e(3)), found("two", Medium, &e(2))];
        let three = [found("made up", High, &[]), found("all", Low, &e(3))];
        let all = settled(&[&one, &two, &three]);
        assert_eq!(
            shown(&all),
            [
                "all by a/one+b/two+c/three of 3",
                "two by a/one+b/two of 3",
                "alone by a/one of 3",
                "made up by c/three of 3",
            ]
        );
        assert_eq!(settled(&[&one, &two, &three]), all);
        assert!(settled(&[&[], &[]]).is_empty() && settled(&[]).is_empty());
    }

    #[test]
    fn a_limit_is_shared_by_what_each_is_expected_to_cost() {
        assert_eq!(shares(1.0, &[Some(3.0), Some(1.0)]), [0.75, 0.25]);
        assert_eq!(shares(1.0, &[Some(0.3), None]), [1.0, 0.0]);
        assert_eq!(shares(1.0, &[Some(0.0), Some(0.0)]), [0.5, 0.5]);
        assert_eq!(shares(1.0, &[None]), [0.0]);
        assert!(shares(0.0, &[Some(1.0), Some(2.0)]).iter().sum::<f64>() <= 0.0);
    }
}
