//! One connection to a proxy for many SSH connections to hosts.

use std::fmt;

use futures_util::stream::{Stream, StreamExt};
use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Status;

use crate::connect::error::{ConnectError, HostError, Refusal, TransportError};
use crate::connect::grpc::connection::{GrpcConnection, Usage};
use crate::connect::grpc::frames::{self, Incoming};
use crate::connect::grpc::status;
use crate::connect::limits;
use crate::connect::route::cluster::Cluster;
use crate::connect::route::connector::Connector;
use crate::connect::tls::credential::ClientCredential;
use crate::connect::tls::trust::Trust;

use super::dial::{self, CALL};
use super::target::SshTarget;

/// How much a host may send while its ssh isn't reading. That much memory a session takes that never reads; and the wider
/// it is, the faster is a session over a long way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 512 KiB.
    Wide,
    /// 64 KiB.
    Narrow,
}

impl Window {
    /// The connection's window is enough for `STREAMS` streams, so that a session that doesn't read never stops the
    /// others.
    const fn usage(self) -> Usage {
        let stream_window = match self {
            Self::Wide => 512 << 10,
            Self::Narrow => 64 << 10,
        };
        let connection_window = stream_window << SshTransport::STREAMS.ilog2();
        Usage { stream_window, connection_window, watched_when_idle: true }
    }
}

/// A connection to a proxy that carries SSH connections to hosts.
pub struct SshTransport {
    connection: GrpcConnection,
    connector: Connector,
    cluster: Cluster,
    host_cas: Vec<String>,
    credential: ClientCredential,
}

/// What comes from a host, in the frames that it travels in.
pub struct Receiving {
    incoming: Incoming,
    // Keeps the connection's task alive.
    connection: GrpcConnection,
}

impl Connector {
    /// The connection that carries SSH connections to hosts as `credential`, a role certificate. `host_cas` (PEM)
    /// verify the proxy.
    ///
    /// # Errors
    /// What went wrong on the way to the proxy.
    pub async fn ssh_transport(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
        window: Window,
    ) -> Result<SshTransport, ConnectError> {
        self.transport(cluster, host_cas, credential, window.usage()).await
    }

    pub(in crate::connect) async fn transport(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
        usage: Usage,
    ) -> Result<SshTransport, ConnectError> {
        if !cluster.server_version.has_transport_service() {
            let what =
                format!("SSH through a proxy of version {} (gRPC ProxySSH came with 13)", cluster.server_version);
            return Err(Refusal::Unsupported { what }.into());
        }
        let trust = Trust::host_cas(host_cas)?;
        let connection = self.grpc_to_proxy(cluster, &trust, credential, usage).await?;
        Ok(SshTransport {
            connection,
            connector: self.clone(),
            cluster: cluster.clone(),
            host_cas: host_cas.to_vec(),
            credential: credential.clone(),
        })
    }
}

impl SshTransport {
    /// How many streams the connection's window is enough for.
    const STREAMS: usize = 1024;
    /// Longest payload to be sent.
    pub const LONGEST: usize = frames::FRAME;

    /// Connects to a host; none when the connection to the proxy is lost, so that another one may be tried. What is
    /// sent goes in payloads of at most [`SshTransport::LONGEST`] bytes; dropping the sender ends our half.
    ///
    /// # Errors
    /// As [`Connector::proxy_ssh`].
    pub async fn open(&self, target: &SshTarget) -> Result<Option<(mpsc::Sender<Bytes>, Receiving)>, ConnectError> {
        let (outgoing, payloads) = frames::channel();
        match self.ask(target, payloads).await? {
            // What comes with the first answer is empty: it only says that the host is connected.
            Ok((_, incoming)) => Ok(Some((outgoing, Receiving { incoming, connection: self.connection.clone() }))),
            Err(_) => Ok(None),
        }
    }

    /// How many streams it may carry at once without one being able to stop another, and without one having to wait for
    /// another's end: a proxy takes as many as it says (Teleport 1,000) and lets further ones wait.
    #[must_use]
    pub fn room(&self) -> usize {
        self.connection.most_calls().min(Self::STREAMS)
    }

    /// No connection can be opened any more; those that are open may go on.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    pub(in crate::connect) fn into_connection(self) -> GrpcConnection {
        self.connection
    }

    pub(in crate::connect) async fn dial(
        &self,
        target: &SshTarget,
        payloads: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<(Bytes, Incoming), ConnectError> {
        match self.ask(target, payloads).await? {
            Ok(stream) => Ok(stream),
            Err(status) => Err(self.lost(status::explain(CALL, &self.connection, &status)).await),
        }
    }

    /// The inner error: the connection to the proxy failed before there was an answer.
    async fn ask(
        &self,
        target: &SshTarget,
        payloads: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Result<(Bytes, Incoming), Status>, ConnectError> {
        match timeout(limits::DIAL_HOST, dial::open(&self.connection, target, payloads)).await {
            Ok(Ok(stream)) => Ok(Ok(stream)),
            Ok(Err(status)) if status::is_local(&status) => Ok(Err(status)),
            Ok(Err(status)) => Err(dial::answered(target, status.code(), status.message())),
            Err(_) => Err(HostError::Unreachable {
                host: target.shown(),
                message: format!("no answer within {} s", limits::DIAL_HOST.as_secs()),
            }
            .into()),
        }
    }

    /// Why the connection to the proxy is lost.
    pub async fn why_lost(&self) -> ConnectError {
        self.lost(self.connection.failure("the connection ended")).await
    }

    /// The proxy closes the connection of a locked identity without a word; the auth server tells.
    async fn lost(&self, failure: ConnectError) -> ConnectError {
        if matches!(failure, ConnectError::Transport(TransportError::Cut { .. }))
            && let Ok(auth) = self.connector.auth(&self.cluster, &self.host_cas, &self.credential).await
            && let Err(error @ ConnectError::Refused(Refusal::Locked { .. })) = auth.ping().await
        {
            return error;
        }
        failure
    }
}

impl Receiving {
    /// Why it ended, where its end came without a reason and nobody here had asked for it.
    #[must_use]
    pub fn ended(&self) -> ConnectError {
        let reason = "the proxy or the host ended it";
        if self.connection.is_closed() {
            return self.connection.failure(reason);
        }
        let address = self.connection.address().to_owned();
        ConnectError::Transport(TransportError::Cut { address, step: "SSH", reason: reason.to_owned() })
    }

    /// The next payload from the host; none at its end.
    pub async fn next(&mut self) -> Option<Result<Bytes, ConnectError>> {
        match self.incoming.next().await? {
            Err(status) if frames::is_normal_end(&status) => None,
            Err(status) => Some(Err(status::explain(CALL, &self.connection, &status))),
            Ok(payload) => Some(Ok(payload)),
        }
    }
}

impl fmt::Debug for SshTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshTransport({})", self.connection.address())
    }
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiving({})", self.connection.address())
    }
}
