//! Splits a text into lines. Each line includes its line feed; the last may have none.

/// The start offsets of a text's lines, four bytes each.
#[derive(Debug, Clone)]
pub struct Lines<T> {
    text: T,
    starts: Vec<u32>,
}

impl<T: AsRef<[u8]>> Lines<T> {
    /// Splits a text. Compared texts are smaller than 4 GiB.
    pub fn of(text: T) -> Self {
        let bytes = text.as_ref();
        let mut starts = Vec::with_capacity(bytes.len() / 64);
        let mut at = 0;
        while at < bytes.len() {
            starts.push(at as u32);
            at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
        }
        Self { text, starts }
    }

    /// Returns the whole text.
    pub fn text(&self) -> &[u8] {
        self.text.as_ref()
    }

    /// Returns the number of lines.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Returns whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Returns the line at an index, or an empty slice past the end.
    pub fn get(&self, at: usize) -> &[u8] {
        let Some(start) = self.starts.get(at) else { return &[] };
        let end = self.starts.get(at + 1).map_or(self.text.as_ref().len(), |end| *end as usize);
        &self.text.as_ref()[*start as usize..end]
    }

    /// Returns the bytes of a range of lines.
    pub fn slice(&self, range: std::ops::Range<usize>) -> &[u8] {
        let place = |at: usize| {
            self.starts.get(at).map_or(self.text.as_ref().len(), |start| *start as usize)
        };
        &self.text.as_ref()[place(range.start)..place(range.end)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_include_their_line_feeds() {
        let lines = Lines::of(b"a\n\nb");
        assert_eq!(
            (lines.len(), lines.get(0), lines.get(1), lines.get(2)),
            (3, &b"a\n"[..], &b"\n"[..], &b"b"[..])
        );
        assert_eq!(
            (lines.slice(1..3), lines.slice(3..3), lines.get(3)),
            (&b"\nb"[..], &b""[..], &b""[..])
        );
        assert!(Lines::of(b"").is_empty());
    }
}
