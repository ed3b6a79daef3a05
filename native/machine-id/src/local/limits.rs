//! How much clients at the sockets of a process may take, whatever the sockets are for.

use std::time::Duration;

use super::quota::Stock;

/// Rest after a failure to accept (out of descriptors), or when nobody further can be refused.
pub(crate) const REST: Duration = Duration::from_millis(100);
/// How long the end of a socket may take until its caller goes on without it.
pub(crate) const ENDING: Duration = Duration::from_secs(2);
/// How long a thread stays without work.
pub(super) const IDLE_THREAD: Duration = Duration::from_secs(2);

/// Descriptors that connections never take: for the identity's store, the network, and in a JVM for Jenkins. Half of all
/// where there are few.
const RESERVE: u64 = 512;
/// Of one socket, a user may hold this many times what is left for the other users.
pub(super) const USER: usize = 3;

/// Of what is to be sent to a client, this much waits in its socket. The kernel counts its own overhead too.
pub(crate) const SOCKET_BUFFER: usize = 64 << 10;

/// Threads on which clients' descriptors are touched.
pub(super) const THREADS: Stock = Stock { each: 1, kept: 16, common: 16 };
/// Per socket, clients that were refused and whose connection couldn't be closed at once: half of it, see [`Stock`].
pub(crate) const REFUSED: Stock = Stock { each: 0, kept: 0, common: 128 };

/// Connections of `stock`, of which each takes `each` descriptors, that a process may have which may open so many files:
/// no more than a `part`th of what is left beside the reserve.
pub(crate) fn within(stock: Stock, each: u64, part: u64, descriptors: u64) -> Stock {
    let usable = descriptors.saturating_sub(RESERVE.min(descriptors / 2)) / each / part;
    let most = stock.kept + stock.common;
    let all = usize::try_from(usable).unwrap_or(most).min(most);
    let kept = all / 4;
    Stock { each: stock.each, kept, common: all - kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_keeps_descriptors_for_itself() {
        const STOCK: Stock = Stock { each: 4, kept: 1024, common: 3072 };
        assert_eq!(within(STOCK, 2, 1, u64::MAX), STOCK);
        assert_eq!(within(STOCK, 2, 2, 1 << 20), STOCK);
        for descriptors in [64, 256, 1024, 4096, 8192] {
            let Stock { kept, common, .. } = within(STOCK, 2, 2, descriptors);
            let taken = 2 * 2 * u64::try_from(kept + common).unwrap();
            assert!(taken > 0 && descriptors - taken >= RESERVE.min(descriptors / 2), "{descriptors}");
        }
    }
}
