//! What the program finds before a command runs: environment, configuration, credentials, installed
//! plugins and `plugins.lock`.

pub mod config;
pub mod credentials;
pub mod environment;
pub mod plugins_lock;
pub mod providers;
