//! A byte stream to a host's sshd by the proxy: gRPC ProxySSH (protocol H3).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::error::ConnectError;
use crate::connect::grpc::connection::Usage;
use crate::connect::grpc::frames::{self, FrameStream};
use crate::connect::route::cluster::Cluster;
use crate::connect::route::connector::Connector;
use crate::connect::tls::credential::ClientCredential;

use super::target::SshTarget;

/// The stream. Shutting it down ends our half; the other half ends when the host is done.
pub struct ProxySshStream(FrameStream);

impl Connector {
    /// Connects to `target` as `credential`, a role certificate. `host_cas` (PEM) verify the proxy.
    ///
    /// # Errors
    /// [`HostError`](crate::connect::HostError), [`Refusal::Locked`](crate::connect::Refusal), or what went wrong
    /// on the way to the proxy.
    pub async fn proxy_ssh(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
        target: &SshTarget,
    ) -> Result<ProxySshStream, ConnectError> {
        let transport = self.transport(cluster, host_cas, credential, Usage::FEW).await?;
        let (outgoing, payloads) = frames::payloads();
        let (current, incoming) = transport.dial(target, payloads).await?;
        Ok(ProxySshStream(FrameStream::new(outgoing, incoming, current, transport.into_connection())))
    }
}

impl AsyncRead for ProxySshStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for ProxySshStream {
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

impl std::fmt::Debug for ProxySshStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxySshStream")
    }
}
