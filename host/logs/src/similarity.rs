//! Similarity of two texts: the share of word triples in common (Dice's coefficient), 1 for equal texts, 0 for texts
//! without a common phrase. Short texts are compared by words.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Maximum number of words compared.
const WORDS_MAX: usize = 20_000;

/// Minimum similarity of answers that say the same.
pub const NEAR_IDENTICAL: f64 = 0.9;

/// Texts with fewer words are compared by words: they have hardly any triples.
const SHORT_WORDS: usize = 12;

/// Sorted hashes of a text's words and word triples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    words: Vec<u64>,
    triples: Vec<u64>,
}

impl Shape {
    /// Hashes a text. Case, whitespace and punctuation around words are ignored.
    pub fn of(text: &str) -> Self {
        let words: Vec<String> = text
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .collect();
        let hashes = |length: usize| {
            let mut hashes: Vec<u64> = words.windows(length).map(hash).collect();
            hashes.sort_unstable();
            hashes
        };
        Self { words: hashes(1), triples: hashes(3) }
    }

    /// Returns the similarity, 0 to 1; `None` if a text has no words.
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        if self.words.is_empty() || other.words.is_empty() {
            return None;
        }
        let is_short = self.words.len().min(other.words.len()) < SHORT_WORDS;
        let (mine, others) =
            if is_short { (&self.words, &other.words) } else { (&self.triples, &other.triples) };
        let (mut a, mut b, mut common) = (0, 0, 0usize);
        while let (Some(left), Some(right)) = (mine.get(a), others.get(b)) {
            match left.cmp(right) {
                std::cmp::Ordering::Less => a += 1,
                std::cmp::Ordering::Greater => b += 1,
                std::cmp::Ordering::Equal => {
                    common += 1;
                    a += 1;
                    b += 1;
                }
            }
        }
        let share = 2.0 * common as f64 / (mine.len() + others.len()) as f64;
        Some((share * 1000.0).round() / 1000.0)
    }
}

fn hash(words: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_of_equal_changed_and_unrelated_texts() {
        let similarity = |a: &str, b: &str| Shape::of(a).similarity(&Shape::of(b));
        assert_eq!(similarity("The answer is 42.", "the answer: is 42"), Some(1.0));
        assert_eq!(similarity("42", "43"), Some(0.0));
        assert_eq!(similarity("", "x"), None);
        let long =
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        let changed = long.replace("fourteen", "others");
        let share = similarity(long, &changed).unwrap();
        assert!(share > 0.9 && share < 1.0, "{share}");
        assert_eq!(similarity(long, "completely other words"), Some(0.0));
    }
}
