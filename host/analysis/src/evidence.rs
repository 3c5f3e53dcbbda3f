//! Checks every quote against the files. A finding is verified if it has evidence and every quote was found.

use massgen_logs::files::RunFiles;

use crate::finding::{Citation, Finding};

/// Minimum length for a match within a line or elsewhere: shorter quotes match almost anywhere.
const QUOTE_CHARS_MIN: usize = 8;
/// Maximum lines per citation.
const SPAN_LINES_MAX: u64 = 200;
/// Maximum lines of a quote that is found outside its cited lines.
const WINDOW_LINES: usize = 5;

/// Checks the evidence of all findings.
pub fn check(findings: &mut [Finding], files: &RunFiles) {
    for finding in findings {
        for citation in &mut finding.evidence {
            verify(citation, files);
        }
        finding.verified = !finding.evidence.is_empty()
            && finding.evidence.iter().all(|citation| citation.verified);
    }
}

fn verify(citation: &mut Citation, files: &RunFiles) {
    let quote = normalise(citation.quote.trim().trim_matches('…').trim_end_matches("..."));
    citation.verified = false;
    if quote.is_empty() {
        return;
    }
    let last = citation.line_end.min(citation.line_start.saturating_add(SPAN_LINES_MAX));
    let mut cited = String::new();
    let mut window: Vec<(u64, String)> = Vec::new();
    let mut elsewhere: Option<(u64, u64)> = None;
    let read = files.each_line(&citation.file, |number, line| {
        let line = normalise(line);
        if (citation.line_start..=last).contains(&number) {
            cited.push_str(&line);
            cited.push(' ');
        }
        if elsewhere.is_none() {
            window.push((number, line));
            if window.len() > WINDOW_LINES {
                window.remove(0);
            }
            elsewhere = shortest_match(&window, &quote);
        }
        // Stop after the cited lines once the quote was seen.
        elsewhere.is_none() || number < last
    });
    if read.is_err() {
        return;
    }
    let long_enough = quote.chars().filter(|c| !c.is_whitespace()).count() >= QUOTE_CHARS_MIN;
    if cited.contains(&quote) && (long_enough || cited.trim() == quote) {
        citation.verified = true;
    } else if long_enough && let Some((first, last)) = elsewhere {
        (citation.line_start, citation.line_end) = (first, last);
        citation.verified = true;
        citation.moved = true;
    }
}

/// Returns the smallest range at the end of the window that contains the quote.
fn shortest_match(window: &[(u64, String)], quote: &str) -> Option<(u64, u64)> {
    let last = window.last()?.0;
    let mut joined = String::new();
    for (number, line) in window.iter().rev() {
        joined = if joined.is_empty() { line.clone() } else { format!("{line} {joined}") };
        if joined.contains(quote) {
            return Some((*number, last));
        }
        if joined.len() > 4 * quote.len() + line.len() {
            return None;
        }
    }
    None
}

/// Removes differences that models introduce when copying: white space, and the escapes of JSON within JSON.
fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut space = false;
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.peek() {
                Some('n' | 't' | 'r') => {
                    chars.next();
                    ' '
                }
                Some('"' | '\\' | '/') => continue,
                _ => c,
            },
            c => c,
        };
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use massgen_logs::redact::Redactor;

    use super::*;

    const LINES: &str = "first line of the log\n{\"result\": \"{\\\"success\\\": false, \\\"error\\\": \\\"quota exceeded\\\"}\"}\n   indented   text\nok\napi_key: hunter22\n";

    fn check(file: &str, start: u64, end: u64, quote: &str) -> (bool, bool, u64) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("log.txt"), LINES).unwrap();
        let files = RunFiles::new(dir.path(), Redactor::default());
        let mut citation = Citation {
            file: file.into(),
            line_start: start,
            line_end: end,
            quote: quote.into(),
            verified: false,
            moved: false,
        };
        verify(&mut citation, &files);
        (citation.verified, citation.moved, citation.line_start)
    }

    #[test]
    fn exact_quotes_are_verified() {
        for (start, end, quote) in [
            (1, 1, "first line of"),
            (2, 2, r#"{"success": false, "error": "quota exceeded"}"#),
            (2, 2, r#"{\"success\": false"#),
            (3, 3, "indented text"),
            (1, 3, "first line of the log {\"result\""),
            (4, 4, "ok"),
            (5, 5, "api_key: [redacted]"),
            (1, 1, "first line of the…"),
        ] {
            assert_eq!(check("log.txt", start, end, quote), (true, false, start), "{quote}");
        }
    }

    #[test]
    fn quotes_on_other_lines_are_moved() {
        assert_eq!(check("log.txt", 1, 1, "quota exceeded"), (true, true, 2));
        assert_eq!(check("log.txt", 900, 901, "indented text"), (true, true, 3));
    }

    #[test]
    fn missing_quotes_are_not_verified() {
        for (file, start, quote) in [
            ("log.txt", 1, "this was made up entirely"),
            ("log.txt", 1, "ok"),
            ("log.txt", 1, ""),
            ("log.txt", 1, "   "),
            ("log.txt", 5, "hunter22"),
            ("other.txt", 1, "first line of the log"),
            ("../log.txt", 1, "first line of the log"),
        ] {
            assert!(!check(file, start, start, quote).0, "{file} {quote}");
        }
    }
}
