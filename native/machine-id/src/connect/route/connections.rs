//! TLS connections along the route of a cluster (protocol D1 and H3).

use crate::connect::error::{ConnectError, Refusal, TransportError};
use crate::connect::grpc::connection::{GrpcConnection, Usage};
use crate::connect::grpc::frames;
use crate::connect::net::address::Address;
use crate::connect::net::dial;
use crate::connect::net::stream::Pipe;
use crate::connect::net::upgrade;
use crate::connect::tls::credential::ClientCredential;
use crate::connect::tls::handshake::{self, TlsRequest};
use crate::connect::tls::names;
use crate::connect::tls::trust::Trust;
use crate::strain::Asked;

use super::cluster::{Cluster, Route};
use super::connector::Connector;
use super::facts::ProxyFacts;

impl Connector {
    /// Sees whether somebody listens at the configured address; says nothing there.
    ///
    /// # Errors
    /// Why nobody does, or that the environment's proxy settings can't be used.
    pub async fn knock(&self) -> Result<(), ConnectError> {
        self.dial(self.address()).await.map(drop)
    }

    /// A byte stream to `address`.
    pub(in crate::connect) async fn dial(&self, address: &Address) -> Result<Pipe, ConnectError> {
        dial::dial(address, self.environment()).await
    }

    /// TLS on `stream`, verified as `trust` says.
    pub(in crate::connect) async fn secure(
        &self,
        stream: Pipe,
        address: &Address,
        server_name: &str,
        alpn: Vec<Vec<u8>>,
        trust: Option<&Trust>,
        credential: Option<&ClientCredential>,
    ) -> Result<Pipe, ConnectError> {
        let request =
            TlsRequest { address: address.to_string(), server_name, alpn, trust, credential, clock: self.clock() };
        Ok(Box::new(handshake::handshake(request, stream).await?))
    }

    /// HTTPS to the proxy's web port, by the web's authorities.
    pub(in crate::connect) async fn web(&self, address: &Address) -> Result<Pipe, ConnectError> {
        self.https(address, &self.web_trust().await?).await
    }

    /// HTTPS to `address`, by the authorities of `trust`.
    pub(in crate::connect) async fn https(&self, address: &Address, trust: &Trust) -> Result<Pipe, ConnectError> {
        let stream = self.dial(address).await?;
        self.secure(stream, address, &address.host, vec![names::HTTP1.to_vec()], Some(trust), None).await
    }

    /// A byte stream to where the proxy tells protocols apart: its web port, behind a balancer's TLS if need be.
    pub(in crate::connect) async fn to_proxy(&self, cluster: &Cluster) -> Result<(Pipe, Address), ConnectError> {
        let Route::Proxy(facts) = &cluster.route else {
            let what =
                "an SSH connection through the cluster needs a proxy's address, and an auth server is configured";
            return Err(Refusal::Unsupported { what: what.to_owned() }.into());
        };
        if facts.upgrade || facts.tls_routing {
            return self.to_web_port(facts).await;
        }
        let web = &facts.web;
        match self.dial(&facts.ssh).await {
            Ok(stream) => Ok((stream, facts.ssh.clone())),
            // The web port serves the same protocols in separate mode too (H3).
            Err(error) if error.is_unreachable() && facts.ssh != *web => self.to_web_port(facts).await,
            Err(error) => Err(error),
        }
    }

    /// A byte stream to the proxy's web port, behind a balancer's TLS if need be.
    pub(in crate::connect) async fn to_web_port(&self, facts: &ProxyFacts) -> Result<(Pipe, Address), ConnectError> {
        let web = facts.web.clone();
        if facts.upgrade {
            let stream = self.web(&web).await?;
            return Ok((upgrade::request(stream, &web).await?, web));
        }
        Ok((self.dial(&web).await?, web))
    }

    /// TLS to the auth server of `cluster`, with `protocol` spoken inside. Without `trust` nothing is verified.
    pub(in crate::connect) async fn to_auth(
        &self,
        cluster: &Cluster,
        protocol: &[u8],
        trust: Option<&Trust>,
        credential: Option<&ClientCredential>,
    ) -> Result<(Pipe, Address), ConnectError> {
        let name = names::auth_server_name(&cluster.name);
        let (stream, address, alpn) = match &cluster.route {
            Route::Auth(route) => (self.dial(&route.address).await?, route.address.clone(), vec![protocol.to_vec()]),
            // The web port tells protocols apart with separate ports too, and without the transport service, or without
            // a certificate, there is no other way.
            Route::Proxy(facts)
                if facts.tls_routing
                    || !cluster.server_version.has_transport_service()
                    || trust.is_none()
                    || credential.is_none() =>
            {
                let (stream, address) = self.to_web_port(facts).await?;
                (stream, address, vec![names::auth_protocol(&cluster.name), protocol.to_vec()])
            }
            Route::Proxy(_) => {
                let (stream, address) = self.through_proxy_cluster(cluster, trust, credential).await?;
                (stream, address, vec![protocol.to_vec()])
            }
        };
        Ok((self.secure(stream, &address, &name, alpn, trust, credential).await?, address))
    }

    /// gRPC to the auth server.
    pub(in crate::connect) async fn grpc_to_auth(
        &self,
        cluster: &Cluster,
        trust: Option<&Trust>,
        credential: Option<&ClientCredential>,
    ) -> Result<GrpcConnection, ConnectError> {
        let since = self.clock().monotonic();
        let connect = async {
            let (stream, address) = self.to_auth(cluster, names::HTTP2, trust, credential).await?;
            GrpcConnection::start(stream, &address.to_string(), &names::auth_server_name(&cluster.name)).await
        };
        let connected = connect.await;
        match &connected {
            Ok(_) => self.answered(Asked::Connection, since),
            Err(ConnectError::Transport(TransportError::TimedOut { .. })) => self.exhausted(),
            Err(_) => {}
        }
        connected
    }

    /// gRPC to the services of the proxy's web port that need no certificate, by the web's authorities.
    pub(in crate::connect) async fn grpc_to_web(&self, facts: &ProxyFacts) -> Result<GrpcConnection, ConnectError> {
        let trust = self.web_trust().await?;
        let (stream, address) = self.to_web_port(facts).await?;
        let alpn = vec![names::PROXY_GRPC.to_vec(), names::HTTP2.to_vec()];
        let stream = self.secure(stream, &address, &address.host, alpn, Some(&trust), None).await?;
        GrpcConnection::start(stream, &address.to_string(), &address.to_string()).await
    }

    /// gRPC to the proxy's transport service, with a client certificate.
    pub(in crate::connect) async fn grpc_to_proxy(
        &self,
        cluster: &Cluster,
        trust: &Trust,
        credential: &ClientCredential,
        usage: Usage,
    ) -> Result<GrpcConnection, ConnectError> {
        let (stream, address) = self.to_proxy(cluster).await?;
        let alpn = vec![names::PROXY_SSH_GRPC.to_vec(), names::HTTP2.to_vec()];
        let stream = self.secure(stream, &address, names::API_DOMAIN, alpn, Some(trust), Some(credential)).await?;
        GrpcConnection::start_for(usage, stream, &address.to_string(), names::API_DOMAIN).await
    }

    async fn through_proxy_cluster(
        &self,
        cluster: &Cluster,
        trust: Option<&Trust>,
        credential: Option<&ClientCredential>,
    ) -> Result<(Pipe, Address), ConnectError> {
        let (Some(trust), Some(credential)) = (trust, credential) else {
            let what = "asking the auth server over gRPC to the proxy without a certificate";
            return Err(Refusal::Unsupported { what: what.to_owned() }.into());
        };
        let connection = self.grpc_to_proxy(cluster, trust, credential, Usage::FEW).await?;
        let stream = frames::proxy_cluster(&connection, &cluster.name).await?;
        let address = cluster.proxy().map_or_else(|| Address::new("", 0), |facts| facts.ssh.clone());
        Ok((Box::new(stream), address))
    }
}
