//! Timestamps of a run: naive local time in the format of Python's `isoformat`. Every line of a log has one, so the
//! usual format is parsed here, to avoid the cost of the general parser; `jiff` parses all others.

use std::cell::Cell;

/// Parses a naive local time. Returns microseconds since 1970-01-01, as if the time were UTC.
pub(crate) fn naive_us(text: &str) -> Option<i64> {
    parse_fixed(text.as_bytes()).or_else(|| {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
    })
}

/// Parses `2026-11-22T08:59:21.885364`, with or without the fraction.
fn parse_fixed(text: &[u8]) -> Option<i64> {
    let is = |at: usize, mark: u8| text.get(at) == Some(&mark);
    if !((is(10, b'T') || is(10, b' ')) && is(13, b':') && is(16, b':')) {
        return None;
    }
    let micros = match text.len() {
        19 => 0,
        26 if is(19, b'.') => number(text, 20, 6)?,
        _ => return None,
    };
    let (hour, minute, second) = (number(text, 11, 2)?, number(text, 14, 2)?, number(text, 17, 2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = cached_day(*text.first_chunk()?)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(seconds * 1_000_000 + micros)
}

type Date = [u8; 10];

/// Returns the result of [`day`], cached for the most recent date: consecutive lines usually have the same one.
fn cached_day(date: Date) -> Option<i64> {
    thread_local! {
        static LAST: Cell<(Date, i64)> = const { Cell::new((*b"1970-01-01", 0)) };
    }
    let (last, day_of_last) = LAST.get();
    if last == date {
        return Some(day_of_last);
    }
    let day = day(&date)?;
    LAST.set((date, day));
    Some(day)
}

/// Parses a date such as `2026-11-22`. Returns days since 1970-01-01.
fn day(date: &Date) -> Option<i64> {
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(date, 0, 4)?, number(date, 5, 2)?, number(date, 8, 2)?);
    let days_of_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days_of_month).contains(&day).then(|| days(year, month, day))
}

fn number(text: &[u8], from: usize, length: usize) -> Option<i64> {
    text.get(from..from + length)?.iter().try_fold(0i64, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// Returns the days since 1970-01-01 of a Gregorian date. Years start in March here, so that a leap day is the last
/// day of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_jiff() {
        for text in [
            "1970-01-01T00:00:00",
            "2026-11-22T08:59:21.885364",
            "2024-02-29T23:59:59.000001",
            "2000-02-29 12:00:00",
            "1999-12-31T23:59:59.999999",
            "2100-03-01T00:00:00",
        ] {
            let time: jiff::civil::DateTime = text.parse().unwrap();
            let expect = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
            assert_eq!(parse_fixed(text.as_bytes()), Some(expect.as_microsecond()), "{text}");
        }
        assert_eq!(parse_fixed(b"2026-02-30T00:00:00"), None);
        assert_eq!(naive_us("2026-11-22T08:59:21.885"), Some(1_795_337_961_885_000));
        assert_eq!(naive_us("yesterday"), None);
    }
}
