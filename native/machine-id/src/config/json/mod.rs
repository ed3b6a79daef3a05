//! The JSON of the library, as `contract/README.md` describes it.

mod acquire;
mod discard;
mod document;
mod engine;
mod tunnels;
