//! A proxy in the middle whose web certificate clients trust: it reads what is said over the web, passes the rest on or
//! leads it elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::Acceptor;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::control::{Core, Double};
use crate::error::DoubleError;
use crate::web::{listener, tls};

/// Where connections meant for the auth server are led.
#[derive(Clone, Debug)]
pub enum Tunnel {
    /// To the real proxy, byte by byte.
    Through,
    /// To another address.
    To(String),
    /// The first to the real proxy, all later ones to another address.
    FirstThrough(String),
    /// Nowhere: they are closed.
    Closed,
}

/// The proxy in the middle. Stops when dropped.
#[derive(Debug)]
pub struct HostileProxy {
    port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    core: Arc<Core>,
    real: String,
    tunnel: Tunnel,
    tunnels: AtomicUsize,
    seen: Mutex<Vec<u8>>,
}

impl HostileProxy {
    /// Stands in front of `real`, whose web certificate it has got hold of.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(real: &Double, tunnel: Tunnel) -> Result<Self, DoubleError> {
        let core = Arc::clone(real.core());
        let listener = listener::bind((core.settings.listen, 0).into()).await?;
        let port = listener.local_addr().map_or(0, |address| address.port());
        let shared =
            Shared { core, real: real.proxy_address(), tunnel, tunnels: AtomicUsize::new(0), seen: Mutex::default() };
        let shared = Arc::new(shared);
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { port, shared, task })
    }

    /// Its address, as the administrator configures it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.shared.core.settings.public_host, self.port)
    }

    /// Whether a text was said to it, or by it, over the web.
    #[must_use]
    pub fn saw(&self, text: &str) -> bool {
        let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.windows(text.len().max(1)).any(|part| part == text.as_bytes())
    }

    /// How many connections meant for the auth server came.
    #[must_use]
    pub fn tunnels(&self) -> usize {
        self.shared.tunnels.load(Ordering::Relaxed)
    }
}

impl Drop for HostileProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = connection(&shared, tcp).await {
                tracing::debug!(%error, "a connection through the proxy in the middle ended");
            }
        });
    }
}

async fn connection(shared: &Arc<Shared>, tcp: TcpStream) -> std::io::Result<()> {
    let alpn = protocols(&tcp).await?;
    if !alpn.iter().any(|name| name.starts_with("teleport-")) {
        return web(shared, tcp).await;
    }
    let real = Some(shared.real.clone());
    let to = if alpn.iter().any(|name| name.starts_with("teleport-auth@")) {
        let before = shared.tunnels.fetch_add(1, Ordering::Relaxed);
        match &shared.tunnel {
            Tunnel::Through => real,
            Tunnel::FirstThrough(_) if before == 0 => real,
            Tunnel::To(address) | Tunnel::FirstThrough(address) => Some(address.clone()),
            Tunnel::Closed => None,
        }
    } else {
        real
    };
    let Some(to) = to else { return Ok(()) };
    let (mut inward, mut outward) = (tcp, TcpStream::connect(to).await?);
    tokio::io::copy_bidirectional(&mut inward, &mut outward).await.map(|_| ())
}

/// What a client offers, without taking anything off the line.
async fn protocols(tcp: &TcpStream) -> std::io::Result<Vec<String>> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = tcp.peek(&mut buffer).await?;
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut buffer.get(..count).unwrap_or_default())?;
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let names = accepted.client_hello().alpn();
                return Ok(names
                    .map(|names| names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
                    .unwrap_or_default());
            }
            Ok(None) if count > 0 => tokio::time::sleep(Duration::from_millis(2)).await,
            _ => return Err(std::io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Ends the client's TLS, and carries what it says on.
async fn web(shared: &Arc<Shared>, tcp: TcpStream) -> std::io::Result<()> {
    let other = |error: DoubleError| std::io::Error::other(error.to_string());
    let config = tls::config(&shared.core, shared.core.keys.web(), &["http/1.1"], false).map_err(other)?;
    let inward = TlsAcceptor::from(Arc::new(config)).accept(tcp).await?;
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(shared.core.keys.web_ca_pem.as_bytes()).flatten() {
        roots.add(ca).map_err(std::io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
    let outward = TcpStream::connect(&shared.real).await?;
    let outward = TlsConnector::from(Arc::new(config)).connect(name, outward).await?;
    let (from_client, to_client) = tokio::io::split(inward);
    let (from_real, to_real) = tokio::io::split(outward);
    tokio::try_join!(carry(shared, from_client, to_real), carry(shared, from_real, to_client)).map(|_| ())
}

async fn carry(
    shared: &Shared,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        let part = buffer.get(..count).unwrap_or_default();
        if part.is_empty() {
            return to.shutdown().await;
        }
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        to.write_all(part).await?;
        to.flush().await?;
    }
}
