//! Explains a run with a model and verifies the model's claims. The logic is a state machine without I/O
//! (`investigation`) and pure functions; only `drive` sends requests and reads files.

pub mod analysis_log;
pub mod budget;
pub mod capabilities;
pub mod count;
pub mod drive;
pub mod estimate;
pub mod evidence;
pub mod finding;
pub mod investigation;
pub mod page;
pub mod prompt;
pub mod report;
pub mod schema;
pub mod team;
pub mod tools;
pub mod write;
