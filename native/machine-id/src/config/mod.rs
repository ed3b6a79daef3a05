//! What to do: configuration as checked types. Parsing only; nothing here opens a file or a socket.
//!
//! Two texts lead here: the JSON of the library ([`json`]) and tbot's YAML ([`tbot`]). Both are read whole, and
//! every fault is reported in one go.

mod model;

pub use model::*;
