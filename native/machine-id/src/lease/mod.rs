//! Who holds which destination until when.
//!
//! The table is a directory, one file for each lease, so that every process of the agent sees the same leases and
//! those of a dead process can be found and cleaned. A lease's directory carries a mark with the lease's id; without
//! it nothing is ever deleted.

mod certificates;
mod ended;
mod error;
mod id;
mod owner;
mod record;
mod table;

pub(crate) use certificates::CertificateKind;
pub use certificates::{CertificateHistory, CertificateNote};
pub use ended::{Ended, Fate};
pub(crate) use error::LeaseError;
pub(crate) use id::LeaseId;
pub use owner::Owner;
pub(crate) use record::LeaseRecord;
pub(crate) use table::{Claim, LeaseTable};
#[cfg(test)]
pub(crate) use table::{MARKER, file_name as record_name};

#[cfg(test)]
mod tests;

/// A record of the lease table, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub fn fuzz_record(bytes: &[u8]) {
    let Ok(id) = LeaseId::parse("0123456789abcdef0123456789abcdef") else { return };
    if let Some(record) = LeaseRecord::from_json(&id, bytes) {
        let again = LeaseRecord::from_json(&id, &record.to_json());
        assert!(again.is_some(), "what was read can't be read back");
    }
}
