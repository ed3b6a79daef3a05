//! Whether a balancer ends TLS before the proxy (protocol D1).

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::net::address::Address;
use crate::connect::tls::handshake::{self, TlsRequest};
use crate::connect::tls::names::REVERSE_TUNNEL;

use super::connector::Connector;

impl Connector {
    /// Whether something ends TLS before the proxy: Teleport's own protocol names then can't be negotiated.
    ///
    /// The probe verifies nothing, since nothing is sent over it; any other failure means no.
    pub async fn needs_upgrade(&self, web: &Address) -> bool {
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
        match handshake::handshake(request, stream).await {
            Ok(stream) => stream.get_ref().1.alpn_protocol().is_none(),
            Err(ConnectError::Transport(TransportError::ProtocolUnknown { .. })) => true,
            Err(_) => false,
        }
    }
}
