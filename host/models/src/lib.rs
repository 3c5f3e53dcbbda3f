//! Models and the words for talking to them: ids, selectors, the catalogue, prices, and the vocabulary of
//! an exchange. Pure: nothing here opens a file, a socket or the environment.

pub mod catalog;
pub mod choice;
pub mod dotenv;
pub mod event;
pub mod failure;
pub mod key;
pub mod model_id;
pub mod price;
pub mod provider;
pub mod provider_profile;
pub mod request;
pub mod selector;
pub mod suggest;
