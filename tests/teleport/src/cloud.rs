//! The clouds that an auth server asks: AWS's STS, Google and a GitLab as issuers of ID tokens. A proxy for `HTTPS_PROXY`
//! that ends TLS itself, in the name of each of them (join-methods 4).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use e2e::stage::IamOptions;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::web::Authority;

/// The GitLab that token resources name as their `domain`.
pub(crate) const GITLAB: &str = "gitlab.example.test";
/// Google's issuer, which is fixed.
pub(crate) const GOOGLE: &str = "accounts.google.com";
const STS: [&str; 3] = ["sts.amazonaws.com", "sts.eu-central-1.amazonaws.com", "sts.us-east-1.amazonaws.com"];

type Reply = Response<Full<Bytes>>;

/// A running proxy; ends when dropped.
#[derive(Debug)]
pub(crate) struct Cloud {
    address: SocketAddr,
    known: Arc<Known>,
    _runtime: Runtime,
}

/// What the clouds know.
#[derive(Debug)]
struct Known {
    /// Public keys of both issuers.
    jwks: String,
    /// AWS's customers.
    customers: Mutex<Vec<IamOptions>>,
}

impl Cloud {
    /// Starts it with the issuers' public keys.
    pub(crate) fn start(authority: &Authority, jwks: String) -> Self {
        let certified = authority.certify(&[&[GITLAB, GOOGLE], &STS[..]].concat());
        let key = PrivateKeyDer::Pkcs8(certified.key.into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certified.certificate.into()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::new(Known { jwks, customers: Mutex::default() });
        let shared = Arc::clone(&known);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(TokioIo::new(client), Role::Proxy(acceptor.clone()), Arc::clone(&shared)));
            }
        });
        Self { address, known, _runtime: runtime }
    }

    /// For `HTTPS_PROXY`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// AWS has given out a key.
    pub(crate) fn add_customer(&self, options: IamOptions) {
        let mut customers = self.known.customers.lock().unwrap();
        customers.retain(|known| known.access_key_id != options.access_key_id);
        customers.push(options);
    }
}

/// Who a connection's client talks to.
#[derive(Clone)]
enum Role {
    Proxy(TlsAcceptor),
    Host(String),
}

/// Answers a connection. A client that goes away has what it wanted.
async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: TokioIo<S>, role: Role, known: Arc<Known>) {
    let answer = service_fn(move |request| {
        let (role, known) = (role.clone(), Arc::clone(&known));
        async move {
            match role {
                Role::Proxy(acceptor) => Ok(connect(request, acceptor, known)),
                Role::Host(host) => ask(&host, request, &known).await,
            }
        }
    });
    drop(hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).with_upgrades().await);
}

/// `CONNECT host:443`; anything else is refused.
fn connect(request: Request<Incoming>, acceptor: TlsAcceptor, known: Arc<Known>) -> Reply {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let ours = host == GITLAB || host == GOOGLE || STS.contains(&host.as_str());
    if request.method() != Method::CONNECT || !ours {
        return reply(StatusCode::BAD_GATEWAY, "no such host in this cloud".to_owned());
    }
    tokio::spawn(async move {
        let Ok(tunnel) = hyper::upgrade::on(request).await else { return };
        let Ok(stream) = acceptor.accept(TokioIo::new(tunnel)).await else { return };
        // In a box: a connection that serves one would be a type within itself.
        let served: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(serve(TokioIo::new(stream), Role::Host(host), known));
        served.await;
    });
    reply(StatusCode::OK, String::new())
}

/// A request to one of the hosts.
async fn ask(host: &str, request: Request<Incoming>, known: &Known) -> Result<Reply, hyper::Error> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await?.to_bytes());
    if STS.contains(&host) {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let customers = known.customers.lock().unwrap().clone();
        let shown = |known: &&IamOptions| {
            authorization.is_some_and(|text| text.contains(&format!("Credential={}/", known.access_key_id)))
        };
        let customer = customers.iter().find(shown).cloned().unwrap_or_default();
        return Ok(teleport_double::sts(&customer, &request, SystemTime::now()).map(|body| Full::new(body.into())));
    }
    let issuer = format!("https://{host}");
    Ok(match request.uri().path() {
        "/.well-known/openid-configuration" => {
            let document = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks"),
                "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"]});
            reply(StatusCode::OK, document.to_string())
        }
        "/jwks" => reply(StatusCode::OK, known.jwks.clone()),
        _ => reply(StatusCode::NOT_FOUND, String::new()),
    })
}

fn reply(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply
}
