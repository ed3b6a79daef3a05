//! gRPC at the auth server, framed by hand so that a fault can put anything into a reply.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame, Incoming};
use prost::Message;
use teleport_api::auth::UserCertsRequest;
use teleport_api::types::RegisterUsingTokenRequest;
use tonic::body::Body;
use tonic::{Code, Status};

use super::issue::Issued;
use super::join::{join, join_stream, read, stream};
use super::refusal::Refusal;
use super::wire::Wire;
use super::{app_session, heartbeat, resources, role, trust, user_certs, watch};
use crate::ca::identity::Identity;
use crate::control::{Core, Fault, Point};
use crate::web::http::{read_body, strike};
use crate::web::peer::Peer;
use crate::web::reply::{self, Reply};

/// Encoded messages of a stream.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>;

const AUTH: &str = "/proto.AuthService/";
const TRUST: &str = "/teleport.trust.v1.TrustService/";
const JOIN: &str = "/proto.JoinService/";
const JOIN_STREAM: &str = "/teleport.join.v1.JoinService/Join";
const INSTANCES: &str = "/teleport.machineid.v1.BotInstanceService/";

/// The auth server's services.
pub(crate) async fn grpc(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    if let Err(refusal) = admit(&core, &peer) {
        return refusal.status().into_http();
    }
    if path.starts_with(JOIN) || path == JOIN_STREAM {
        return join_grpc(core, peer, request).await;
    }
    let major = core.settings.major();
    if (path.starts_with(TRUST) && major < 13) || (path.ends_with("/GetClusterCACert") && major < 11) {
        return unknown(&core, &path);
    }
    let method = [AUTH, TRUST, INSTANCES].iter().find_map(|service| path.strip_prefix(service));
    let method = method.unwrap_or(&path).to_owned();
    let Some(body) = message(request).await else {
        return Status::internal("cannot read the request").into_http();
    };
    let (core, peer) = (&*core, &peer);
    match method.as_str() {
        "Ping" => unary(core, peer, Point::Ping, |_| Ok(ping(core, peer))).await,
        "GetClusterCACert" => unary(core, peer, Point::CaCert, |fault| Ok(trust::cluster_ca_cert(core, fault))).await,
        "GetDomainName" => {
            let name = || caller(peer).map(|_| Wire::default().bytes(1, &core.settings.cluster).finish());
            unary(core, peer, Point::DomainName, |_| name()).await
        }
        "GenerateUserCerts" => {
            let Ok(request) = UserCertsRequest::decode(body.as_slice()) else { return malformed() };
            let point = if user_certs::impersonates(&request) { Point::Impersonate } else { Point::Renew };
            unary(core, peer, point, |fault| {
                user_certs::user_certs(core, caller(peer)?, &request, fault).map(|issued| certs(&issued))
            })
            .await
        }
        "GetCertAuthority" => {
            unary(core, peer, Point::CertAuthority, |fault| trust::authority(core, caller(peer)?, &body, fault)).await
        }
        "GetCertAuthorities" => {
            unary(core, peer, Point::CertAuthority, |fault| trust::authorities(core, caller(peer)?, &body, fault)).await
        }
        "CreateAppSession" => {
            unary(core, peer, Point::AppSession, |_| app_session::create(core, caller(peer)?, &body)).await
        }
        "GetRole" => unary(core, peer, Point::GetRole, |_| role::get(core, caller(peer)?, &body)).await,
        "ListResources" => {
            unary(core, peer, Point::ListResources, |_| resources::list(core, caller(peer)?, &body)).await
        }
        "SubmitHeartbeat" if core.settings.has_bot_instances() => {
            unary(core, peer, Point::Heartbeat, |_| heartbeat::submit(core, caller(peer)?, &body)).await
        }
        "WatchEvents" => {
            strike(core, peer, Point::Watch).await;
            match caller(peer).and_then(|_| watch::watch(core, &body)) {
                Ok(events) => streamed(events),
                Err(refusal) => refusal.status().into_http(),
            }
        }
        _ => unknown(core, &path),
    }
}

/// The join services, for callers without a certificate.
pub(crate) async fn join_grpc(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    if path == JOIN_STREAM && core.settings.has_join_stream() {
        return join_stream(core, peer, request).await;
    }
    let method = path.strip_prefix(JOIN).filter(|_| core.settings.has_legacy_joins()).unwrap_or_default();
    if method != "RegisterUsingToken" || core.settings.major() < 17 {
        let answered = stream(Arc::clone(&core), peer, method, request).await;
        return answered.unwrap_or_else(|_| unknown(&core, &path));
    }
    let Some(body) = message(request).await else {
        return Status::internal("cannot read the request").into_http();
    };
    let Ok(request) = RegisterUsingTokenRequest::decode(body.as_slice()) else { return malformed() };
    let request = read(request, &peer);
    unary(&core, &peer, Point::Join, |fault| join(&core, &request, fault).map(|issued| certs(&issued))).await
}

/// A locked caller is refused everything, anonymous calls included in none (protocol section J).
fn admit(core: &Core, peer: &Peer) -> Result<(), Refusal> {
    let Some(identity) = &peer.identity else { return Ok(()) };
    let state = core.state();
    if identity.user.starts_with("bot-") && !state.bots.contains_key(&identity.user) {
        return Err(Refusal::not_found(format!("access denied\n\tuser {:?} not found", identity.user)));
    }
    if state.lock_on(identity).is_some() { Err(Refusal::access_denied()) } else { Ok(()) }
}

fn caller(peer: &Peer) -> Result<&Identity, Refusal> {
    peer.identity.as_deref().ok_or_else(Refusal::access_denied)
}

fn ping(core: &Core, peer: &Peer) -> Vec<u8> {
    let features = Wire::default().number(1, 1).number(2, 1).number(3, 1).number(10, 1).number(18, 1);
    let features = features.message(19, Wire::default()).message(21, Wire::default());
    Wire::default()
        .bytes(1, &core.settings.cluster)
        .bytes(2, &core.settings.version)
        .message(3, features)
        .bytes(4, core.public_address())
        .number(5, u64::from(core.settings.fips))
        .bytes(7, peer.remote.to_string())
        .finish()
}

fn certs(issued: &Issued) -> Vec<u8> {
    let mut wire = Wire::default().bytes(1, &issued.ssh).bytes(2, &issued.tls);
    for pem in &issued.tls_cas {
        wire = wire.bytes(3, pem);
    }
    for line in &issued.ssh_cas {
        wire = wire.bytes(4, line);
    }
    wire.finish()
}

/// One message in, one out, with the faults of `point` in between.
async fn unary(
    core: &Core,
    peer: &Peer,
    point: Point,
    answer: impl FnOnce(Option<&Fault>) -> Result<Vec<u8>, Refusal>,
) -> Reply {
    let fault = strike(core, peer, point).await;
    match &fault {
        Some(Fault::Http { status, retry_after }) => return reply::failure(*status, *retry_after),
        Some(Fault::Grpc { code, message }) => return Status::new(Code::from(*code), message.clone()).into_http(),
        Some(Fault::Garbage) => return ok(frames(vec![vec![0xff; 64]])),
        _ => {}
    }
    let answer = match answer(fault.as_ref()) {
        Ok(answer) => answer,
        Err(refusal) => {
            tracing::debug!(?point, ?refusal, "refused");
            return refusal.status().into_http();
        }
    };
    match fault {
        Some(Fault::DropReply) => peer.cut().await,
        Some(Fault::StallReply) => std::future::pending().await,
        Some(Fault::Truncated) => {
            let mut framed = frame(&answer).to_vec();
            framed.truncate(framed.len() / 2);
            let half: Frames = Box::pin(futures_util::stream::iter([Ok(Frame::data(Bytes::from(framed)))]));
            ok(half)
        }
        _ => ok(frames(vec![answer])),
    }
}

pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Status>> + Send>>;

pub(super) fn frame(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    Bytes::from(framed)
}

fn frames(messages: Vec<Vec<u8>>) -> Frames {
    with_trailers(Box::pin(futures_util::stream::iter(messages)))
}

fn with_trailers(messages: Messages) -> Frames {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let end = futures_util::stream::iter([Ok(Frame::trailers(trailers))]);
    Box::pin(messages.map(|message| Ok(Frame::data(frame(&message)))).chain(end))
}

pub(super) fn ok(body: Frames) -> Reply {
    let mut response = Response::new(Body::new(StreamBody::new(body)));
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

fn streamed(messages: Messages) -> Reply {
    ok(with_trailers(messages))
}

/// The one message of a request, without its frame; `None` when it isn't one.
async fn message(request: Request<Incoming>) -> Option<Vec<u8>> {
    let body = read_body(request).await?;
    let (head, message) = body.split_at_checked(5)?;
    let [0, length @ ..] = head else { return None };
    let length = u32::from_be_bytes(length.try_into().ok()?);
    (usize::try_from(length).ok()? == message.len()).then(|| message.to_vec())
}

fn malformed() -> Reply {
    Status::internal("grpc: error unmarshalling request").into_http()
}

fn unknown(core: &Core, path: &str) -> Reply {
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let (service, method) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let known = service == "proto.AuthService"
        || (service == "proto.JoinService" && core.settings.has_legacy_joins())
        || (service == "teleport.machineid.v1.BotInstanceService" && core.settings.has_bot_instances())
        || (service == "teleport.trust.v1.TrustService" && core.settings.major() >= 13);
    let message = if known {
        format!("unknown method {method} for service {service}")
    } else {
        format!("unknown service {service}")
    };
    Status::unimplemented(message).into_http()
}
