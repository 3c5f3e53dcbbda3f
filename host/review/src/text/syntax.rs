//! Syntax highlighting: what words are in their language. Colours are chosen by whoever shows them.

use std::ops::Range;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::segment::Class;

/// Longer lines are left plain: nobody reads them, and they take long.
const LINE_BYTES_MAX: usize = 2000;

/// Of one line, in order: bytes and what they are.
pub type LineClasses = Vec<(Range<usize>, Class)>;

/// Knows languages. Loading it takes some ten milliseconds, so it is made where nobody waits.
pub struct Highlighter {
    syntaxes: SyntaxSet,
    classes: Vec<(Scope, Class)>,
}

impl Default for Highlighter {
    fn default() -> Self {
        Self::new()
    }
}

impl Highlighter {
    /// Loads the bundled syntaxes.
    pub fn new() -> Self {
        let table = [
            ("comment", Class::Comment),
            ("string", Class::Text),
            ("constant.numeric", Class::Number),
            ("constant.language", Class::Number),
            ("constant", Class::Number),
            ("keyword.operator", Class::Keyword),
            ("keyword", Class::Keyword),
            ("storage", Class::Keyword),
            ("entity.name", Class::Name),
            ("entity.other.attribute-name", Class::Name),
            ("support", Class::Name),
            ("markup.heading", Class::Keyword),
            ("variable.function", Class::Name),
        ];
        let known = table.iter();
        let classes =
            known.filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class))).collect();
        Self { syntaxes: two_face::syntax::extra_newlines(), classes }
    }

    /// What the words of some lines are. `name` is the file's; `first` its first line.
    pub(crate) fn lines<'a>(
        &self,
        name: &str,
        first: &[u8],
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> Vec<LineClasses> {
        let Some(syntax) = self.syntax(name, first) else { return Vec::new() };
        let mut state = ParseState::new(syntax);
        let mut stack = ScopeStack::new();
        lines.map(|line| self.line(line, &mut state, &mut stack).unwrap_or_default()).collect()
    }

    fn syntax(&self, name: &str, first: &[u8]) -> Option<&SyntaxReference> {
        let extension = name.rsplit('.').next().unwrap_or(name);
        let named = self
            .syntaxes
            .find_syntax_by_extension(name)
            .or_else(|| self.syntaxes.find_syntax_by_extension(extension));
        let syntax = named.or_else(|| {
            let first = std::str::from_utf8(&first[..first.len().min(200)]).ok()?;
            self.syntaxes.find_syntax_by_first_line(first)
        })?;
        (syntax.name != "Plain Text").then_some(syntax)
    }

    /// None if the line is no text, or too long: the next one is looked at as if it had not been there.
    fn line(
        &self,
        line: &[u8],
        state: &mut ParseState,
        stack: &mut ScopeStack,
    ) -> Option<LineClasses> {
        let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= LINE_BYTES_MAX)?;
        let text = if text.ends_with('\n') { text.to_string() } else { format!("{text}\n") };
        let ops = state.parse_line(&text, &self.syntaxes).ok()?;
        let mut classes = LineClasses::new();
        let mut at = 0;
        for (next, op) in ops {
            self.push(&mut classes, at..next, stack);
            at = next;
            stack.apply(&op).ok()?;
        }
        self.push(&mut classes, at..text.len(), stack);
        Some(classes)
    }

    fn push(&self, classes: &mut LineClasses, range: Range<usize>, stack: &ScopeStack) {
        if range.is_empty() {
            return;
        }
        let class =
            stack.as_slice().iter().rev().find_map(|scope| {
                self.classes.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope))
            });
        if let Some((_, class)) = class {
            classes.push((range, *class));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_their_language() {
        let highlighter = Highlighter::new();
        let lines = [&b"fn main() { // why\n"[..], b"    let n = 12; \"x\"\n"];
        let told = highlighter.lines("main.rs", lines[0], lines.into_iter());
        let has = |line: usize, text: &str, class: Class| {
            let source = std::str::from_utf8(lines[line]).unwrap();
            told[line].iter().any(|(range, c)| *c == class && source[range.clone()].contains(text))
        };
        assert!(
            has(0, "fn", Class::Keyword)
                && has(0, "main", Class::Name)
                && has(0, "why", Class::Comment)
        );
        assert!(
            has(1, "let", Class::Keyword)
                && has(1, "12", Class::Number)
                && has(1, "x", Class::Text)
        );
        for name in ["a.ts", "Cargo.toml", "x.py", "Makefile", "a.go", "Dockerfile"] {
            assert!(highlighter.syntax(name, b"").is_some(), "{name}");
        }
        assert!(highlighter.lines("notes", b"hello", [&b"hello"[..]].into_iter()).is_empty());
        assert!(
            !highlighter.lines("run", b"#!/bin/sh\n", [&b"exit 1\n"[..]].into_iter()).is_empty()
        );
    }
}
