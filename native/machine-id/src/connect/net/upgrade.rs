//! The HTTP upgrade for proxies behind a balancer that ends TLS (protocol D1).

use http::header::{
    CONNECTION, HOST, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::connect::error::{ConnectError, SetUpError, TransportError};
use crate::connect::limits;

use super::address::Address;
use super::http::AGENT;
use super::stream::Pipe;
use super::websocket::{self, Messages};

/// The upgrade of RFC 6455 (from 15.1 on).
const WEBSOCKET: &str = "websocket";
/// Teleport's own (9 to 18).
const LEGACY: &str = "alpn";
/// Inside a WebSocket the server sends pings, so that balancers don't take a quiet connection for a dead one.
const WITH_PINGS: &str = "alpn-ping";

/// Turns an HTTPS stream into a raw one.
///
/// # Errors
/// When the proxy doesn't switch protocols.
pub(in crate::connect) async fn request(stream: Pipe, address: &Address) -> Result<Pipe, ConnectError> {
    match timeout(limits::CONNECT, switch(stream, address)).await {
        Ok(result) => result,
        Err(_) => {
            let address = address.to_string();
            Err(TransportError::TimedOut { address, step: "connection upgrade", after: limits::CONNECT }.into())
        }
    }
}

async fn switch(stream: Pipe, address: &Address) -> Result<Pipe, ConnectError> {
    let broken = |error: hyper::Error| {
        ConnectError::Transport(TransportError::Cut {
            address: address.to_string(),
            step: "connection upgrade",
            reason: error.to_string(),
        })
    };
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    let key = websocket::key();
    // Both kinds in one request, as clients from 16 on do: a server that knows WebSocket prefers it (and most balancers
    // let nothing else pass), an older one takes what it knows.
    let request = Request::get("/webapi/connectionupgrade")
        .header(HOST, address.to_string())
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, WEBSOCKET)
        .header(UPGRADE, LEGACY)
        .header("X-Teleport-Upgrade", LEGACY)
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key)
        .header(SEC_WEBSOCKET_PROTOCOL, WITH_PINGS)
        .body(Empty::new())
        .map_err(|_| SetUpError::NameUnusable { name: address.to_string() })?;
    let reply = sender.send_request(request).await.map_err(broken)?;
    if reply.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        return Err(TransportError::HttpFailed {
            address: address.to_string(),
            what: "the connection upgrade that a load balancer in front of the proxy makes necessary",
            status: reply.status().as_u16(),
            message: String::new(),
        }
        .into());
    }
    let is_websocket = is(&reply, &UPGRADE, WEBSOCKET);
    if is_websocket && !is(&reply, &SEC_WEBSOCKET_ACCEPT, &websocket::accept(&key)) {
        return Err(TransportError::Cut {
            address: address.to_string(),
            step: "connection upgrade",
            reason: "the answer to the WebSocket handshake isn't for our key".to_owned(),
        }
        .into());
    }
    let upgraded = TokioIo::new(hyper::upgrade::on(reply).await.map_err(broken)?);
    Ok(if is_websocket { Box::new(Messages::new(upgraded)) } else { Box::new(upgraded) })
}

/// Keywords ignore case; an accepted key doesn't, but no other one differs in nothing else.
fn is<B>(reply: &Response<B>, name: &HeaderName, value: &str) -> bool {
    reply.headers().get(name).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}
