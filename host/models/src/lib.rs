//! Models and the words for talking to them: ids, selectors, the catalogue, and the vocabulary of an
//! exchange. Pure: nothing here opens a file, a socket or the environment.

pub mod event;
pub mod failure;
pub mod provider;
pub mod request;
