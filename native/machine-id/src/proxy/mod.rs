//! SSH through the cluster.

mod dial;
mod hosts;
mod labels;
pub mod multiplex;
mod pump;
mod route;
mod subsystem;
mod target;

pub use dial::dial;
pub use hosts::{HostsError, address, hosts, only};
pub use labels::Labels;
pub use pump::pump;
pub use route::ProxyRoute;
pub use subsystem::subsystem_arguments;
pub use target::{Destination, resolve};
