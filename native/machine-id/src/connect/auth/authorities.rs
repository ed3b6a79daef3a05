//! Asking for certificate authorities: gRPC from version 13 on, REST before (protocol D3 and J).

use teleport_api::trust::trust_service_client::TrustServiceClient;
use teleport_api::trust::{GetCertAuthoritiesRequest, GetCertAuthorityRequest};
use tonic::Code;

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::grpc::connection::GrpcConnection;
use crate::connect::grpc::status;
use crate::connect::limits;
use crate::connect::net::url::encoded;

use super::authority::{CALL, CaKind, CertAuthority};
use super::client::AuthClient;
use super::rest;

impl AuthClient {
    fn trust_service(&self) -> TrustServiceClient<GrpcConnection> {
        TrustServiceClient::with_origin(self.connection.clone(), self.connection.origin())
            .max_decoding_message_size(limits::GRPC_MESSAGE)
    }

    /// The authority of `kind` of the cluster `domain`. `None`: this cluster has no such authority, which never
    /// happens for host and user.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn authority(&self, kind: CaKind, domain: &str) -> Result<Option<CertAuthority>, ConnectError> {
        if !self.cluster.server_version.has_trust_service() {
            return self.authority_by_rest(kind, domain).await;
        }
        let request =
            GetCertAuthorityRequest { r#type: kind.as_str().to_owned(), domain: domain.to_owned(), include_key: false };
        let mut service = self.trust_service();
        let reply = self.optional(kind, service.get_cert_authority(request)).await?;
        reply.map(|message| CertAuthority::read(kind, message)).transpose()
    }

    /// All authorities of `kind`: the cluster's own and those of its leaves.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn authorities(&self, kind: CaKind) -> Result<Vec<CertAuthority>, ConnectError> {
        if !self.cluster.server_version.has_trust_service() {
            return self.authorities_by_rest(kind).await;
        }
        let request = GetCertAuthoritiesRequest { r#type: kind.as_str().to_owned(), include_key: false };
        let mut service = self.trust_service();
        let reply = self.optional(kind, service.get_cert_authorities(request)).await?;
        let messages = reply.map(|reply| reply.cert_authorities_v2).unwrap_or_default();
        messages.into_iter().map(|message| CertAuthority::read(kind, message)).collect()
    }

    async fn optional<T>(
        &self,
        kind: CaKind,
        future: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    ) -> Result<Option<T>, ConnectError> {
        let mut absent = false;
        let checked = async {
            let result = future.await;
            if let Err(status) = &result {
                absent = !status::is_local(status) && matches!(status.code(), Code::InvalidArgument | Code::NotFound);
            }
            result
        };
        match self.call(CALL, checked).await {
            Ok(reply) => Ok(Some(reply)),
            Err(_) if absent && !kind.always_there() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn authority_by_rest(&self, kind: CaKind, domain: &str) -> Result<Option<CertAuthority>, ConnectError> {
        let path = format!("/v2/authorities/{}/{}", kind.as_str(), encoded(domain).collect::<String>());
        match self.rest(&path, CALL.name).await {
            Ok(body) => rest::authority(kind, &body).map(Some),
            Err(ConnectError::Transport(TransportError::HttpFailed { status: 400 | 404, .. }))
                if !kind.always_there() =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn authorities_by_rest(&self, kind: CaKind) -> Result<Vec<CertAuthority>, ConnectError> {
        match self.rest(&format!("/v2/authorities/{}", kind.as_str()), CALL.name).await {
            Ok(body) => rest::authorities(kind, &body),
            Err(ConnectError::Transport(TransportError::HttpFailed { status: 400 | 404, .. }))
                if !kind.always_there() =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
