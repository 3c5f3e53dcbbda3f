//! Has a model explain a run, and checks what it says. The thinking is a state machine without I/O
//! (`investigation`) and pure functions; `drive` is the one part that asks and reads.

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
pub mod transcript;
pub mod write;
