//! The way to the SSH server that a proxy is: the only road to hosts before version 13 (protocol H2).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::error::ConnectError;
use crate::connect::net::stream::Pipe;
use crate::connect::route::cluster::Cluster;
use crate::connect::route::connector::Connector;
use crate::connect::tls::names;
use crate::connect::tls::trust::Trust;

/// The proxy's SSH server where all protocols share the web port.
const PROXY_SSH: &[u8] = b"teleport-proxy-ssh";

/// A byte stream to the proxy's SSH server.
pub struct SshServiceStream(Pipe);

impl Connector {
    /// Connects to the SSH server of a proxy with TLS routing. `host_cas` (PEM) verify the proxy; who we are is told
    /// in SSH.
    ///
    /// # Errors
    /// What went wrong on the way.
    pub async fn ssh_service(&self, cluster: &Cluster, host_cas: &[String]) -> Result<SshServiceStream, ConnectError> {
        let trust = Trust::host_cas(host_cas)?;
        let (stream, address) = self.to_proxy(cluster).await?;
        let alpn = vec![PROXY_SSH.to_vec()];
        self.secure(stream, &address, names::API_DOMAIN, alpn, Some(&trust), None).await.map(SshServiceStream)
    }
}

impl AsyncRead for SshServiceStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for SshServiceStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl std::fmt::Debug for SshServiceStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SshServiceStream")
    }
}
