//! Who holds which destination until when.
//!
//! The table is a directory, one file for each lease, so that every process of the agent sees the same leases and
//! those of a dead process can be found and cleaned. A lease's directory carries a mark with the lease's id; without
//! it nothing is ever deleted.

mod error;
mod id;
mod owner;
mod record;
mod table;

pub use error::LeaseError;
pub use id::LeaseId;
pub use owner::Owner;
pub use record::LeaseRecord;
pub use table::{Claim, LeaseTable, MARKER};

#[cfg(test)]
mod tests;
