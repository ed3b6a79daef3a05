//! Asking the proxy for a host: the first messages of a ProxySSH call (protocol H3).

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use hyper::body::Bytes;
use teleport_api::transport::transport_service_client::TransportServiceClient;
use teleport_api::transport::{ProxySshRequest, ProxySshResponse, TargetHost, proxy_ssh_request, proxy_ssh_response};
use tonic::{Code, Status};

use crate::connect::error::{ConnectError, HostError, Refusal};
use crate::connect::grpc::connection::GrpcConnection;
use crate::connect::grpc::frames::{self, Incoming};
use crate::connect::grpc::status::{self, Call};
use crate::connect::limits::quote;
use crate::connect::words;

use super::target::SshTarget;

pub(in crate::connect) const CALL: Call<'static> = Call::named("the connection to the host");

/// Asks for a host, and gives what comes with the answer and what comes afterwards.
pub(in crate::connect) async fn open(
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

pub(in crate::connect) fn answered(target: &SshTarget, code: Code, message: &str) -> ConnectError {
    let host = target.shown();
    match code {
        Code::NotFound if words::about_a_cluster(message) => Refusal::TargetUnknown { message: quote(message) }.into(),
        Code::PermissionDenied if !words::locked(message) => HostError::Denied { host, message: quote(message) }.into(),
        Code::Unavailable | Code::NotFound | Code::InvalidArgument | Code::Unknown => {
            HostError::Unreachable { host, message: quote(message) }.into()
        }
        _ => status::answered(CALL, code, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code as Stable, Fault};

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
