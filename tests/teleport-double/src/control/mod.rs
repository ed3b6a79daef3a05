//! The double as tests see it: building it, its state, faults and counters.

mod builder;
mod clock;
mod core;
mod counters;
mod double;
mod fault;
mod inventory;
mod joins;
mod lock;
mod proof;
mod resource;
mod role;
mod settings;
mod state;
mod token;

pub use builder::Builder;
pub use counters::Snapshot;
pub use double::Double;
pub use fault::{CertificateFault, Fault, Faults, Point, Times};
pub use proof::{
    AzureOptions, BoundKeypair, BoundKeypairOptions, GaveUp, Heartbeat, IamOptions, RecoveryMode, attested_document,
};
pub use role::Role;
pub use token::{SignedOptions, TokenOptions};

pub(crate) use core::Core;
pub(crate) use lock::{LockTarget, lock_message};
pub(crate) use resource::{App, Database, Kube, Node};
pub(crate) use settings::Settings;
pub(crate) use state::{Bot, State};
pub(crate) use token::{Expected, Method, Token};

/// A random UUID, version 4.
pub(crate) fn uuid() -> String {
    let bits = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}
