//! Typed calls to the auth server (protocol D3).

use std::fmt;
use std::future::Future;

use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_api::auth::{Certs, PingRequest, PingResponse, UserCertsRequest};
use tokio::time::timeout;
use tonic::{Response, Status};

use crate::connect::error::{ConnectError, Refusal, TransportError};
use crate::connect::grpc::connection::GrpcConnection;
use crate::connect::grpc::status::{self, Call};
use crate::connect::limits;
use crate::connect::route::cluster::Cluster;
use crate::connect::route::connector::Connector;
use crate::connect::tls::credential::ClientCredential;
use crate::connect::tls::trust::Trust;
use crate::strain::Asked;
use crate::version::Version;

/// A connection to the auth server as a certain identity. No call is ever repeated by itself.
pub struct AuthClient {
    pub(in crate::connect) connection: GrpcConnection,
    pub(in crate::connect) connector: Connector,
    pub(in crate::connect) cluster: Cluster,
    pub(in crate::connect) trust: Trust,
    pub(in crate::connect) credential: ClientCredential,
}

impl Connector {
    /// A connection to the auth server that is verified with `host_cas` (PEM) and presents `credential`.
    ///
    /// # Errors
    /// When the server can't be reached or recognised.
    pub async fn auth(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
    ) -> Result<AuthClient, ConnectError> {
        self.forget_kept();
        let trust = Trust::host_cas(host_cas)?;
        let connection = self.grpc_to_auth(cluster, Some(&trust), Some(credential)).await?;
        Ok(AuthClient::new(connection, self.clone(), cluster.clone(), trust, credential.clone()))
    }
}

/// What an auth server says about itself.
#[derive(Clone, Debug)]
pub struct Ping {
    /// The cluster's name.
    pub cluster_name: String,
    /// The auth server's version.
    pub server_version: Version,
    /// `host:port` of the proxy, where the cluster has one; may be empty.
    pub proxy_public_addr: String,
}

impl From<PingResponse> for Ping {
    fn from(reply: PingResponse) -> Self {
        Self {
            cluster_name: reply.cluster_name,
            server_version: Version::parse(&reply.server_version),
            proxy_public_addr: reply.proxy_public_addr,
        }
    }
}

/// Certificates as they came, and the CAs that came with them.
#[derive(Clone, Debug)]
pub struct IssuedCerts {
    /// SSH certificate line, no line feed.
    pub ssh: String,
    /// X.509 certificate, PEM.
    pub tls: String,
    /// X.509 CAs, PEM. After a join or renewal: user and host CAs; after an impersonation: the user CA only (trap 4).
    pub tls_cas: Vec<String>,
    /// SSH CA keys, one line each, no line feed; the same kinds.
    pub ssh_cas: Vec<String>,
}

impl IssuedCerts {
    /// From a gRPC reply.
    ///
    /// # Errors
    /// [`TransportError::BadReply`] when a part isn't text, or both certificates are missing.
    pub fn read(certs: Certs, call: &'static str) -> Result<Self, ConnectError> {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|_| {
                ConnectError::Transport(TransportError::BadReply {
                    call,
                    reason: "a certificate isn't text".to_owned(),
                })
            })
        };
        let line = |bytes: Vec<u8>| text(bytes).map(|text| text.trim_end().to_owned());
        let issued = Self {
            ssh: line(certs.ssh)?,
            tls: text(certs.tls)?,
            tls_cas: certs.tlsca_certs.into_iter().map(text).collect::<Result<_, _>>()?,
            ssh_cas: certs.sshca_certs.into_iter().map(line).collect::<Result<_, _>>()?,
        };
        if issued.ssh.is_empty() || issued.tls.is_empty() {
            return Err(TransportError::BadReply { call, reason: "a certificate is missing".to_owned() }.into());
        }
        Ok(issued)
    }
}

impl AuthClient {
    pub(in crate::connect) const fn new(
        connection: GrpcConnection,
        connector: Connector,
        cluster: Cluster,
        trust: Trust,
        credential: ClientCredential,
    ) -> Self {
        Self { connection, connector, cluster, trust, credential }
    }

    /// The cluster this client talks to.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Another connection on the same way, as somebody else.
    ///
    /// # Errors
    /// As [`Connector::auth`].
    pub async fn connect_as(&self, credential: &ClientCredential) -> Result<Self, ConnectError> {
        let connection = self.connector.grpc_to_auth(&self.cluster, Some(&self.trust), Some(credential)).await?;
        let (connector, cluster, trust) = (self.connector.clone(), self.cluster.clone(), self.trust.clone());
        Ok(Self::new(connection, connector, cluster, trust, credential.clone()))
    }

    pub(in crate::connect) fn service(&self) -> AuthServiceClient<GrpcConnection> {
        AuthServiceClient::with_origin(self.connection.clone(), self.connection.origin())
            .max_decoding_message_size(limits::GRPC_MESSAGE)
    }

    /// Runs a call; a bare denial is told apart from a lock by a ping, which is denied to locked identities only.
    pub(in crate::connect) async fn call<T>(
        &self,
        call: Call<'_>,
        future: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, ConnectError> {
        match self.felt(future).await {
            Some(Ok(reply)) => Ok(reply.into_inner()),
            Some(Err(status)) if status::is_bare_denial(&status) && self.is_locked().await => Err(locked()),
            Some(Err(status)) => Err(status::explain(call, &self.connection, &status)),
            None => Err(timed_out(&self.connection)),
        }
    }

    /// The answer to a call, none if there is none in time. What it takes tells how strained the cluster is.
    async fn felt<T>(
        &self,
        future: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Option<Result<Response<T>, Status>> {
        let since = self.connector.clock().monotonic();
        let answer = timeout(limits::CALL, future).await.ok();
        match &answer {
            None => self.connector.exhausted(),
            Some(Err(status)) if status::asks_to_slow_down(status) => self.connector.exhausted(),
            // A connection that is cut is no answer.
            Some(Err(_)) => {}
            Some(Ok(_)) => self.connector.answered(Asked::Call, since),
        }
        answer
    }

    async fn is_locked(&self) -> bool {
        let mut service = self.service();
        let ping = timeout(limits::CALL, service.ping(PingRequest {})).await;
        matches!(ping, Ok(Err(status)) if status::is_bare_denial(&status))
    }

    /// Who the server is. Succeeds for anybody, so it proves nothing about us but that we aren't locked.
    ///
    /// # Errors
    /// [`Refusal::Locked`], or why there is no answer.
    pub async fn ping(&self) -> Result<Ping, ConnectError> {
        let call = Call::named("a ping");
        let mut service = self.service();
        match self.felt(service.ping(PingRequest {})).await {
            Some(Ok(reply)) => Ok(reply.into_inner().into()),
            Some(Err(status)) if status::is_bare_denial(&status) => Err(locked()),
            Some(Err(status)) => Err(status::explain(call, &self.connection, &status)),
            None => Err(timed_out(&self.connection)),
        }
    }

    /// `GenerateUserCerts`: a renewal or a role certificate. Sent once.
    ///
    /// # Errors
    /// The refusal; or anything else, and then the outcome is unknown: see [`ConnectError::Refused`].
    pub async fn user_certs(&self, request: UserCertsRequest) -> Result<IssuedCerts, ConnectError> {
        let roles = request.role_requests.clone();
        let name = if request.use_role_requests { status::ISSUE } else { "the renewal" };
        let call = Call { name, roles: &roles };
        let certs = self.call(call, self.service().generate_user_certs(request)).await?;
        IssuedCerts::read(certs, name)
    }
}

impl fmt::Debug for AuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthClient({} at {})", self.cluster.name, self.connection.address())
    }
}

fn locked() -> ConnectError {
    Refusal::Locked { message: "even a ping is denied, so the bot is locked or its user was deleted".to_owned() }.into()
}

fn timed_out(connection: &GrpcConnection) -> ConnectError {
    TransportError::TimedOut { address: connection.address().to_owned(), step: "gRPC answer", after: limits::CALL }
        .into()
}

/// Runs a call on a connection without an identity.
pub(in crate::connect) async fn timed<T>(
    call: Call<'_>,
    connection: &GrpcConnection,
    future: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, ConnectError> {
    match timeout(limits::CALL, future).await {
        Ok(Ok(reply)) => Ok(reply.into_inner()),
        Ok(Err(status)) => Err(status::explain(call, connection, &status)),
        Err(_) => Err(timed_out(connection)),
    }
}
