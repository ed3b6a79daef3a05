//! The transport service.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use http::Request;
use hyper::body::Incoming;
use teleport_api::transport::proxy_ssh_request::Frame as Sent;
use teleport_api::transport::proxy_ssh_response::Frame as Received;
use teleport_api::transport::transport_service_server::{TransportService, TransportServiceServer};
use teleport_api::transport::{
    ClusterDetails, Frame, GetClusterDetailsRequest, GetClusterDetailsResponse, ProxyClusterRequest,
    ProxyClusterResponse, ProxySshRequest, ProxySshResponse,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tonic::{Response, Status, Streaming};
use tower_service::Service;

use super::dial::resolve;
use crate::control::{Core, Fault, Point};
use crate::web::http::strike;
use crate::web::peer::Peer;
use crate::web::reply::Reply;

const FRAME: usize = 16 * 1024;

/// Whether the connection gets as far as HTTP/2: not when it is anonymous, locked, limited to Kubernetes,
/// or when more than the leaf was sent.
pub(crate) fn admits(core: &Core, peer: &Peer) -> bool {
    let Some(identity) = &peer.identity else { return false };
    let state = core.state();
    let deleted = !state.bots.contains_key(&identity.user);
    let limited = identity.usage.iter().any(|usage| usage == "usage:kube");
    !(peer.intermediates || deleted || limited || state.lock_on(identity).is_some())
}

/// Answers gRPC on the transport listener.
pub(crate) async fn serve(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    if !request.uri().path().starts_with("/teleport.transport.v1.TransportService/") {
        return Status::unimplemented("unknown service").into_http();
    }
    let mut server = TransportServiceServer::new(Transport { core, peer });
    let Ok(reply) = server.call(request).await;
    reply
}

#[derive(Debug)]
struct Transport {
    core: Arc<Core>,
    peer: Peer,
}

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl TransportService for Transport {
    async fn get_cluster_details(
        &self,
        _: tonic::Request<GetClusterDetailsRequest>,
    ) -> Result<Response<GetClusterDetailsResponse>, Status> {
        Ok(Response::new(GetClusterDetailsResponse { details: Some(ClusterDetails::default()) }))
    }

    type ProxySSHStream = Replies<ProxySshResponse>;

    async fn proxy_ssh(
        &self,
        request: tonic::Request<Streaming<ProxySshRequest>>,
    ) -> Result<Response<Self::ProxySSHStream>, Status> {
        let fault = strike(&self.core, &self.peer, Point::ProxySsh).await;
        let mut budget = usize::MAX;
        match fault {
            Some(Fault::Grpc { code, message }) => return Err(Status::new(code.into(), message)),
            Some(Fault::ResetAfter(bytes)) => budget = bytes,
            Some(Fault::DropReply) => return self.peer.cut().await,
            _ => {}
        }
        let (sender, receiver) = mpsc::channel(4);
        let (core, peer, requests) = (Arc::clone(&self.core), self.peer.clone(), request.into_inner());
        tokio::spawn(async move {
            if let Err(status) = session(&core, &peer, requests, &sender, budget).await {
                let _ = sender.send(Err(status)).await;
            }
        });
        let replies = futures_util::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|reply| (reply, receiver))
        });
        Ok(Response::new(replies.boxed()))
    }

    type ProxyClusterStream = Replies<ProxyClusterResponse>;

    async fn proxy_cluster(
        &self,
        _: tonic::Request<Streaming<ProxyClusterRequest>>,
    ) -> Result<Response<Self::ProxyClusterStream>, Status> {
        Err(Status::unimplemented("the double does not proxy clusters"))
    }
}

type Sender = mpsc::Sender<Result<ProxySshResponse, Status>>;

/// One SSH connection: the target, the details, then bytes both ways until either side ends.
async fn session(
    core: &Core,
    peer: &Peer,
    mut requests: Streaming<ProxySshRequest>,
    replies: &Sender,
    mut budget: usize,
) -> Result<(), Status> {
    let first =
        requests.message().await?.ok_or_else(|| Status::invalid_argument("first message must be a dial target"))?;
    let target = first.dial_target.ok_or_else(|| Status::invalid_argument("first message must be a dial target"))?;
    let address = resolve(core, &target.host_port, &target.cluster)?;
    let tcp = TcpStream::connect(&address)
        .await
        .map_err(|error| Status::unavailable(format!("failed to dial target host\n\tdial tcp {address}: {error}")))?;
    let _ = tcp.set_nodelay(true);
    let (mut from_node, mut to_node) = tcp.into_split();
    let details = ProxySshResponse { details: Some(ClusterDetails::default()), frame: None };
    if replies.send(Ok(details)).await.is_err() {
        return Ok(());
    }
    let upstream = async {
        while let Ok(Some(request)) = requests.message().await {
            if let Some(Sent::Ssh(frame)) = request.frame
                && to_node.write_all(&frame.payload).await.is_err()
            {
                return;
            }
        }
    };
    let downstream = async {
        let mut buffer = vec![0; FRAME];
        while let Ok(count) = from_node.read(&mut buffer).await {
            if count == 0 {
                return;
            }
            if count > budget {
                peer.cut::<()>().await;
            }
            budget -= count;
            let payload = buffer.get(..count).unwrap_or_default().to_vec();
            let reply = ProxySshResponse { details: None, frame: Some(Received::Ssh(Frame { payload })) };
            if replies.send(Ok(reply)).await.is_err() {
                return;
            }
        }
    };
    // A locked identity's open sessions are cut (protocol section J).
    let locked = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if !admits(core, peer) {
                peer.cut::<()>().await;
            }
        }
    };
    tokio::select! {
        () = upstream => {}
        () = downstream => {}
        () = locked => {}
    }
    Ok(())
}
