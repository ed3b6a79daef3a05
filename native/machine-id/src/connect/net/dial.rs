//! TCP to the cluster, directly or by an HTTP proxy's CONNECT: the one place where sockets are opened.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::blocking::{self, Lane};
use crate::connect::error::{ConnectError, TransportError};
use crate::connect::limits;

use super::address::Address;
use super::environment::{Environment, HttpProxy};
use super::stream::Pipe;

/// Longest head of a reply to CONNECT.
const REPLY_HEAD: usize = 8 << 10;

/// Opens a byte stream to `target`.
///
/// # Errors
/// [`TransportError::Unreachable`], [`TransportError::TimedOut`], or what is wrong with the proxy settings.
pub(crate) async fn dial(target: &Address, environment: &Environment) -> Result<Pipe, ConnectError> {
    let stream = match environment.proxy_for(target)? {
        None => tcp(target).await?,
        Some(proxy) => tunnel(target, &proxy).await?,
    };
    Ok(Box::new(stream))
}

async fn tcp(target: &Address) -> Result<TcpStream, ConnectError> {
    let unreachable =
        |reason: String| ConnectError::Transport(TransportError::Unreachable { address: target.to_string(), reason });
    let timed_out = || {
        ConnectError::Transport(TransportError::TimedOut {
            address: target.to_string(),
            step: "connect",
            after: limits::CONNECT,
        })
    };
    let addresses = timeout(limits::CONNECT, addresses(target.host.clone(), target.port))
        .await
        .map_err(|_| timed_out())?
        .map_err(|error| unreachable(format!("its name can't be resolved ({error})")))?;
    let tries = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    // A host whose first address is dead must not use up the time of the others.
    let share = (limits::CONNECT / tries).max(Duration::from_secs(1));
    let mut last = unreachable("its name has no address".to_owned());
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                keep_alive(&stream).map_err(|error| unreachable(error.to_string()))?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = unreachable(plain(&error)),
            Err(_) => last = timed_out(),
        }
    }
    Err(last)
}

/// What a name stands for; an address stands for itself, without a thread.
async fn addresses(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    #[expect(clippy::disallowed_methods, reason = "on a thread for it")]
    let lookup = move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
    blocking::run(Lane::Names, lookup).await.map_err(io::Error::other)?
}

/// "Connection refused" without the number behind it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};
    stream.set_nodelay(true)?;
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    let seconds = u32::try_from(limits::KEEPALIVE.as_secs()).unwrap_or(30);
    setsockopt(stream, sockopt::TcpKeepIdle, &seconds)?;
    setsockopt(stream, sockopt::TcpKeepInterval, &seconds)?;
    Ok(())
}

async fn tunnel(target: &Address, proxy: &HttpProxy) -> Result<TcpStream, ConnectError> {
    let stream = tcp(&proxy.address).await?;
    match timeout(limits::CONNECT, connect(stream, target, proxy)).await {
        Ok(result) => result.map_err(|error| {
            ConnectError::Transport(TransportError::Unreachable {
                address: target.to_string(),
                reason: format!("the HTTP proxy {} refuses the tunnel: {error}", proxy.address),
            })
        }),
        Err(_) => Err(TransportError::TimedOut {
            address: proxy.address.to_string(),
            step: "tunnel by the HTTP proxy",
            after: limits::CONNECT,
        }
        .into()),
    }
}

async fn connect(mut stream: TcpStream, target: &Address, proxy: &HttpProxy) -> io::Result<TcpStream> {
    let mut request = zeroize::Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some(authorization) = &proxy.authorization {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head already belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= REPLY_HEAD {
            return Err(io::Error::other("its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some(status) if status.len() == 3 && status.starts_with('2') => Ok(stream),
        _ => Err(io::Error::other(limits::quote(line))),
    }
}
