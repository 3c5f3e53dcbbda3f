//! Configuration: which values there are, where each came from, and which of them a repository may
//! set. Layers: flag > environment > project's file > user's file > default.

pub(crate) mod default;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod layers;
pub(crate) mod price;
pub(crate) mod setting;

pub(crate) use layers::Config;
