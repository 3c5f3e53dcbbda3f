//! Quantities that users write in flags and settings. Every flag and every setting that takes a duration uses
//! this type, so that all of them accept the same spellings.

mod duration;

pub use duration::{Duration, ParseDurationError};
