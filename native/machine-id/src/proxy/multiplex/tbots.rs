//! What is said at the socket of tbot's service `ssh-multiplexer` (protocol H5): the request, and from then on the bytes are
//! SSH's; a refusal is a line on ssh's standard error, if that came along, and the end.

use super::wire::Request;

/// Ends a request.
const END: u8 = 0;

/// Reads `HOST:PORT|CLUSTER`; without a cluster it is `own`.
pub(super) fn parse(text: &[u8], own: &str) -> Option<Request> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.split('|');
    let (place, cluster) = (parts.next()?, parts.next());
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if parts.next().is_some() { None } else { Request::of(cluster.unwrap_or(own), host, port) }
}

/// The request at the beginning of what was read, and what follows it; none: it isn't whole yet.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == END)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// A request as a client says it: `target` as `ssh_config` has it.
pub(super) fn said(target: &str) -> Vec<u8> {
    [target.as_bytes(), &[END]].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_read_as_tbots_clients_say_them() {
        for (text, host, port, cluster) in [
            ("node1.example.test:3022|example.test", "node1.example.test", 3022, "example.test"),
            ("node1:22", "node1", 22, "own"),
            ("[2001:db8::1]:22|leaf", "2001:db8::1", 22, "leaf"),
            ("2001:db8::1:22|leaf", "2001:db8::1", 22, "leaf"),
        ] {
            let expected = Request { cluster: cluster.to_owned(), host: host.to_owned(), port };
            assert_eq!(parse(text.as_bytes(), "own"), Some(expected), "{text}");
        }
        for text in ["", "node1", "node1:|c", "node1:70000", ":22", "a:1|", "a:1|b|c", "a b:1", "a\n:1", "a:1|b c"] {
            assert_eq!(parse(text.as_bytes(), "own"), None, "{text:?}");
        }
        assert_eq!(split(b"a:1\0SSH-2.0"), Some((&b"a:1"[..], &b"SSH-2.0"[..])));
        assert_eq!(split(b"a:1"), None);
    }

    proptest! {
        #[test]
        fn no_request_panics_and_what_is_said_is_understood(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes, "own");
            if let Ok(text) = std::str::from_utf8(&bytes) && !text.contains('\0') {
                let whole = said(text);
                prop_assert_eq!(split(&whole), Some((text.as_bytes(), &b""[..])));
            }
        }
    }
}
