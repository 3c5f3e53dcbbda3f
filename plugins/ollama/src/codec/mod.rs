//! Ollama's protocol as pure functions: request to bytes, lines to events.

pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;
pub mod window;
