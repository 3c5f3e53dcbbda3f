//! Names that every line repeats, kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// More names than this are no names: what comes after them shares the last place.
const NAMES_MAX: usize = 60_000;
const NAME_CHARS_MAX: usize = 200;
const FEW: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Names {
    places: HashMap<Arc<str>, u16>,
    pub(super) list: Vec<Arc<str>>,
    /// The name that was asked for last: lines of one agent come in rows.
    last: u16,
}

impl Names {
    /// The place of a name, made if it is new.
    pub(super) fn place(&mut self, name: &str) -> u16 {
        if self.list.get(usize::from(self.last)).is_some_and(|last| **last == *name) {
            return self.last;
        }
        self.last = self.find(name);
        self.last
    }

    fn find(&mut self, name: &str) -> u16 {
        let known = match self.list.len() {
            // Few names are found faster by looking at each.
            0..=FEW => self.list.iter().position(|known| **known == *name).map(|at| at as u16),
            _ => self.places.get(name).copied(),
        };
        if let Some(place) = known {
            return place;
        }
        if self.list.len() >= NAMES_MAX {
            return (NAMES_MAX - 1) as u16;
        }
        let short: Arc<str> = match name.char_indices().nth(NAME_CHARS_MAX) {
            Some((at, _)) => name[..at].into(),
            None => name.into(),
        };
        if let Some(place) = self.places.get(&short) {
            return *place;
        }
        let place = self.list.len() as u16;
        self.list.push(short.clone());
        self.places.insert(short, place);
        place
    }
}
