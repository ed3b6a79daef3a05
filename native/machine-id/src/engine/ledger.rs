//! What a lease has held: told to whoever asks, and kept in the lease's record, so that it survives this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::error::Error;
use crate::lease::{CertificateHistory, CertificateNote, LeaseError, LeaseId, LeaseTable};

/// The certificates of one lease.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    table: Arc<LeaseTable>,
    id: LeaseId,
    known: Arc<Mutex<CertificateHistory>>,
}

impl Ledger {
    /// `known` is what an earlier process has noted.
    pub(super) fn new(table: Arc<LeaseTable>, id: LeaseId, known: CertificateHistory) -> Self {
        Self { table, id, known: Arc::new(Mutex::new(known)) }
    }

    /// All that the lease has held.
    pub(super) fn history(&self) -> CertificateHistory {
        self.known().clone()
    }

    /// Notes what is about to be delivered, and until when it is valid; blocks. That it can't be written into the record
    /// now is no reason not to deliver: it is remembered, and written with the next one.
    ///
    /// # Errors
    /// When the lease isn't ours any more: nothing may be written into its directory then.
    pub(super) fn note(&self, expires: SystemTime, delivered: &[CertificateNote]) -> Result<(), Error> {
        let history = {
            let mut known = self.known();
            known.add(delivered);
            known.clone()
        };
        match self.table.extend(&self.id, expires, &history) {
            Ok(_) => Ok(()),
            Err(error @ LeaseError::Unknown { .. }) => Err(error.into()),
            Err(error) => {
                tracing::warn!(lease = %self.id, "its certificates are not noted in the lease table yet: {error}");
                Ok(())
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, CertificateHistory> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
