//! How alike two texts are: the share of word triples that they have in common (Dice's coefficient), 1 for
//! equal texts, 0 for texts without a common phrase. Short texts are compared word by word.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Words of a text that are looked at.
const WORDS_MAX: usize = 20_000;

/// From this on two answers say the same in other words, if in other words at all.
pub const NEAR_IDENTICAL: f64 = 0.9;

/// Texts with fewer words are compared word by word: they have hardly a triple.
const SHORT: usize = 12;

/// What a text is made of: sorted hashes of its words and of its word triples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    words: Vec<u64>,
    triples: Vec<u64>,
}

impl Shape {
    /// The shape of a text. Case, punctuation at the edges of words and space don't matter.
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

    /// How alike, from 0 to 1; none if a text holds no word.
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        if self.words.is_empty() || other.words.is_empty() {
            return None;
        }
        let short = self.words.len().min(other.words.len()) < SHORT;
        let (mine, others) =
            if short { (&self.words, &other.words) } else { (&self.triples, &other.triples) };
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
    fn from_equal_to_foreign() {
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
