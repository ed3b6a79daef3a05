//! What to do: configuration as checked types. Parsing only; nothing here opens a file or a socket.
//!
//! Two texts lead here: the JSON of the library ([`EngineConfig::from_json`], [`AcquireRequest::from_json`],
//! [`DiscardRequest::from_json`]) and tbot's YAML ([`TbotConfig::from_yaml`]). Each becomes a [`read::tree`] first, so
//! that both are read by the same code, whole, and every fault is told in one go.

mod diagnostic;
mod json;
mod model;
mod read;
mod tbot;

#[cfg(test)]
mod tests;

pub use diagnostic::{ConfigError, Diagnostic};
pub use model::*;
pub(crate) use read::address::parse_address;
pub(crate) use read::duration::go_duration;
pub(crate) use read::join_uri::uri_setting;
pub use read::ssh_path::not_for_ssh_config;
pub use tbot::{OptionValue, TbotOptions};
