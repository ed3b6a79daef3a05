//! The types that all texts are read into.

mod cluster;
mod directory;
mod engine;
mod identity;
mod join;
mod kubernetes;
mod output;
mod request;
mod tunnel;

pub use cluster::{AddressKind, CaPin, CaSource, ClusterConfig};
pub use directory::{AclMode, DirectoryConfig, GroupRef, Reader, SymlinkMode, UserRef};
pub use engine::{EngineConfig, HelperConfig, HelperContent, Places, TbotConfig};
pub use identity::{IdentityConfig, KeyAlgorithm};
pub use join::{JoinConfig, TokenSource};
pub(in crate::config) use kubernetes::Part;
pub use kubernetes::{ContextName, KubeClusters, KubeSelector, KubernetesOutput};
pub use output::{DatabaseFormat, IdentityOutput, MultiplexerOutput, OutputConfig, OutputKind, OutputType};
pub use request::{AcquireRequest, DiscardRequest, GivenToken, Scope};
pub use tunnel::{Leads, LeaseTunnel, Listen, TunnelConfig, TunnelKind, who_reaches};
