//! Ports for servers that a test starts beside the double.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what Linux gives to those who ask for any port (`ip_local_port_range` begins at 32768): no listener and no
/// connection of another test is given one of these before its server has it.
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

/// A port of 127.0.0.1 that is free now, for a server that can't take any. No test of this process is given it again.
///
/// # Panics
/// When none is free.
#[must_use]
#[expect(clippy::expect_used, reason = "a harness of tests fails by panicking")]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests of several processes begin at several places.
    let start = std::process::id().wrapping_mul(97) % u32::from(COUNT);
    let start = u16::try_from(start).unwrap_or_default();
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port of 127.0.0.1 is free")
}
