//! `massgen logs analyze` with models: whole investigations, counts before them, and teams.

mod exact;
mod investigate;
mod team;
