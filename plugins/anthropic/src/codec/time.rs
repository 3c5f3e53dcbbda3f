//! Times in headers.

/// Parses an RFC 3339 time in UTC, such as `2026-11-22T08:58:56Z`, into Unix milliseconds.
pub(super) fn unix_ms(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    if !text.ends_with('Z') && !text.ends_with("+00:00") {
        return None;
    }
    // Days since 1970 in the proleptic Gregorian calendar, with years that start in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    u64::try_from((days * 86_400 + seconds) * 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600_000)),
            ("2026-11-22T08:58:56Z", Some(1_795_337_936_000)),
            ("2026-11-22T08:58:56+02:00", None),
            ("soon", None),
        ] {
            assert_eq!(unix_ms(text), ms, "{text}");
        }
    }
}
