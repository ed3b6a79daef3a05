//! Whether a tunnel could begin somewhere, found out before anything is sent that works only once.

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpSocket;

use super::listener::{look, no_port, no_socket, parts};
use crate::config::Listen;
use crate::destination::{DestinationError, Fitness};
use crate::error::Error;

/// Looks at the port, or at the socket's directory and what stands under its name; makes and changes nothing, and nobody
/// can connect. `served`: where this process itself listens, and lets go before it opens the tunnel.
///
/// # Errors
/// What [`super::Listener::open`] would fail for, as far as it can be known.
pub fn could_listen(listen: &Listen, served: &[Listen]) -> Result<(), Error> {
    let ours = served.iter().any(|other| other.clashes(listen));
    match listen {
        Listen::Tcp(_) if ours => Ok(()),
        Listen::Tcp(address) => tcp(*address),
        Listen::Unix(path) => unix(path, ours),
    }
}

/// A port that is bound and not listened at is refused where somebody listens, and nobody gets through to it.
fn tcp(address: SocketAddr) -> Result<(), Error> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let bound = socket.and_then(|socket| {
        // As the listener itself: connections of before that are still ending are no obstacle.
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    });
    bound.map_err(|error| no_port(address, &error))
}

fn unix(path: &Path, ours: bool) -> Result<(), Error> {
    let (directory, name) = parts(path)?;
    match Fitness::of_name(&directory, name) {
        Ok(_) => {}
        Err(DestinationError::Name { reason, .. }) => {
            return Err(no_socket(path, &reason, "take another name"));
        }
        Err(other) => return Err(other.into()),
    }
    if ours { Ok(()) } else { look(path) }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::destination::tests::{put, scratch};
    use crate::error::Code;

    #[track_caller]
    fn refused(listen: &Listen, code: Code, words: &str) {
        let error = could_listen(listen, &[]).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn a_port_is_free_taken_or_of_another_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = Listen::Tcp(listener.local_addr().unwrap());
        refused(&taken, Code::DestinationDenied, "ss -ltnp");
        could_listen(&taken, std::slice::from_ref(&taken)).unwrap();
        drop(listener);
        could_listen(&taken, &[]).unwrap();
        could_listen(&Listen::Tcp("127.0.0.1:0".parse().unwrap()), &[]).unwrap();
        refused(&Listen::Tcp("192.0.2.1:0".parse().unwrap()), Code::DestinationDenied, "an address of this machine");
        let low = no_port(([127, 0, 0, 1], 80).into(), &std::io::ErrorKind::PermissionDenied.into());
        assert!(low.to_string().contains("CAP_NET_BIND_SERVICE"), "{low}");
    }

    #[test]
    fn a_socket_has_a_safe_directory_and_takes_the_place_of_its_like_only() {
        let scratch = scratch();
        let root = scratch.path().canonicalize().unwrap();
        let socket = |name: &str| Listen::Unix(root.join(name));
        // Nothing is made.
        could_listen(&socket("run/deep/s"), &[]).unwrap();
        assert!(!root.join("run").exists());

        std::fs::create_dir(root.join("open")).unwrap();
        put(&root.join("open/README"), "of the team");
        std::fs::set_permissions(root.join("open"), std::fs::Permissions::from_mode(0o777)).unwrap();
        refused(&socket("open/s"), Code::DestinationUnsafe, "0777");
        refused(&socket("open/README/s"), Code::DestinationUnsafe, "");

        std::fs::create_dir(root.join("run")).unwrap();
        std::fs::set_permissions(root.join("run"), std::fs::Permissions::from_mode(0o700)).unwrap();
        put(&root.join("run/file"), "somebody's");
        refused(&socket("run/file"), Code::DestinationDenied, "no socket of this user");
        std::os::unix::fs::symlink("file", root.join("run/link")).unwrap();
        refused(&socket("run/link"), Code::DestinationDenied, "no socket of this user");
        refused(&socket("run/.lock"), Code::DestinationDenied, "the name is reserved");

        std::os::unix::fs::symlink("run", root.join("linked")).unwrap();
        could_listen(&socket("linked/s"), &[]).unwrap();

        let listener = UnixListener::bind(root.join("run/s")).unwrap();
        refused(&socket("run/s"), Code::DestinationDenied, "another process serves it");
        could_listen(&socket("run/s"), &[socket("run/s")]).unwrap();
        drop(listener);
        could_listen(&socket("run/s"), &[]).unwrap();
        assert!(root.join("run/s").exists(), "looking has taken it away");
    }
}
