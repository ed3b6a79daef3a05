//! How much the clients of tunnels may take, beside what all sockets have ([`crate::local::limits`]).

use std::time::Duration;

use crate::local::limits::within;
use crate::local::quota::Stock;

/// Connections of all tunnels, from `accept` until they are closed.
const CONNECTIONS: Stock = Stock { each: 4, kept: 1024, common: 3072 };
/// Descriptors of a connection: the client's, and the one to the proxy.
const DESCRIPTORS: u64 = 2;

/// How long a connection of which one side has ended may be silent: the other one may be gone without our knowing.
pub(super) const HALF_OPEN: Duration = Duration::from_secs(300);

/// What there is of connections in a process that may open so many files: sockets for SSH may take as many.
pub(super) fn connections(descriptors: u64) -> Stock {
    within(CONNECTIONS, DESCRIPTORS, 2, descriptors)
}
