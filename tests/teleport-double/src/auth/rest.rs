//! What is left of REST at the auth server (protocol sections B2, D5).

use std::sync::Arc;

use http::{Method, Request};
use hyper::body::Incoming;

use super::refusal::Refusal;
use crate::control::{Core, Point};
use crate::web::http::planned;
use crate::web::peer::Peer;
use crate::web::reply::{self, Reply};

/// Answers HTTP/1.1.
pub(crate) async fn rest(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    if peer.intermediates {
        return Refusal::denied("access denied: intermediaries are not supported").http();
    }
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/v1/").or_else(|| path.strip_prefix("/v2/")) else {
        return reply::not_found();
    };
    match (request.method(), path) {
        (&Method::POST, "tokens/register") => crate::web::join::over_http(&core, &peer, request).await,
        (&Method::GET, "remoteclusters") if core.settings.major() <= 15 => {
            planned(&core, &peer, Point::RemoteClusters, || remote_clusters(&core, &peer)).await
        }
        _ => reply::not_found(),
    }
}

fn remote_clusters(core: &Core, peer: &Peer) -> Reply {
    let locked = |identity| core.state().lock_on(identity).is_some();
    if peer.identity.as_deref().is_none_or(locked) {
        return Refusal::access_denied().http();
    }
    let leaves: Vec<_> = core
        .settings
        .leaf
        .iter()
        .map(|leaf| {
            serde_json::json!({
                "kind": "remote_cluster",
                "version": "v3",
                "metadata": { "name": leaf },
                "status": {
                    "connection": "online",
                    "last_heartbeat": humantime::format_rfc3339_seconds(core.now()).to_string(),
                },
            })
        })
        .collect();
    reply::json(serde_json::Value::from(leaves).to_string())
}
