//! What the database service does for PostgreSQL: the client's start is read, the server is reached by TLS with a
//! certificate of the database CA for the wished user, and everything that follows is passed on.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::der::Encode;

use super::Refused;
use crate::ca::KeyKind;
use crate::ca::key::X509Key;
use crate::ca::name::{CN, NameBuilder};
use crate::ca::x509::{self, Purpose, Span};
use crate::control::Core;
use crate::error::DoubleError;
use crate::web::stream::Io;

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// PostgreSQL's own limit of the first packet.
const LONGEST: usize = 10_000;
const MINUTES: std::time::Duration = std::time::Duration::from_secs(600);

pub(super) async fn serve(
    core: &Core,
    mut client: Io,
    backend: Result<String, Refused>,
    user: &str,
    database: &str,
) -> io::Result<()> {
    let start = start(&mut client).await?;
    let backend = match backend {
        Ok(backend) => backend,
        Err(why) => return refuse(&mut client, &why).await,
    };
    let cancels = start.get(4..8) == Some(&CANCEL_REQUEST.to_be_bytes());
    let said = |name: &str| parameters(&start).find(|(known, _)| known == name).map(|(_, value)| value);
    let wrong = |name: &str, routed: &str| !routed.is_empty() && said(name).is_some_and(|said| said != routed);
    if !cancels && (wrong("user", user) || wrong("database", database)) {
        return refuse(&mut client, "the certificate is routed to another user or database").await;
    }
    let mut server = connect(core, &backend, user).await?;
    server.write_all(&start).await?;
    super::join(client, Box::new(server)).await
}

/// The first packet that isn't about encryption: the tunnel is encrypted already.
async fn start(client: &mut Io) -> io::Result<Vec<u8>> {
    loop {
        let length = usize::try_from(client.read_u32().await?).map_err(io::Error::other)?;
        if !(8..=LONGEST).contains(&length) {
            return Err(io::Error::other("no packet of PostgreSQL's start"));
        }
        let mut packet = vec![0; length];
        let (head, rest) = packet.split_at_mut(4);
        head.copy_from_slice(&u32::try_from(length).map_err(io::Error::other)?.to_be_bytes());
        client.read_exact(rest).await?;
        let code = rest.get(..4).and_then(|code| code.try_into().ok()).map_or(0, u32::from_be_bytes);
        if code != SSL_REQUEST && code != GSS_REQUEST {
            return Ok(packet);
        }
        client.write_all(b"N").await?;
        client.flush().await?;
    }
}

/// Names and values.
fn parameters(start: &[u8]) -> impl Iterator<Item = (String, String)> {
    let texts: Vec<String> = start
        .get(8..)
        .unwrap_or_default()
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let pairs: Vec<_> = texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    pairs.into_iter()
}

async fn refuse(client: &mut Io, why: &str) -> io::Result<()> {
    let fields = format!("SFATAL\0VFATAL\0C28000\0M{why}\0\0");
    let length = u32::try_from(fields.len() + 4).map_err(io::Error::other)?;
    client.write_all(&[b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()).await?;
    client.shutdown().await
}

async fn connect(
    core: &Core,
    address: &str,
    user: &str,
) -> io::Result<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static + use<>> {
    let config = config(core, user).map_err(io::Error::other)?;
    let mut tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    tcp.write_u32(8).await?;
    tcp.write_u32(SSL_REQUEST).await?;
    if tcp.read_u8().await? != b'S' {
        return Err(io::Error::other("the database has no TLS"));
    }
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

fn config(core: &Core, user: &str) -> Result<ClientConfig, DoubleError> {
    let now = core.now();
    let ca = Arc::clone(&core.state().database.active);
    let key = X509Key::generate(KeyKind::Ecdsa)?;
    let subject = NameBuilder::default().one(CN, user)?.build();
    let span = Span { from: now - MINUTES, until: now + MINUTES };
    let leaf = x509::issue(&ca.issuer(), subject, key.spki()?, span, x509::random_serial(), &Purpose::Client)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca.der.clone()))?;
    let certified = CertifiedKey::new(vec![CertificateDer::from(leaf.to_der()?)], key.signer());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_client_cert_resolver(Arc::new(Only(Arc::new(certified)))))
}

#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl rustls::client::ResolvesClientCert for Only {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
