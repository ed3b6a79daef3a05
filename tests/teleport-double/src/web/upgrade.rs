//! The upgrade that carries TLS through an HTTP balancer (protocol section D1).

use std::sync::Arc;

use http::Request;
use http::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::http::empty;
use super::listener;
use super::peer::Peer;
use super::reply::{self, Reply};
use super::stream::Io;
use super::websocket;
use crate::control::{Core, Point};

const TELEPORT: HeaderName = HeaderName::from_static("x-teleport-upgrade");

/// 101, and then a connection to the proxy's port inside this one.
pub(crate) fn upgrade(core: Arc<Core>, peer: Peer, mut request: Request<Incoming>) -> Reply {
    let asks = |name: &HeaderName, kind: &str| {
        request
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(kind)))
    };
    let legacy = asks(&UPGRADE, "alpn") || asks(&TELEPORT, "alpn");
    let websocket = core.settings.major() >= 16 && asks(&UPGRADE, "websocket");
    let key = request.headers().get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).map(websocket::accept);
    let mut reply = empty(101);
    let headers = reply.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    match (websocket, key.as_deref().map(HeaderValue::from_str)) {
        (true, Some(Ok(key))) => {
            core.counters.see(Point::WebSocket);
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_ACCEPT, key);
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("alpn-ping"));
        }
        _ if legacy => {
            headers.insert(UPGRADE, HeaderValue::from_static("alpn"));
            headers.insert(TELEPORT, HeaderValue::from_static("alpn"));
        }
        _ => return reply::error(404, "unsupported upgrade types"),
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stopping = core.stopping.subscribe();
        if let Ok(upgraded) = upgraded.await {
            let io: Io = Box::new(TokioIo::new(upgraded));
            let io: Io = if websocket { Box::new(websocket::bytes(io)) } else { io };
            tokio::select! {
                () = listener::stopped(&mut stopping) => {}
                // Boxed: the proxy's handler may upgrade again.
                () = nested(Arc::clone(&core), io, peer.remote) => {}
            }
        }
    });
    reply
}

fn nested(core: Arc<Core>, io: Io, remote: std::net::SocketAddr) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(listener::proxy(core, io, remote, false, true))
}
