//! Where a tunnel begins: a TCP port, or a Unix socket in a directory of ours.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::config::{DirectoryConfig, Listen, SymlinkMode};
use crate::destination::{Destination, SocketName};
use crate::error::{Code, Error};

/// Where a tunnel can be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begins {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// A listener that nobody serves yet.
#[derive(Debug)]
pub struct Listener {
    pub(super) begins: Begins,
    pub(super) inner: Inner,
}

#[derive(Debug)]
pub(super) enum Inner {
    Tcp(std::net::TcpListener),
    Unix {
        listener: UnixListener,
        name: SocketName,
        /// Users that may connect.
        users: Vec<u32>,
    },
}

impl Listener {
    /// Opens what `listen` says. Blocks.
    ///
    /// # Errors
    /// When the port is taken, the directory isn't ours alone, or what stands under the name is no socket of ours.
    pub fn open(listen: &Listen) -> Result<Self, Error> {
        match listen {
            Listen::Tcp(address) => tcp(*address, |error| no_port(*address, &error)),
            Listen::Unix(path) => unix(path),
        }
    }

    /// A port of 127.0.0.1 that clients of a block know already, so that no other one will do; 0: any one. Blocks.
    ///
    /// # Errors
    /// When it is taken, or can't be had otherwise.
    pub fn of_clients(port: u16) -> Result<Self, Error> {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => cannot(&format_args!("tcp://{address}"), &error, taken_from_clients(port)),
            _ => no_port(address, &error),
        };
        tcp(address, failed)
    }

    /// Where it can be connected to.
    #[must_use]
    pub const fn begins(&self) -> &Begins {
        &self.begins
    }

    /// A socket that `destination` guards, for its readers too.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn in_destination(destination: &Destination, name: &str) -> Result<Self, Error> {
        let (listener, socket) = destination.listen(name)?;
        let mut users = destination.readers().to_vec();
        users.push(nix::unistd::geteuid().as_raw());
        let begins = Begins::Unix(destination.path().join(name));
        Ok(Self { begins, inner: Inner::Unix { listener, name: socket, users } })
    }
}

fn cannot(listen: &dyn fmt::Display, why: &dyn fmt::Display, hint: impl Into<String>) -> Error {
    Error::new(Code::DestinationDenied, format!("cannot listen on {listen}: {why}"), hint)
}

/// Why a port can't be had.
pub(super) fn no_port(address: SocketAddr, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "see who listens there with `ss -ltnp 'sport = :{}'`, and take another port, or 0 for any free one",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need root or CAP_NET_BIND_SERVICE (in a unit of systemd AmbientCapabilities=CAP_NET_BIND_SERVICE); \
             or take a higher one"
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "take an address of this machine, such as 127.0.0.1".to_owned(),
        _ => "take another port, or 0 for any free one".to_owned(),
    };
    cannot(&format_args!("tcp://{address}"), error, hint)
}

fn taken_from_clients(port: u16) -> String {
    format!(
        "another program has the port that the block's clients know: end it (`ss -ltnp 'sport = :{port}'` shows it), or run the \
         build again; sockets (without tcpPorts) can't be taken by others"
    )
}

fn tcp(address: SocketAddr, failed: impl Fn(io::Error) -> Error) -> Result<Listener, Error> {
    let listener = std::net::TcpListener::bind(address).map_err(&failed)?;
    listener.set_nonblocking(true).map_err(&failed)?;
    let begins = Begins::Tcp(listener.local_addr().map_err(&failed)?);
    Ok(Listener { begins, inner: Inner::Tcp(listener) })
}

fn unix(path: &Path) -> Result<Listener, Error> {
    let (directory, name) = parts(path)?;
    look(path)?;
    let destination = Destination::create_or_open(&directory)?;
    Listener::in_destination(&destination, name)
}

/// The directory of a socket, and its name there. There is no key to allow links by, and systems have them on the way to
/// sockets (`/var/run`): those of root's and ours are followed.
pub(super) fn parts(path: &Path) -> Result<(DirectoryConfig, &str), Error> {
    match (path.parent(), path.file_name().and_then(|name| name.to_str())) {
        (Some(directory), Some(name)) => {
            let private = DirectoryConfig::private(directory.to_owned());
            Ok((DirectoryConfig { symlinks: SymlinkMode::Insecure, ..private }, name))
        }
        _ => Err(no_socket(path, &"it has no name", "write unix:///DIRECTORY/NAME")),
    }
}

/// Why there can't be a socket.
pub(super) fn no_socket(path: &Path, why: &dyn fmt::Display, hint: &str) -> Error {
    cannot(&format_args!("unix://{}", path.display()), why, hint)
}

/// Refuses to take the place of anything but a socket of ours that nobody serves any more.
pub(super) fn look(path: &Path) -> Result<(), Error> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        // What is wrong with the directory says who opens it.
        Err(_) => return Ok(()),
    };
    if !found.file_type().is_socket() || found.uid() != nix::unistd::geteuid().as_raw() {
        let why = "something stands there that is no socket of this user";
        return Err(no_socket(path, &why, "take another name, or remove it"));
    }
    // A longer path than a socket's address has room for isn't asked.
    match UnixStream::connect(path) {
        Ok(_) => Err(no_socket(path, &"another process serves it", "end that, or take another name")),
        Err(_) => Ok(()),
    }
}
