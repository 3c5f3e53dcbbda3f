//! The repository's own rules are in `tests/tidy.rs`.
