//! SSH through the cluster.

mod dial;
mod pump;
mod stdio;
mod subsystem;
mod target;
mod way;

pub use dial::dial;
pub use pump::pump;
pub use stdio::{Input, Output, stdio};
pub use subsystem::subsystem_arguments;
pub use target::{Destination, TargetError, resolve};
pub use way::Way;
