//! A tiny client of the cluster, independent of the library under test elsewhere.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use prost_types::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_api::auth::{Certs, UserCertsRequest};
use teleport_double::{Double, TokenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

pub const ENCODED: &str = "6578616d706c652e74657374.teleport.cluster.local";
pub const AUTH_ALPN: &[&str] = &["teleport-auth@6578616d706c652e74657374.teleport.cluster.local", "h2"];

pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/teleport-15").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn fixture_text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

/// The body of a recorded HTTP reply, chunks joined.
pub fn recorded_body(name: &str) -> String {
    let text = fixture_text(name);
    let (head, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).unwrap();
    if !head.to_lowercase().contains("chunked") {
        return body.to_owned();
    }
    body.lines().find(|line| line.starts_with('{')).unwrap().to_owned()
}

/// What the client of a bot holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub ssh: String,
    pub tls: String,
    pub tls_cas: Vec<String>,
    pub ssh_cas: Vec<String>,
    pub key_pem: Vec<u8>,
    pub public_line: String,
}

impl Held {
    pub fn host_ca(&self) -> &str {
        self.tls_cas.last().unwrap()
    }

    pub fn from_certs(certs: Certs, like: &Held) -> Held {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Held {
            ssh: text(certs.ssh),
            tls: text(certs.tls),
            tls_cas: certs.tlsca_certs.into_iter().map(text).collect(),
            ssh_cas: certs.sshca_certs.into_iter().map(text).collect(),
            ..like.clone()
        }
    }
}

pub fn client_config(roots: &[String], alpn: &[&str], chain: &[&str], key: Option<&[u8]>) -> ClientConfig {
    let mut store = RootCertStore::empty();
    for pem in roots {
        for der in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            store.add(der.unwrap()).unwrap();
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store);
    let mut config = match key {
        Some(key) => {
            let chain = chain.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key).unwrap()).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

pub async fn tls(address: &str, name: &str, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let port = address.rsplit_once(':').unwrap().1;
    let tcp = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// One HTTP/1.1 exchange; status line with headers, and the body without chunks.
pub async fn exchange(mut stream: TlsStream<TcpStream>, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    let text = String::from_utf8_lossy(&reply).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return (head.to_owned(), body.to_owned());
    }
    let mut joined = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        joined.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    (head.to_owned(), joined)
}

pub async fn web(double: &Double, method: &str, path: &str, body: &str) -> (String, String) {
    let roots = [std::fs::read_to_string(double.web_ca_pem()).unwrap()];
    let stream =
        tls(&double.proxy_address(), "localhost", client_config(&roots, &["http/1.1"], &[], None)).await.unwrap();
    exchange(stream, &request(method, path, body)).await
}

pub fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A recorded request with another token.
pub fn join_body(recorded: &str, token: &str) -> String {
    let mut value: Value = serde_json::from_slice(&fixture(&format!("http/{recorded}.request.json"))).unwrap();
    value["token"] = token.into();
    value.as_object_mut().unwrap().remove("expires");
    value.to_string()
}

pub async fn join(double: &Double, bot: &str, kind: &str) -> Held {
    join_token(double, &double.new_token_with(bot, TokenOptions::default()), kind).await
}

pub async fn join_token(double: &Double, token: &str, kind: &str) -> Held {
    let body = join_body(&format!("join_ok_{kind}"), token);
    let (head, body) = web(double, "POST", "/v1/webapi/host/credentials", &body).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    held(&body, kind)
}

pub fn held(body: &str, kind: &str) -> Held {
    let value: Value = serde_json::from_str(body).unwrap();
    let text = |value: &Value| String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap();
    let list = |value: &Value| value.as_array().unwrap().iter().map(text).collect();
    Held {
        ssh: text(&value["ssh"]),
        tls: text(&value["tls"]),
        tls_cas: list(&value["tls_ca_certs"]),
        ssh_cas: list(&value["ssh_ca_certs"]),
        key_pem: fixture(&format!("keys/{kind}.key")),
        public_line: fixture_text(&format!("keys/{kind}.ssh.pub")),
    }
}

#[derive(Clone)]
struct Connect {
    address: String,
    name: String,
    config: ClientConfig,
}

impl tower_service::Service<Uri> for Connect {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { address, name, config } = self.clone();
        Box::pin(async move { Ok(TokioIo::new(tls(&address, &name, config).await?)) })
    }
}

pub async fn channel(address: &str, name: &str, config: ClientConfig) -> Result<Channel, tonic::transport::Error> {
    let connect = Connect { address: address.to_owned(), name: name.to_owned(), config };
    Endpoint::from_static("http://double").connect_with_connector(connect).await
}

/// The auth server through the proxy, as `held`.
pub async fn auth(double: &Double, roots: &Held, held: &Held) -> AuthServiceClient<Channel> {
    let config = client_config(&[roots.host_ca().to_owned()], AUTH_ALPN, &[&held.tls], Some(&held.key_pem));
    AuthServiceClient::new(channel(&double.proxy_address(), ENCODED, config).await.unwrap())
}

pub fn user_certs(user: &str, held: &Held, roles: &[&str]) -> UserCertsRequest {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 600;
    UserCertsRequest {
        public_key: held.public_line.clone().into_bytes(),
        username: user.to_owned(),
        expires: Some(Timestamp { seconds: i64::try_from(seconds).unwrap(), nanos: 0 }),
        format: "standard".to_owned(),
        role_requests: roles.iter().map(|&role| role.to_owned()).collect(),
        use_role_requests: !roles.is_empty(),
        ..UserCertsRequest::default()
    }
}

/// A unary gRPC call without generated code: the reply's message as bytes.
pub async fn raw_unary(stream: TlsStream<TcpStream>, path: &str, message: &[u8]) -> Vec<u8> {
    use http_body_util::{BodyExt, Full};
    use hyper_util::rt::TokioExecutor;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend_from_slice(message);
    let request = http::Request::post(format!("http://double{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(hyper::body::Bytes::from(framed)))
        .unwrap();
    let reply = sender.send_request(request).await.unwrap();
    assert_eq!(reply.headers().get("grpc-status"), None, "{path}: {:?}", reply.headers());
    let body = reply.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    body.to_bytes()[5..].to_vec()
}

pub async fn auth_stream(double: &Double, roots: &Held, held: &Held) -> TlsStream<TcpStream> {
    let config = client_config(&[roots.host_ca().to_owned()], AUTH_ALPN, &[&held.tls], Some(&held.key_pem));
    tls(&double.proxy_address(), ENCODED, config).await.unwrap()
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The paths of all fields set in a protobuf message, nested messages guessed as `protoc --decode_raw` does.
pub fn field_paths(message: &[u8]) -> Option<std::collections::BTreeSet<String>> {
    let mut rest = message;
    let mut paths = std::collections::BTreeSet::new();
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let (field, kind) = (key >> 3, key & 7);
        if field == 0 {
            return None;
        }
        paths.insert(field.to_string());
        match kind {
            0 => drop(varint(&mut rest)?),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (value, after) = rest.split_at_checked(length)?;
                rest = after;
                let text = value.iter().all(|b| b.is_ascii_graphic() || b" \n".contains(b));
                if !text {
                    paths.extend(field_paths(value)?.into_iter().map(|path| format!("{field}.{path}")));
                }
            }
            _ => return None,
        }
    }
    Some(paths)
}
