//! Configuration: which values there are, where each came from, and which of them a repository may
//! set. Layers: flag > environment > project's file > user's file > default.

pub mod default;
pub mod edit;
pub mod file;
pub mod layers;
pub mod price;
pub mod setting;

pub use layers::Config;
