//! Takes secrets out of text before it leaves a run: MassGen stores the configuration with its
//! `api_key`s in clear, and agents print what they find.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What stands in a secret's place.
pub const REDACTED: &str = "[redacted]";

/// Prefixes that make a word a secret, with the least length of such a word. From the vendors'
/// documented key formats.
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

/// The least of these lengths.
const SECRET_BYTES_MIN: usize = 16;

/// Names whose value is a secret, compared in lower case without `-` and `_`.
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

/// Redacts secrets by their looks, and some by their exact value.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    exact: Vec<String>,
}

impl Redactor {
    /// `exact`: values that must never appear, such as the keys this program uses itself.
    pub fn new(exact: impl IntoIterator<Item = String>) -> Self {
        Self { exact: exact.into_iter().filter(|secret| secret.len() >= 6).collect() }
    }

    /// One line without its secrets.
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

/// Byte ranges that are secrets, in order.
fn secret_spans(text: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut previous: Option<&str> = None;
    for (start, word) in words(text) {
        let end = start + word.len();
        let named = previous.is_some_and(is_secret_name) && looks_like_value(text, start, word);
        let looks = || {
            PREFIXES.iter().any(|(prefix, least)| word.len() >= *least && word.starts_with(prefix))
        };
        if named || word.len() >= SECRET_BYTES_MIN && looks() {
            spans.push((start, end));
        }
        // `Authorization: Bearer x` and `Bearer x` name the word after the scheme.
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

/// Runs of characters that keys and names are made of.
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
    // From the end, so that most words are told apart by their last letter.
    let letters = word.bytes().rev().filter(|byte| !matches!(byte, b'_' | b'-' | b'.'));
    let letters = letters.map(|byte| byte.to_ascii_lowercase());
    NAMES.iter().any(|secret| {
        let mut letters = letters.clone();
        secret.bytes().rev().all(|expected| letters.next() == Some(expected))
    })
}

/// `api_key: VALUE`, `"api_key": "VALUE"`, `API_KEY=VALUE`, `Bearer VALUE`; not `the api_key must be set`
/// and not a placeholder for a variable.
fn looks_like_value(text: &str, start: usize, word: &str) -> bool {
    let before = &text[..start];
    let between: &str = &before[before.rfind(is_word).map_or(0, |i| i + 1)..];
    let assigned = between.contains(':')
        || between.contains('=')
        || (between == " " && before.to_ascii_lowercase().ends_with("bearer "));
    let nothing = matches!(
        word.to_ascii_lowercase().as_str(),
        "null" | "none" | "true" | "false" | "str" | "string" | "os.environ" | "bearer" | "basic"
    );
    assigned && !nothing && word.len() >= 4 && !between.contains("${") && !between.contains('\n')
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
    fn secrets_by_looks() {
        check("key sk-proj-0123456789abcdefgh end", "key [redacted] end");
        check("AKIAIOSFODNN7EXAMPLE", "[redacted]");
        check("-----BEGIN PRIVATE KEY-----MIIE", "-----BEGIN PRIVATE KEY-----[redacted]");
    }

    #[test]
    fn ordinary_text_stays() {
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
    fn no_secret_is_shorter_than_the_shortest() {
        assert_eq!(PREFIXES.iter().map(|(_, least)| *least).min(), Some(SECRET_BYTES_MIN));
    }

    #[test]
    fn exact_secrets() {
        let redactor = Redactor::new(["very-own-key".to_string()]);
        assert_eq!(redactor.line("a very-own-key b"), "a [redacted] b");
    }
}
