//! How much of something is taken, and the marks for it.

use massgen_isolation::changeset::HunkPart;
use massgen_isolation::review::Accept;

use crate::text::Tone;

/// All, nothing, or a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Taken,
    Left,
    Partly,
}

impl Mark {
    pub(crate) fn of(accept: &Accept) -> Self {
        match accept {
            Accept::Yes => Self::Taken,
            Accept::No => Self::Left,
            Accept::Parts(parts) if parts.is_empty() => Self::Left,
            Accept::Parts(_) => Self::Partly,
        }
    }

    /// Of a hunk, from 1.
    pub(crate) fn of_hunk(accept: &Accept, hunk: usize) -> Self {
        match part(accept, hunk) {
            _ if *accept == Accept::Yes => Self::Taken,
            None => Self::Left,
            Some(HunkPart { lines: None, .. }) => Self::Taken,
            Some(HunkPart { lines: Some(_), .. }) => Self::Partly,
        }
    }

    /// Of a changed line of a hunk, both from 1.
    pub(crate) fn of_line(accept: &Accept, hunk: usize, line: usize) -> Self {
        let lines = part(accept, hunk).map(|part| part.lines.as_ref());
        let taken = *accept == Accept::Yes
            || lines.is_some_and(|lines| lines.is_none_or(|lines| lines.contains(&line)));
        if taken { Self::Taken } else { Self::Left }
    }

    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Taken => "✓",
            Self::Left => "○",
            Self::Partly => "◐",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Taken => Tone::Added,
            Self::Left => Tone::Dim,
            Self::Partly => Tone::Risk,
        }
    }
}

fn part(accept: &Accept, hunk: usize) -> Option<&HunkPart> {
    match accept {
        Accept::Parts(parts) => parts.iter().find(|part| part.hunk == hunk),
        Accept::Yes | Accept::No => None,
    }
}

/// How many changed lines each hunk of a file has.
pub(crate) type HunkSizes = [usize];

/// Takes or leaves a hunk, from 1.
pub(crate) fn toggle_hunk(accept: &Accept, hunk: usize, sizes: &HunkSizes) -> Accept {
    let taken = Mark::of_hunk(accept, hunk) == Mark::Taken;
    set_hunk(accept, hunk, !taken, sizes)
}

/// The same, decided.
pub(crate) fn set_hunk(accept: &Accept, hunk: usize, take: bool, sizes: &HunkSizes) -> Accept {
    let mut parts = parts_of(accept, sizes);
    parts.retain(|part| part.hunk != hunk);
    if take {
        parts.push(HunkPart::whole(hunk));
    }
    settled(parts, sizes)
}

/// Takes or leaves one changed line of a hunk, both from 1.
pub(crate) fn toggle_line(accept: &Accept, hunk: usize, line: usize, sizes: &HunkSizes) -> Accept {
    let total = sizes.get(hunk - 1).copied().unwrap_or(0);
    let mut parts = parts_of(accept, sizes);
    let known = parts.iter().position(|part| part.hunk == hunk).map(|at| parts.remove(at));
    let mut lines = match known {
        None => Vec::new(),
        Some(HunkPart { lines: Some(lines), .. }) => lines,
        Some(HunkPart { lines: None, .. }) => (1..=total).collect(),
    };
    match lines.iter().position(|known| *known == line) {
        Some(at) => _ = lines.remove(at),
        None => lines.push(line),
    }
    lines.sort_unstable();
    if lines.len() == total {
        parts.push(HunkPart::whole(hunk));
    } else if !lines.is_empty() {
        parts.push(HunkPart { hunk, lines: Some(lines) });
    }
    settled(parts, sizes)
}

fn parts_of(accept: &Accept, sizes: &HunkSizes) -> Vec<HunkPart> {
    match accept {
        Accept::No => Vec::new(),
        Accept::Yes => (1..=sizes.len()).map(HunkPart::whole).collect(),
        Accept::Parts(parts) => parts.clone(),
    }
}

/// Everything taken is everything; nothing taken is nothing.
fn settled(mut parts: Vec<HunkPart>, sizes: &HunkSizes) -> Accept {
    parts.sort_by_key(|part| part.hunk);
    let whole = parts.iter().filter(|part| part.lines.is_none()).count();
    if parts.is_empty() {
        Accept::No
    } else if whole == sizes.len() {
        Accept::Yes
    } else {
        Accept::Parts(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_and_lines_add_up() {
        let sizes = [2, 3];
        let one = toggle_hunk(&Accept::No, 2, &sizes);
        assert_eq!(one, Accept::Parts(vec![HunkPart::whole(2)]));
        assert_eq!(
            (Mark::of(&one), Mark::of_hunk(&one, 2), Mark::of_hunk(&one, 1)),
            (Mark::Partly, Mark::Taken, Mark::Left)
        );
        let all = toggle_hunk(&one, 1, &sizes);
        assert_eq!(all, Accept::Yes);
        let less = toggle_line(&all, 2, 3, &sizes);
        assert_eq!(Mark::of_hunk(&less, 2), Mark::Partly);
        assert_eq!(
            (Mark::of_line(&less, 2, 3), Mark::of_line(&less, 2, 1)),
            (Mark::Left, Mark::Taken)
        );
        assert_eq!(toggle_line(&less, 2, 3, &sizes), Accept::Yes);
        // A hunk of which a part is taken is taken whole first, then left.
        let whole = toggle_hunk(&less, 2, &sizes);
        assert_eq!(whole, Accept::Yes);
        assert_eq!(toggle_hunk(&toggle_hunk(&whole, 1, &sizes), 2, &sizes), Accept::No);
        let single = toggle_line(&Accept::No, 1, 1, &[1]);
        assert_eq!(toggle_line(&single, 1, 1, &[1]), Accept::No);
    }
}
