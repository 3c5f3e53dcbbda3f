//! A duration and its spellings.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// The longest duration, so that milliseconds also fit in an `i64`.
const MAX_MS: u64 = i64::MAX as u64;

/// A span of time in whole milliseconds, never negative.
///
/// It parses from one number with a unit (`500ms`, `90s`, `0.5 s`, `10m`, `2h`, `7d`, `1w`), from a bare number of
/// seconds (`2`), and from several numbers with units (`1h30m`, `1 hour 30 minutes`). A day has 24 hours. Fractions
/// of a millisecond are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// The text is not a number with a unit.
    #[error("expected a duration such as 90s, 10m, 1h30m or 7d")]
    Malformed,
    /// The duration is below zero.
    #[error("a duration cannot be negative: expected a duration such as 90s, 10m, 1h30m or 7d")]
    Negative,
    /// The duration does not fit in 63 bits of milliseconds.
    #[error("the duration is too long")]
    TooLong,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration, about 292 million years.
    pub const MAX: Self = Self(MAX_MS);

    /// Makes a duration of milliseconds; values above [`Duration::MAX`] become the maximum.
    pub const fn from_millis(ms: u64) -> Self {
        Self(if ms > MAX_MS { MAX_MS } else { ms })
    }

    /// Makes a duration of seconds; values above [`Duration::MAX`] become the maximum.
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(1_000))
    }

    /// Returns the milliseconds; the value also fits in an `i64`.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whether the duration is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_millis(duration.0)
    }
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match one_unit(text) {
            Some(parsed) => parsed,
            None => several_units(text),
        }
    }
}

/// Writes the number of the largest unit up to days that divides the duration: `90s`, `2h`, `1500ms`. The text
/// parses to the same duration.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        match units.iter().find(|(_, ms)| self.0 > 0 && self.0.is_multiple_of(*ms)) {
            Some((unit, ms)) => write!(f, "{}{unit}", self.0 / ms),
            None => write!(f, "{}ms", self.0),
        }
    }
}

/// Parses a number with at most one unit; `None` if the text has another shape.
///
/// jiff reads neither a number without a unit nor a fraction of a day.
fn one_unit(text: &str) -> Option<Result<Duration, ParseDurationError>> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit_ms: u64 = match text[number.len()..].trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() {
        let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
        return Some(
            ms.filter(|ms| *ms <= MAX_MS).map(Duration).ok_or(ParseDurationError::TooLong),
        );
    }
    let number: f64 = number.parse().ok()?;
    let ms = number * unit_ms as f64;
    Some(if number.is_sign_negative() && number != 0.0 {
        Err(ParseDurationError::Negative)
    } else if ms >= MAX_MS as f64 {
        Err(ParseDurationError::TooLong)
    } else {
        Ok(Duration(ms as u64))
    })
}

/// Parses jiff's formats: several numbers with units, and ISO 8601.
fn several_units(text: &str) -> Result<Duration, ParseDurationError> {
    let span: Span = text.parse().map_err(|_| ParseDurationError::Malformed)?;
    // Months and years have no fixed length: they fail here.
    let length: SignedDuration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| ParseDurationError::Malformed)?;
    if length.is_negative() {
        return Err(ParseDurationError::Negative);
    }
    let ms = u64::try_from(length.as_millis()).ok().filter(|ms| *ms <= MAX_MS);
    ms.map(Duration).ok_or(ParseDurationError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;

    #[test]
    fn accepted_spellings() {
        for (text, ms) in [
            // One number and one unit.
            ("500ms", 500),
            ("90s", 90 * SECOND),
            ("10m", 10 * MINUTE),
            ("5min", 5 * MINUTE),
            ("1h", HOUR),
            ("1d", DAY),
            ("30d", 30 * DAY),
            ("1w", 7 * DAY),
            ("0d", 0),
            // Without a unit: seconds.
            ("2", 2 * SECOND),
            ("0", 0),
            ("0.25", 250),
            // Fractions and white space.
            ("0.5 s", 500),
            ("1.5h", 90 * MINUTE),
            ("1,5s", 1_500),
            ("0.5d", 12 * HOUR),
            (".5s", 500),
            ("1.9ms", 1),
            ("1e3ms", SECOND),
            ("+5s", 5 * SECOND),
            (" 10 m ", 10 * MINUTE),
            // Several units.
            ("1h30m", 90 * MINUTE),
            ("1h 30m", 90 * MINUTE),
            ("1d12h", 36 * HOUR),
            ("2w3d", 17 * DAY),
            ("1m30.5s", 90_500),
            ("1s500ms", 1_500),
            // Words, and ISO 8601.
            ("30 seconds", 30 * SECOND),
            ("1 hour 30 minutes", 90 * MINUTE),
            ("2hrs, 5mins", 2 * HOUR + 5 * MINUTE),
            ("3 days", 3 * DAY),
            ("PT1H30M", 90 * MINUTE),
            ("9223372036854775807ms", MAX_MS),
        ] {
            let parsed: Result<Duration, _> = text.parse();
            assert_eq!(parsed, Ok(Duration(ms)), "{text:?}");
        }
    }

    #[test]
    fn refused_spellings() {
        use ParseDurationError::{Malformed, Negative, TooLong};
        for (text, error) in [
            ("", Malformed),
            (" ", Malformed),
            ("s", Malformed),
            ("fast", Malformed),
            ("9x", Malformed),
            ("10 M", Malformed),
            ("1h30", Malformed),
            ("NaN", Malformed),
            ("inf", Malformed),
            ("1.2.3s", Malformed),
            ("2 months", Malformed),
            ("1y", Malformed),
            ("10m\u{7}", Malformed),
            ("-1s", Negative),
            ("-1h30m", Negative),
            ("1h ago", Negative),
            ("1e400s", TooLong),
            ("9223372036854775808ms", TooLong),
            ("99999999999999999999", TooLong),
            ("18446744073709551615d", TooLong),
        ] {
            assert_eq!(text.parse::<Duration>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn written_durations_parse_to_the_same_duration() {
        for (ms, text) in [
            (0, "0ms"),
            (1, "1ms"),
            (1_500, "1500ms"),
            (5 * SECOND, "5s"),
            (90 * SECOND, "90s"),
            (10 * MINUTE, "10m"),
            (90 * MINUTE, "90m"),
            (2 * HOUR, "2h"),
            (36 * HOUR, "36h"),
            (7 * DAY, "7d"),
            (MAX_MS, "9223372036854775807ms"),
        ] {
            let duration = Duration(ms);
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse(), Ok(duration), "{text}");
        }
    }

    #[test]
    fn constructors_saturate() {
        assert_eq!(Duration::from_millis(u64::MAX), Duration::MAX);
        assert_eq!(Duration::from_secs(u64::MAX), Duration::MAX);
        assert_eq!(Duration::from_secs(90).as_millis(), 90_000);
        assert_eq!(std::time::Duration::from(Duration::from_secs(2)).as_secs(), 2);
        assert!(Duration::ZERO.is_zero() && !Duration::MAX.is_zero());
    }

    #[test]
    fn errors_show_accepted_forms() {
        let error = "soon".parse::<Duration>().unwrap_err().to_string();
        assert_eq!(error, "expected a duration such as 90s, 10m, 1h30m or 7d");
    }
}
