//! Removes secrets from text before it leaves a run: MassGen stores API keys in plain text, and agents print the
//! secrets they find.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Replacement for a secret.
pub const REDACTED: &str = "[redacted]";

/// Prefixes of secrets with the minimum length in bytes of a secret, from the vendors' documented key formats.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("AIza", 30),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("gsk_", 20),
    ("xai-", 20),
    ("hf_", 20),
    ("eyJhbGciOi", 40),
];

/// The smallest of these lengths, checked before comparing prefixes.
const SECRET_BYTES_MIN: usize = 16;

/// Endings of names whose value is a secret; compared in lower case, without `-`, `_` and `.`.
const NAMES: &[&str] = &[
    "apikey",
    "accesstoken",
    "authtoken",
    "secret",
    "secretkey",
    "clientsecret",
    "password",
    "passwd",
    "authorization",
    "privatekey",
    "secretaccesskey",
    "accesskey",
];

static PRIVATE_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PRIVATE KEY-----"));

/// Redacts secrets by name, by format, and by exact value.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    exact: Vec<String>,
}

impl Redactor {
    /// Creates a redactor. `exact` are known secrets such as the keys that this program uses; values shorter than six
    /// bytes are ignored.
    pub fn new(exact: impl IntoIterator<Item = String>) -> Self {
        Self { exact: exact.into_iter().filter(|secret| secret.len() >= 6).collect() }
    }

    /// Returns a line with its secrets replaced by [`REDACTED`].
    pub fn line<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(line);
        for secret in &self.exact {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        let spans = secret_spans(&text);
        if spans.is_empty() {
            return text;
        }
        let mut clean = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end) in spans {
            if start < from {
                continue;
            }
            clean.push_str(&text[from..start]);
            clean.push_str(REDACTED);
            from = end;
        }
        clean.push_str(&text[from..]);
        Cow::Owned(clean)
    }
}

/// Returns the byte ranges of secrets, in order.
fn secret_spans(text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut previous: Option<&str> = None;
    for (start, word) in words(text) {
        let end = start + word.len();
        let named = previous.is_some_and(is_secret_name) && looks_like_value(text, start, word);
        let has_format = || {
            PREFIXES
                .iter()
                .any(|(prefix, bytes_min)| word.len() >= *bytes_min && word.starts_with(prefix))
        };
        if named || word.len() >= SECRET_BYTES_MIN && has_format() {
            spans.push((start, end));
        }
        // In `Authorization: Bearer x` and `Bearer x`, the secret is the word after the scheme.
        previous = match word {
            "Bearer" | "bearer" => Some("authorization"),
            "Basic" if previous.is_some_and(is_secret_name) => Some("authorization"),
            word => Some(word),
        };
    }
    if let Some(at) = PRIVATE_KEY.find(text.as_bytes())
        && let Some(body) = text.get(at + PRIVATE_KEY.needle().len()..)
        && !body.is_empty()
    {
        spans.push((text.len() - body.len(), text.len()));
    }
    spans.sort_unstable();
    spans
}

/// Splits a text into words: sequences of characters that occur in keys and names. Returns each with its byte offset.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let from = rest + text[rest..].find(is_word)?;
        let len = text[from..].find(|c| !is_word(c)).unwrap_or(text.len() - from);
        rest = from + len;
        Some((from, &text[from..rest]))
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '~')
}

fn is_secret_name(word: &str) -> bool {
    // Compare from the end: most words already differ in the last letter.
    let letters = word.bytes().rev().filter(|byte| !matches!(byte, b'_' | b'-' | b'.'));
    let letters = letters.map(|byte| byte.to_ascii_lowercase());
    NAMES.iter().any(|secret| {
        let mut letters = letters.clone();
        secret.bytes().rev().all(|expected| letters.next() == Some(expected))
    })
}

/// Returns whether a word after the name of a secret is its value: `api_key: VALUE`, `"api_key": "VALUE"`,
/// `API_KEY=VALUE` and `Bearer VALUE`, but not `the api_key must be set` and not the placeholder of a variable.
fn looks_like_value(text: &str, start: usize, word: &str) -> bool {
    let before = &text[..start];
    let between: &str = &before[before.rfind(is_word).map_or(0, |i| i + 1)..];
    let assigned = between.contains(':')
        || between.contains('=')
        || (between == " " && before.to_ascii_lowercase().ends_with("bearer "));
    let placeholder = matches!(
        word.to_ascii_lowercase().as_str(),
        "null" | "none" | "true" | "false" | "str" | "string" | "os.environ" | "bearer" | "basic"
    );
    assigned
        && !placeholder
        && word.len() >= 4
        && !between.contains("${")
        && !between.contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &str) {
        assert_eq!(Redactor::default().line(line), expect, "{line}");
    }

    #[test]
    fn secrets_by_name() {
        check("      api_key: mock-key-agent-a", "      api_key: [redacted]");
        check(
            r#"{"OPENAI_API_KEY": "abcd1234", "x": 1}"#,
            r#"{"OPENAI_API_KEY": "[redacted]", "x": 1}"#,
        );
        check("export DB_PASSWORD=hunter22", "export DB_PASSWORD=[redacted]");
        check("Authorization: Bearer abcdefgh", "Authorization: Bearer [redacted]");
        check(r#"\"api_key\": \"escaped-secret\""#, r#"\"api_key\": \"[redacted]\""#);
    }

    #[test]
    fn secrets_by_format() {
        check("key sk-proj-0123456789abcdefgh end", "key [redacted] end");
        check("AKIAIOSFODNN7EXAMPLE", "[redacted]");
        check("-----BEGIN PRIVATE KEY-----MIIE", "-----BEGIN PRIVATE KEY-----[redacted]");
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        for line in [
            "The api_key client option must be set either by passing api_key",
            "api_key: null",
            "task-list for the sk-learn users",
            "\"input_tokens\": 6986, \"output_tokens\": 46",
            "password",
            "",
            "ünïcode — secret: ",
        ] {
            check(line, line);
        }
    }

    #[test]
    fn minimum_length_matches_the_prefixes() {
        assert_eq!(PREFIXES.iter().map(|(_, bytes_min)| *bytes_min).min(), Some(SECRET_BYTES_MIN));
    }

    #[test]
    fn exact_secrets() {
        let redactor = Redactor::new(["very-own-key".to_string()]);
        assert_eq!(redactor.line("a very-own-key b"), "a [redacted] b");
    }
}
