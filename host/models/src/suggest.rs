//! Names that a user may have meant.

/// Below this likeness a name is no suggestion.
const LIKE: f64 = 0.8;
/// If too few are like it, the best of these are better than nothing.
const FAINTLY_LIKE: f64 = 0.55;

/// Up to `most` of the candidates, the likeliest first; those that come first among equals stay first.
pub fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let wanted = plain(wanted);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (likeness(&wanted, &plain(candidate)), candidate))
        .filter(|(score, _)| *score >= FAINTLY_LIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.dedup_by(|a, b| a.1 == b.1);
    let close = scored.iter().filter(|(score, _)| *score >= LIKE).count();
    scored.truncate(if close >= most { close.min(most) } else { most });
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A part of the other name is a better hint than a small distance.
fn likeness(wanted: &str, candidate: &str) -> f64 {
    let distance = strsim::jaro_winkler(wanted, candidate)
        .max(strsim::normalized_damerau_levenshtein(wanted, candidate));
    let part = wanted.len() >= 3 && (candidate.contains(wanted) || wanted.contains(candidate));
    if part { 0.9 + distance / 10.0 } else { distance * 0.95 }
}

/// Without dates and with one kind of separator: `gpt-5.2-2025-12-11` is `gpt-5-2`.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['.', '_', ':'], "-");
    let words: Vec<&str> = name.split('-').collect();
    let is_date = |word: &str| {
        word.len() == 8 && word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit())
    };
    let year = words.iter().position(|word| {
        word.len() == 4 && word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit())
    });
    let end = year.filter(|at| words.len() == at + 3).unwrap_or(words.len());
    words[..end].iter().filter(|word| !is_date(word)).copied().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: &[&str] =
        &["gpt-6-luna", "gpt-6.1-sol", "gpt-6-astra", "gpt-5.2-2025-12-11", "gpt-4o", "o3"];

    #[test]
    fn near_names() {
        assert_eq!(nearest("gpt-6-lunar", MODELS.iter().copied(), 3)[0], "gpt-6-luna");
        assert_eq!(nearest("luna", MODELS.iter().copied(), 3)[0], "gpt-6-luna");
        assert_eq!(nearest("gpt-5-2", MODELS.iter().copied(), 3)[0], "gpt-5.2-2025-12-11");
        assert_eq!(nearest("gpt-6.1_sol", MODELS.iter().copied(), 1), ["gpt-6.1-sol"]);
        assert_eq!(nearest("gpt-9-nova", MODELS.iter().copied(), 3).len(), 3);
        assert!(nearest("zzzz", MODELS.iter().copied(), 3).is_empty());
        assert_eq!(nearest("opena", ["openai", "google", "anthropic"], 3)[0], "openai");
    }
}
