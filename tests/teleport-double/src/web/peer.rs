//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::sync::Notify;

use crate::ca::identity::Identity;

/// The other end of one connection, and the means to cut it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) remote: SocketAddr,
    /// None without a client certificate.
    pub(crate) identity: Option<Arc<Identity>>,
    /// More certificates than the leaf were sent.
    pub(crate) intermediates: bool,
    cut: Arc<Notify>,
}

impl Peer {
    pub(crate) fn new(remote: SocketAddr, chain: Option<&[CertificateDer<'_>]>) -> Self {
        let chain = chain.unwrap_or_default();
        Self {
            remote,
            identity: chain.first().and_then(|leaf| Identity::from_der(leaf)).map(Arc::new),
            intermediates: chain.len() > 1,
            cut: Arc::default(),
        }
    }

    /// The same without its certificate.
    pub(crate) fn anonymous(self) -> Self {
        Self { identity: None, ..self }
    }

    /// Cuts the connection; the caller waits for its own end.
    pub(crate) async fn cut<T>(&self) -> T {
        self.cut.notify_one();
        std::future::pending().await
    }

    /// Until somebody cuts the connection.
    pub(crate) async fn until_cut(&self) {
        self.cut.notified().await;
    }
}
