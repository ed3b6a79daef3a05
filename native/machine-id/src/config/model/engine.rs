//! What the library is opened with, and what a `tbot.yaml` says.

use std::path::PathBuf;

use super::identity::IdentityConfig;
use super::output::OutputConfig;
use super::tunnel::TunnelConfig;

/// What a `tbot.yaml` says.
#[derive(Debug)]
pub struct TbotConfig {
    /// The bot. Its id is `default`.
    pub identity: IdentityConfig,
    /// Standing outputs.
    pub outputs: Vec<OutputConfig>,
    /// Tunnels to databases and applications.
    pub tunnels: Vec<TunnelConfig>,
    /// Stop after the first round.
    pub oneshot: bool,
    /// Things that are accepted but do nothing, to be shown once.
    pub warnings: Vec<String>,
    /// Where its paths stand, for messages about what is there.
    pub places: Places,
}

/// Where paths stand in a file: `tbot.yaml:12: outputs[0].destination.path`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The storage's; none: nothing is written about it.
    pub storage: Option<String>,
    /// The outputs', in their order.
    pub outputs: Vec<String>,
    /// Those where the tunnels listen, in their order.
    pub tunnels: Vec<String>,
    /// The CA file's.
    pub ca: Option<String>,
}

/// What the library is opened with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The engine's own directory: identities, lease table.
    pub root: PathBuf,
    /// The helper binary `machine-id`, written into `ssh_config` and kubeconfig.
    pub helper: HelperConfig,
    /// The identities that may be used.
    pub identities: Vec<IdentityConfig>,
}

/// The helper binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperConfig {
    /// Where it is.
    pub path: PathBuf,
    /// What it has to be: it is never run or handed out without having been compared.
    pub content: HelperContent,
}

/// How the helper's content is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperContent {
    /// By its SHA-256.
    Sha256([u8; 32]),
    /// It is the program that this process runs.
    ThisProcess,
}
