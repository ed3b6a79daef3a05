//! The HTTP upgrade for proxies behind a balancer that ends TLS (protocol D1).

use http::Request;
use http::header::{CONNECTION, HOST, UPGRADE, USER_AGENT};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::address::Address;
use super::connector::{AGENT, Connector};
use super::error::ConnectError;
use super::limits;
use super::names::REVERSE_TUNNEL;
use super::stream::Pipe;
use super::tls::{self, TlsRequest};

/// Turns an HTTPS stream into a raw one.
///
/// # Errors
/// When the proxy doesn't switch protocols.
pub(super) async fn request(stream: Pipe, address: &Address) -> Result<Pipe, ConnectError> {
    match timeout(limits::CONNECT, switch(stream, address)).await {
        Ok(result) => result,
        Err(_) => {
            let address = address.to_string();
            Err(ConnectError::TimedOut { address, step: "connection upgrade", after: limits::CONNECT })
        }
    }
}

async fn switch(stream: Pipe, address: &Address) -> Result<Pipe, ConnectError> {
    let broken = |error: hyper::Error| ConnectError::Cut {
        address: address.to_string(),
        step: "connection upgrade",
        reason: error.to_string(),
    };
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    let request = Request::get("/webapi/connectionupgrade")
        .header(HOST, address.to_string())
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "alpn")
        .header("X-Teleport-Upgrade", "alpn")
        .body(Empty::new())
        .map_err(|_| ConnectError::NameUnusable { name: address.to_string() })?;
    let reply = sender.send_request(request).await.map_err(broken)?;
    if reply.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        return Err(ConnectError::HttpFailed {
            address: address.to_string(),
            what: "the connection upgrade that a load balancer in front of the proxy makes necessary",
            status: reply.status().as_u16(),
            message: String::new(),
        });
    }
    let upgraded = hyper::upgrade::on(reply).await.map_err(broken)?;
    Ok(Box::new(TokioIo::new(upgraded)))
}

impl Connector {
    /// Whether something ends TLS before the proxy: Teleport's own protocol names then can't be negotiated.
    ///
    /// The probe verifies nothing, since nothing is sent over it; any other failure means no.
    pub(super) async fn needs_upgrade(&self, web: &Address) -> bool {
        if let Some(decided) = self.environment().upgrade_for(web) {
            return decided;
        }
        let Ok(stream) = self.dial(web).await else { return false };
        let request = TlsRequest {
            address: web.to_string(),
            server_name: &web.host,
            alpn: vec![REVERSE_TUNNEL.to_vec()],
            trust: None,
            credential: None,
            clock: self.clock(),
        };
        match tls::handshake(request, stream).await {
            Ok(stream) => stream.get_ref().1.alpn_protocol().is_none(),
            Err(ConnectError::Tls { reason, .. }) => reason.contains("ALPN"),
            Err(_) => false,
        }
    }
}
