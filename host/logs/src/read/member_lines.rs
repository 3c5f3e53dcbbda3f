//! The line of each member of a JSON document, for citing figures. `serde_json` reports positions only for errors.

use crate::run::MemberLines;

/// Deeper members are cited by the line of the member at this depth.
const DEPTH_MAX: usize = 4;

/// Maximum number of members; MassGen's files have fewer.
const MEMBERS_MAX: usize = 100_000;

/// Returns the lines of the members of a document, which must be valid JSON or a prefix of it.
pub(super) fn of(text: &str) -> MemberLines {
    let mut walker = Walker {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
        path: String::new(),
        found: MemberLines::default(),
    };
    walker.value(0);
    walker.found
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    path: String,
    found: MemberLines,
}

impl Walker<'_> {
    /// Skips white space and returns the next byte without consuming it.
    fn skip_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return Some(*byte),
            }
            self.at += 1;
        }
        None
    }

    /// Skips a string and returns its text, still escaped.
    fn string(&mut self) -> String {
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at.min(self.bytes.len());
        self.at = (self.at + 1).min(self.bytes.len());
        String::from_utf8_lossy(self.bytes.get(start..end).unwrap_or_default()).into_owned()
    }

    fn value(&mut self, depth: usize) {
        match self.skip_space() {
            Some(b'{') => self.members(depth, true),
            Some(b'[') => self.members(depth, false),
            Some(b'"') => drop(self.string()),
            _ => {
                while self.bytes.get(self.at).is_some_and(|b| !b",]} \t\r\n".contains(b)) {
                    self.at += 1;
                }
            }
        }
    }

    fn members(&mut self, depth: usize, named: bool) {
        self.at += 1;
        let mut index = 0;
        while let Some(byte) = self.skip_space() {
            match byte {
                b'}' | b']' => {
                    self.at += 1;
                    return;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            let line = self.line;
            let name = if named { self.string() } else { index.to_string() };
            index += 1;
            let length = self.path.len();
            if depth < DEPTH_MAX && self.found.0.len() < MEMBERS_MAX {
                if length > 0 {
                    self.path.push('/');
                }
                self.path.push_str(&name);
                self.found.0.insert(self.path.clone(), line);
            }
            if named && self.skip_space() == Some(b':') {
                self.at += 1;
            }
            let before = self.at;
            self.value(depth + 1);
            if self.at == before {
                self.at += 1;
            }
            self.path.truncate(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_members() {
        let text = "{\n  \"a\": {\n    \"b\": [\n      {\"c\": 1},\n      2\n    ],\n    \"d\": \"x\\\"}\\n\"\n  },\n  \"e\": null\n}";
        let lines = of(text);
        for (path, line) in [
            ("a", 2),
            ("a/b", 3),
            ("a/b/0", 4),
            ("a/b/0/c", 4),
            ("a/b/1", 5),
            ("a/d", 7),
            ("e", 9),
            ("f", 0),
        ] {
            assert_eq!(lines.line(path), line, "{path}");
        }
    }
}
