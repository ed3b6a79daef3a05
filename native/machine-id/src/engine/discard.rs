//! Ending a lease without an engine: no identity, no join token, only the lease table.

use super::reply::Released;
use crate::blocking::{self, Lane};
use crate::clock::SharedClock;
use crate::config::{DirectoryConfig, DiscardRequest};
use crate::error::Error;
use crate::lease::{LeaseId, LeaseTable};

/// Ends a lease that no open engine has, as [`super::Engine::release`] does. Where the table has lost it, the directory
/// that is named goes if it carries the lease's mark.
///
/// # Errors
/// When the table can't be opened, or files can't be removed.
pub async fn discard(request: DiscardRequest, clock: SharedClock) -> Result<Released, Error> {
    blocking::run(Lane::Leases, move || end(&request, clock)).await?
}

fn end(request: &DiscardRequest, clock: SharedClock) -> Result<Released, Error> {
    let id = LeaseId::parse(&request.lease)?;
    let table = LeaseTable::open(&DirectoryConfig::private(request.root.clone()), clock)?;
    let ended = match &request.directory {
        Some(directory) => table.discard(&id, directory),
        None => table.release(&id),
    };
    Ok(ended?.into())
}
