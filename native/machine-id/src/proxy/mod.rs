//! SSH through the cluster.

mod dial;
mod pump;
mod target;

pub use dial::dial;
pub use pump::pump;
pub use target::{Destination, TargetError, resolve};
