//! Who may ask the Kubernetes API.

use std::sync::Arc;

use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use serde_json::{Value, json};
use tonic::body::Body;

use super::api;
use crate::control::{Core, Fault, Point};
use crate::web::http::{http_fault, strike};
use crate::web::peer::Peer;
use crate::web::reply::{self, Reply};

/// Answers a request, or says why not.
pub(crate) async fn serve(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    let fault = strike(&core, &peer, Point::Kube).await;
    if let Some(fault @ (Fault::Http { .. } | Fault::Grpc { .. } | Fault::Garbage | Fault::DropReply)) = &fault {
        return http_fault(&peer, fault, || reply::json(String::new())).await;
    }
    if let Err(message) = admit(&core, &peer) {
        return document(403, &status(403, "Forbidden", message));
    }
    let accept = request.headers().get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let table = accept.contains("as=Table");
    let identity = peer.identity.as_deref().cloned().unwrap_or_default();
    match api::answer(&identity, request.method().as_str(), request.uri().path(), table) {
        Some(answer) => document(if request.method() == http::Method::POST { 201 } else { 200 }, &answer),
        None => document(404, &status(404, "NotFound", "the server could not find the requested resource")),
    }
}

fn admit(core: &Core, peer: &Peer) -> Result<(), &'static str> {
    let identity = peer.identity.as_deref().ok_or("[00] access denied")?;
    let state = core.state();
    if peer.intermediates || state.lock_on(identity).is_some() || !state.bots.contains_key(&identity.user) {
        return Err("access denied");
    }
    let known = state.kubes.iter().any(|kube| kube.name == identity.kube_cluster)
        && state.sees_kube(identity, &identity.kube_cluster);
    let allowed = !identity.kube_groups.is_empty() || !identity.kube_users.is_empty();
    let routed = identity.route_to_cluster.is_empty() || identity.route_to_cluster == core.settings.cluster;
    if known && allowed && routed && !identity.impersonator.is_empty() { Ok(()) } else { Err("[00] access denied") }
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

fn document(code: u16, value: &Value) -> Reply {
    let mut reply = Reply::new(Body::new(Full::new(Bytes::from(value.to_string()))));
    *reply.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = http::HeaderValue::from_static("application/json");
    reply.headers_mut().insert(http::header::CONTENT_TYPE, json);
    reply
}
