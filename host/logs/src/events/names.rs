//! Interned names. A `HashMap` alone is slower here: every line names an agent, a run has few of them, and
//! consecutive lines usually name the same one.

use std::collections::HashMap;
use std::sync::Arc;

/// Maximum number of names; further ones share the last index.
const NAMES_MAX: usize = 60_000;
const NAME_CHARS_MAX: usize = 200;

/// Number of names up to which comparing each is faster than hashing.
const LINEAR_SEARCH_MAX: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Names {
    indices: HashMap<Arc<str>, u16>,
    pub(super) list: Vec<Arc<str>>,
    /// Index of the previous lookup.
    previous: u16,
}

impl Names {
    /// Returns the index of a name, adding it if it is new.
    pub(super) fn index(&mut self, name: &str) -> u16 {
        if self.list.get(usize::from(self.previous)).is_some_and(|known| **known == *name) {
            return self.previous;
        }
        self.previous = self.find_or_add(name);
        self.previous
    }

    fn find_or_add(&mut self, name: &str) -> u16 {
        let known = match self.list.len() {
            0..=LINEAR_SEARCH_MAX => {
                self.list.iter().position(|known| **known == *name).map(|at| at as u16)
            }
            _ => self.indices.get(name).copied(),
        };
        if let Some(index) = known {
            return index;
        }
        if self.list.len() >= NAMES_MAX {
            return (NAMES_MAX - 1) as u16;
        }
        let short: Arc<str> = match name.char_indices().nth(NAME_CHARS_MAX) {
            Some((at, _)) => name[..at].into(),
            None => name.into(),
        };
        if let Some(index) = self.indices.get(&short) {
            return *index;
        }
        let index = self.list.len() as u16;
        self.list.push(short.clone());
        self.indices.insert(short, index);
        index
    }
}
