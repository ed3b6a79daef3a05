//! Small TLS servers on loopback, for tests.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::LazyConfigAcceptor;

use super::tls::trust;

/// A certificate authority.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub(crate) pem: String,
}

/// A server's certificate and key.
pub(crate) struct Leaf {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: Vec<u8>,
}

impl Leaf {
    pub(crate) fn pem(&self) -> String {
        trust::pem(&self.der)
    }
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = trust::pem(params.self_signed(&key).unwrap().der());
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn leaf(&self, names: &[&str], edit: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let mut params = params(names);
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf { der: certificate.der().clone(), key: key.serialize_der() }
    }
}

/// What a proxy without a configured certificate shows: its own CA, used as a server's certificate.
pub(crate) fn self_signed(names: &[&str]) -> Leaf {
    let mut params = params(names);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Leaf { der: certificate.der().clone(), key: key.serialize_der() }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// What a server saw of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Vec<String>,
    /// Certificates that the client sent.
    pub(crate) certificates: usize,
    /// The first bytes inside TLS.
    pub(crate) said: Vec<u8>,
}

impl Hello {
    fn read(hello: &ClientHello<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            server_name: hello.server_name().map(str::to_owned),
            alpn: hello.alpn().into_iter().flatten().map(text).collect(),
            certificates: 0,
            said: Vec::new(),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    hellos: UnboundedReceiver<Hello>,
}

impl Server {
    /// The next client, once its connection is over.
    pub(crate) async fn hello(&mut self) -> Hello {
        self.hellos.recv().await.unwrap()
    }
}

/// Serves TLS with `leaf`: reads once, sends `answer`, closes. `alpn` is what the server knows.
pub(crate) async fn serve(leaf: &Leaf, alpn: &[&[u8]], answer: Vec<u8>) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(AnyClient(Arc::clone(&provider)));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![leaf.der.clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf.key.clone())))
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (noted, hellos) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (config, answer, noted) = (Arc::clone(&config), answer.clone(), noted.clone());
            tokio::spawn(async move {
                let Ok(start) = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await else {
                    return;
                };
                let mut hello = Hello::read(&start.client_hello());
                let Ok(mut stream) = start.into_stream(config).await else {
                    let _ = noted.send(hello);
                    return;
                };
                hello.certificates = stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                let mut said = vec![0_u8; 4096];
                let count = stream.read(&mut said).await.unwrap_or(0);
                hello.said = said[..count].to_vec();
                let _ = noted.send(hello);
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    Server { port, hellos }
}

/// Serves plain TCP: sends `answer` at once, then closes.
pub(crate) async fn serve_plain(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(answer).await;
            let mut sink = [0_u8; 4096];
            if !answer.is_empty() {
                let _ = stream.read(&mut sink).await;
            }
        }
    });
    port
}

/// A body as an HTTP/1.1 answer.
pub(crate) fn http_ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A discovery answer of a cluster with TLS routing.
pub(crate) fn find_reply() -> Vec<u8> {
    http_ok(r#"{"cluster_name":"example.test","server_version":"15.0.0","proxy":{"tls_routing_enabled":true}}"#)
}

/// Asks for a client certificate, takes any.
#[derive(Debug)]
struct AnyClient(Arc<rustls::crypto::CryptoProvider>);

impl rustls::server::danger::ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::server::danger::ClientCertVerified, rustls::Error> {
        Ok(rustls::server::danger::ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
