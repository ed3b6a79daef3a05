//! Where something listens, as tbot writes it: `tcp://127.0.0.1:5432`, `unix:///run/app/db.sock`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::value::shown;
use crate::config::model::Listen;
use crate::vocabulary::limits::SOCKET_PATH_BYTES;

const FORM: &str = "write tcp://127.0.0.1:PORT or unix:///PATH";

/// Reads an address.
pub(in crate::config) fn listen(text: &str) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix://") {
        fits(Path::new(path))?;
        return unix(path).ok_or_else(|| format!("is {}, which is no absolute path of a file; {FORM}", shown(text)));
    }
    let Some(address) = text.strip_prefix("tcp://") else { return Err(format!("is {}; {FORM}", shown(text))) };
    tcp(address).map(Listen::Tcp).ok_or_else(|| format!("is {}, which is no address with a port; {FORM}", shown(text)))
}

/// Whether a client can connect to a socket there.
pub(in crate::config) fn fits(path: &Path) -> Result<(), String> {
    let bytes = path.as_os_str().len();
    if bytes > SOCKET_PATH_BYTES {
        return Err(format!(
            "is a path of {bytes} bytes, and no client can connect to a socket whose path has more than \
             {SOCKET_PATH_BYTES}; take a shorter one"
        ));
    }
    Ok(())
}

/// Names aren't looked up: where a name leads to may change, and who can connect with it.
pub(in crate::config) fn tcp(address: &str) -> Option<SocketAddr> {
    if let Ok(address) = address.parse() {
        return Some(address);
    }
    let (host, port) = address.rsplit_once(':')?;
    let host = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        // Go's word for every address.
        "" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => return None,
    };
    Some(SocketAddr::new(host, port.parse().ok()?))
}

fn unix(path: &str) -> Option<Listen> {
    let (directory, name) = path.rsplit_once('/')?;
    let usable = path.starts_with('/') && !directory.is_empty() && !path.contains('\0');
    let parts = directory.split('/').skip(1);
    let plain = parts.chain([name]).all(|part| !part.is_empty() && part != "." && part != "..");
    (usable && plain).then(|| Listen::Unix(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_tbot_writes_them() {
        for (text, address) in [
            ("tcp://127.0.0.1:5432", "127.0.0.1:5432"),
            ("tcp://localhost:0", "127.0.0.1:0"),
            ("tcp://0.0.0.0:3306", "0.0.0.0:3306"),
            ("tcp://:3306", "0.0.0.0:3306"),
            ("tcp://[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(listen(text), Ok(Listen::Tcp(address.parse().unwrap())), "{text}");
        }
        assert_eq!(listen("unix:///run/a/db.sock"), Ok(Listen::Unix("/run/a/db.sock".into())));
        for text in [
            "",
            "127.0.0.1:5432",
            "tcp://",
            "tcp://127.0.0.1",
            "tcp://host.example.com:1",
            "tcp://127.0.0.1:70000",
            "unix://",
            "unix:///",
            "unix:///sock",
            "unix://run/sock",
            "unix:///a/../b/sock",
            "unix:///a//sock",
            "unix:///a/",
            "http://a:1",
        ] {
            assert!(listen(text).is_err(), "{text}");
        }
        let long = |bytes: usize| listen(&format!("unix:///d/{}", "s".repeat(bytes - 3)));
        assert!(long(107).is_ok() && long(108).unwrap_err().contains("a path of 108 bytes"));
    }
}
