//! Time that overlapping intervals cover.

/// Milliseconds covered by at least one of the intervals, which are in microseconds.
pub fn union_ms(intervals: impl IntoIterator<Item = (i64, i64)>) -> u64 {
    let mut sorted: Vec<_> = intervals.into_iter().collect();
    // Calls are almost sorted by start: the stable sort is faster on them.
    sorted.sort();
    let (mut covered, mut reached) = (0i64, i64::MIN);
    for (start, end) in sorted {
        let start = start.max(reached);
        if end > start {
            covered += end - start;
            reached = end;
        }
    }
    ms(covered)
}

/// Microseconds as milliseconds, rounded; 0 if negative.
pub(crate) fn ms(us: i64) -> u64 {
    u64::try_from((us + 500) / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_count_once() {
        for (intervals, expected) in [
            (vec![], 0),
            (vec![(0, 1_000_000), (500_000, 1_500_000)], 1500),
            (vec![(5_000, 6_000), (0, 2_000)], 3),
            (vec![(0, 10_000), (2_000, 3_000)], 10),
            (vec![(3_000, 1_000)], 0),
        ] {
            assert_eq!(union_ms(intervals.clone()), expected, "{intervals:?}");
        }
    }
}
