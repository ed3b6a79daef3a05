//! Standard input and output as ssh gives them to a ProxyCommand: pipes or a socket, read without threads.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;

use nix::sys::stat::{SFlag, fstat};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

/// Where the bytes of ssh come from.
pub(crate) type Input = Box<dyn AsyncRead + Send + Unpin>;
/// Where ssh takes bytes from.
pub(crate) type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Standard input and output. Needs a runtime.
pub(crate) fn stdio() -> io::Result<(Input, Output)> {
    let (from, to) = (std::io::stdin().as_fd().try_clone_to_owned()?, std::io::stdout().as_fd().try_clone_to_owned()?);
    let input: Input = match kind(&from)? {
        SFlag::S_IFIFO => Box::new(pipe::Receiver::from_owned_fd(from)?),
        SFlag::S_IFSOCK => Box::new(socket(from)?),
        _ => Box::new(tokio::io::stdin()),
    };
    let output: Output = match kind(&to)? {
        SFlag::S_IFIFO => Box::new(pipe::Sender::from_owned_fd(to)?),
        SFlag::S_IFSOCK => Box::new(socket(to)?),
        _ => Box::new(tokio::io::stdout()),
    };
    Ok((input, output))
}

fn kind(fd: &OwnedFd) -> io::Result<SFlag> {
    Ok(SFlag::from_bits_truncate(fstat(fd)?.st_mode & SFlag::S_IFMT.bits()))
}

fn socket(fd: OwnedFd) -> io::Result<UnixStream> {
    let stream = StdUnixStream::from(fd);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}
