//! How much the clients of the sockets for SSH may take, beside what all sockets have ([`crate::local::limits`]).
//!
//! Who may connect may also be hostile: a build, or a user that only reads. So what there is of anything is shared by
//! [`Stock`]'s rule among the sockets (one for each lease), and what a client can hold up is held up for its own socket.

use std::time::Duration;

use crate::local::limits::within;
use crate::local::quota::Stock;

/// How long a client may take from the first byte to its whole request.
pub(super) const REQUEST: Duration = Duration::from_secs(10);
/// How long a request may wait for a thread that takes the client's descriptor.
pub(super) const HELD_UP: Duration = Duration::from_secs(5);
/// How long ssh is kept waiting for the line that says why it is cut.
pub(super) const TELLING: Duration = Duration::from_secs(1);

/// Connections of all sockets, from `accept` until they are closed, whether they have said what they want or not.
const SESSIONS: Stock = Stock { each: 4, kept: 1024, common: 3072 };
/// Descriptors of a session: its socket, and ssh's standard error.
const DESCRIPTORS: u64 = 2;

/// Sessions with a wide window (512 KiB of what a host sent wait for ssh to read); all others have 64 KiB.
pub(super) const WIDE: Stock = Stock { each: 2, kept: 64, common: 96 };

/// What there is of sessions in a process that may open so many files: tunnels may take as many.
pub(super) fn sessions(descriptors: u64) -> Stock {
    within(SESSIONS, DESCRIPTORS, 2, descriptors)
}
