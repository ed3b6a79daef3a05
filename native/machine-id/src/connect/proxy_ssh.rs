//! A byte stream to a host's sshd by the proxy: gRPC ProxySSH (protocol H3).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use hyper::body::Bytes;
use teleport_api::transport::transport_service_client::TransportServiceClient;
use teleport_api::transport::{ProxySshRequest, ProxySshResponse, TargetHost, proxy_ssh_request, proxy_ssh_response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::{Code, Status};

use super::cluster::Cluster;
use super::connector::Connector;
use super::credential::ClientCredential;
use super::error::ConnectError;
use super::frames::{self, FrameStream, Incoming};
use super::grpc::{GrpcConnection, Usage};
use super::limits::quote;
use super::status::{self, Call};

pub(super) const CALL: Call<'static> = Call::named("the connection to the host");

/// A host as the proxy is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// `host:port`; port 0: whichever the node listens on.
    pub host_port: String,
    /// The cluster the host is in; mandatory.
    pub cluster: String,
}

impl SshTarget {
    /// As users write it: host, cluster, and the port where one was asked for.
    pub(super) fn shown(&self) -> String {
        match self.host_port.rsplit_once(':') {
            Some((host, "0")) => format!("{host}.{}", self.cluster),
            Some((host, port)) => format!("{host}.{}:{port}", self.cluster),
            None => self.host_port.clone(),
        }
    }
}

/// The stream. Shutting it down ends our half; the other half ends when the host is done.
pub struct ProxySshStream(FrameStream);

impl Connector {
    /// Connects to `target` as `credential`, a role certificate. `host_cas` (PEM) verify the proxy.
    ///
    /// # Errors
    /// [`ConnectError::HostUnreachable`], [`ConnectError::HostDenied`], [`ConnectError::Locked`], or what went wrong
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

/// Asks for a host, and gives what comes with the answer and what comes afterwards.
pub(super) async fn open(
    connection: &GrpcConnection,
    target: &SshTarget,
    payloads: impl Stream<Item = Bytes> + Send + 'static,
) -> Result<(Bytes, Incoming), Status> {
    let dial = TargetHost { host_port: target.host_port.clone(), cluster: target.cluster.clone() };
    let first = ProxySshRequest { dial_target: Some(dial), frame: None };
    let requests = stream::once(async move { first }).chain(payloads.map(|payload| ProxySshRequest {
        dial_target: None,
        frame: Some(proxy_ssh_request::Frame::Ssh(frames::frame(&payload))),
    }));
    let mut client = TransportServiceClient::with_origin(connection.clone(), connection.origin());
    let mut replies = client.proxy_ssh(requests).await?.into_inner();
    let connected = replies.message().await?.ok_or_else(|| Status::unavailable("the proxy ended the stream"))?;
    Ok((payload(connected), Box::pin(replies.map_ok(payload))))
}

/// Frames for a forwarded agent are for proxies that record sessions; we forward none.
fn payload(reply: ProxySshResponse) -> Bytes {
    match reply.frame {
        Some(proxy_ssh_response::Frame::Ssh(frame)) => Bytes::from(frame.payload),
        _ => Bytes::new(),
    }
}

pub(super) fn answered(target: &SshTarget, code: Code, message: &str) -> ConnectError {
    let host = target.shown();
    match code {
        Code::NotFound if message.contains("cluster") => ConnectError::TargetUnknown { message: quote(message) },
        Code::PermissionDenied if !message.contains("lock targeting") => {
            ConnectError::HostDenied { host, message: quote(message) }
        }
        Code::Unavailable | Code::NotFound | Code::InvalidArgument | Code::Unknown => {
            ConnectError::HostUnreachable { host, message: quote(message) }
        }
        _ => status::answered(CALL, code, message),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code as Stable, Fault};

    #[test]
    fn a_target_is_shown_as_users_write_it() {
        let shown =
            |host_port: &str| SshTarget { host_port: host_port.to_owned(), cluster: "example.test".to_owned() }.shown();
        assert_eq!(shown("node1:0"), "node1.example.test");
        assert_eq!(shown("node1:2222"), "node1.example.test:2222");
        assert_eq!(shown("[2001:db8::1]:0"), "[2001:db8::1].example.test");
    }

    #[test]
    fn each_refusal_of_the_proxy_has_its_own_code() {
        let target = SshTarget { host_port: "node1:0".to_owned(), cluster: "example.test".to_owned() };
        let cases = [
            (
                Code::Unavailable,
                "failed to dial target host\n\tdirect dialing to nodes not found in inventory is not supported",
                Stable::HostUnreachable,
            ),
            (Code::NotFound, "cluster \"x\" is not found", Stable::TargetUnknown),
            (Code::NotFound, "ambiguous host could match multiple nodes", Stable::HostUnreachable),
            (Code::InvalidArgument, "dial target contains an invalid hostport", Stable::HostUnreachable),
            (Code::PermissionDenied, "access denied to node1", Stable::RoleNotAllowed),
            (Code::PermissionDenied, "lock targeting User:\"bot-x\" is in force: test", Stable::BotLocked),
        ];
        for (code, message, expected) in cases {
            let error = answered(&target, code, message);
            assert_eq!(error.code(), expected, "{message}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
