//! How long and how much we take from a peer.

use std::time::Duration;

/// TCP connect, CONNECT and each TLS handshake.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// One HTTP exchange once connected.
pub(crate) const HTTP: Duration = Duration::from_secs(30);
/// One gRPC call.
pub(crate) const CALL: Duration = Duration::from_secs(30);
/// From the start of a ProxySSH stream to its `details`; the proxy itself may dial for 30 s.
pub(crate) const DIAL_HOST: Duration = Duration::from_secs(40);
/// TCP and HTTP/2 keep-alive.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(30);
/// An HTTP body: discovery, join reply, exported CA.
pub(crate) const HTTP_BODY: usize = 1 << 20;
/// A gRPC message; lists of resources are the largest.
pub(crate) const GRPC_MESSAGE: usize = 8 << 20;
/// A file with CA certificates.
pub(crate) const CA_FILE: u64 = 1 << 20;
/// Text of a peer that is repeated in an error.
pub(crate) const QUOTE: usize = 300;

/// The beginning of a peer's text, as one line.
pub(crate) fn quote(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= QUOTE {
        return line;
    }
    let mut short: String = line.chars().take(QUOTE).collect();
    short.push('…');
    short
}
