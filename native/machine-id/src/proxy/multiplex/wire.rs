//! What is said on the socket before the SSH connection itself.
//!
//! Server: one byte, [`HELLO`], as soon as it has accepted: it is alive. Client: the request, with its standard error as
//! descriptor in its one message that has one. Server: [`CONNECTED`], and from then on the bytes are SSH's; or
//! [`REFUSED`] and a text. The refusal may come at once, with [`HELLO`]: such a server doesn't listen any more.

use std::io::{self, Read};

/// Name of the socket in a destination.
pub const SOCKET: &str = "ssh.sock";
/// The server's first byte: the version of this protocol.
pub(super) const HELLO: u8 = 1;
/// The host is connected.
pub(super) const CONNECTED: u8 = 0;
/// It isn't; a text follows.
pub(super) const REFUSED: u8 = 1;
/// Longest request or text.
pub(super) const LONGEST: usize = 2048;

/// The host that is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The cluster it is in.
    pub(super) cluster: String,
    /// Its name, as ssh has it.
    pub(super) host: String,
    /// Its port, as ssh has it.
    pub(super) port: u16,
}

impl Request {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        text(&format!("{}\n{}\n{}", self.cluster, self.port, self.host))
    }

    /// From what follows the length.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut parts = text.split('\n');
        let (cluster, port, host) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() { None } else { Self::of(cluster, host, port) }
    }

    /// None where one of them can't be what it should.
    pub(super) fn of(cluster: &str, host: &str, port: &str) -> Option<Self> {
        let plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || c.is_whitespace());
        if !plain(cluster) || !plain(host) {
            return None;
        }
        Some(Self { cluster: cluster.to_owned(), host: host.to_owned(), port: port.parse().ok()? })
    }
}

/// A text with its length in front, cut where it is too long.
pub(super) fn text(text: &str) -> Vec<u8> {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let length = u16::try_from(bytes.len()).unwrap_or(0);
    [&length.to_be_bytes(), bytes].concat()
}

/// All that is said to a client that gets nothing.
pub(super) fn refusal(why: &str) -> Vec<u8> {
    [&[HELLO, REFUSED][..], &text(why)].concat()
}

/// Reads what [`text`] wrote.
pub(super) fn read_text(from: &mut impl Read) -> io::Result<String> {
    let mut length = [0_u8; 2];
    from.read_exact(&mut length)?;
    let length = usize::from(u16::from_be_bytes(length)).min(LONGEST);
    let mut bytes = vec![0_u8; length];
    from.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
