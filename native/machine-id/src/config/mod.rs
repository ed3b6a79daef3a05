//! What to do: configuration as checked types. Parsing only; nothing here opens a file or a socket.
//!
//! Two texts lead here: the JSON of the library ([`EngineConfig::from_json`], [`AcquireRequest::from_json`],
//! [`DiscardRequest::from_json`]) and tbot's YAML ([`TbotConfig::from_yaml`]). Each becomes a [`tree`] first, so that both are read by the same code,
//! whole, and every fault is reported in one go.

mod address;
mod discard;
mod document;
mod duration;
mod fault;
mod join;
mod join_uri;
mod json;
mod kubernetes;
mod model;
mod nearest;
mod request;
mod ssh_path;
mod tbot;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use address::parse_address;
pub use discard::DiscardRequest;
pub use fault::{ConfigError, ConfigFault};
pub use kubernetes::{ContextName, KubeClusters, KubeSelector, KubernetesOutput};
pub use model::*;
pub use request::{AcquireRequest, Scope};
pub use ssh_path::not_for_ssh_config;
