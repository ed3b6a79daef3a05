//! The upgrade that carries TLS through an HTTP balancer (protocol section D1).

use std::sync::Arc;

use http::Request;
use http::header::{CONNECTION, HeaderName, HeaderValue, UPGRADE};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::http::empty;
use super::listener;
use super::peer::Peer;
use super::reply::{self, Reply};
use crate::control::Core;

const TELEPORT: HeaderName = HeaderName::from_static("x-teleport-upgrade");

/// 101, and then a connection to the proxy's port inside this one.
pub(crate) fn upgrade(core: Arc<Core>, peer: Peer, mut request: Request<Incoming>) -> Reply {
    let asks = |name: &HeaderName| {
        request
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case("alpn")))
    };
    if !asks(&UPGRADE) && !asks(&TELEPORT) {
        return reply::error(404, "unsupported upgrade types");
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stopping = core.stopping.subscribe();
        if let Ok(upgraded) = upgraded.await {
            tokio::select! {
                () = listener::stopped(&mut stopping) => {}
                // Boxed: the proxy's handler may upgrade again.
                () = nested(Arc::clone(&core), Box::new(TokioIo::new(upgraded)), peer.remote) => {}
            }
        }
    });
    let mut reply = empty(101);
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    reply.headers_mut().insert(UPGRADE, HeaderValue::from_static("alpn"));
    reply.headers_mut().insert(TELEPORT, HeaderValue::from_static("alpn"));
    reply
}

fn nested(
    core: Arc<Core>,
    io: super::stream::Io,
    remote: std::net::SocketAddr,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(listener::proxy(core, io, remote, false, true))
}
