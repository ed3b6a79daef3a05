//! How much the clients of the sockets may take: every limit there is, and nowhere else.
//!
//! Who may connect may also be hostile: a build, or a user that only reads. So what there is of anything is shared by
//! [`Stock`]'s rule among the sockets (one for each lease), and what a client can hold up is held up for its own socket.

use std::time::Duration;

use super::quota::Stock;

/// How long a client may take from the first byte to its whole request.
pub(super) const REQUEST: Duration = Duration::from_secs(10);
/// How long a request may wait for a thread that takes the client's descriptor.
pub(super) const HELD_UP: Duration = Duration::from_secs(5);
/// How long ssh is kept waiting for the line that says why it is cut.
pub(super) const TELLING: Duration = Duration::from_secs(1);
/// How long the end of a socket may take until its caller goes on without it.
pub(super) const ENDING: Duration = Duration::from_secs(2);
/// Rest after a failure to accept (out of descriptors), or when nobody further can be refused.
pub(super) const REST: Duration = Duration::from_millis(100);
/// How long a thread stays without work.
pub(super) const IDLE_THREAD: Duration = Duration::from_secs(2);

/// Connections of all sockets, from `accept` until they are closed, whether they have said what they want or not.
const SESSIONS: Stock = Stock { each: 4, kept: 1024, common: 3072 };
/// Descriptors of a session: its socket, and ssh's standard error.
const DESCRIPTORS: u64 = 2;
/// Descriptors that sessions never take: for the identity's store, the network, and in a JVM for Jenkins. Half of all
/// where there are few.
const RESERVE: u64 = 512;
/// Of one socket, a user may hold this many times what is left for the other users.
pub(super) const USER: usize = 3;

/// Sessions with a wide window (512 KiB of what a host sent wait for ssh to read); all others have 64 KiB.
pub(super) const WIDE: Stock = Stock { each: 2, kept: 64, common: 96 };
/// Of what a host sent, this much waits in the socket. The kernel counts its own overhead too.
pub(super) const SOCKET_BUFFER: usize = 64 << 10;

/// Threads on which clients' descriptors are touched.
pub(super) const THREADS: Stock = Stock { each: 1, kept: 16, common: 16 };
/// Per socket, clients that were refused and whose connection couldn't be closed at once: half of it, see [`Stock`].
pub(super) const REFUSED: Stock = Stock { each: 0, kept: 0, common: 128 };

/// What there is of sessions in a process that may open so many files.
pub(super) fn sessions(descriptors: u64) -> Stock {
    let usable = descriptors.saturating_sub(RESERVE.min(descriptors / 2)) / DESCRIPTORS;
    let most = SESSIONS.kept + SESSIONS.common;
    let all = usize::try_from(usable).unwrap_or(most).min(most);
    let kept = all / 4;
    Stock { each: SESSIONS.each, kept, common: all - kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_keeps_descriptors_for_itself() {
        assert_eq!(sessions(u64::MAX), SESSIONS);
        assert_eq!(sessions(1 << 20), SESSIONS);
        for descriptors in [64, 256, 1024, 4096, 8192] {
            let Stock { kept, common, .. } = sessions(descriptors);
            let taken = DESCRIPTORS * u64::try_from(kept + common).unwrap();
            assert!(taken > 0 && descriptors - taken >= RESERVE.min(descriptors / 2), "{descriptors}");
        }
    }
}
