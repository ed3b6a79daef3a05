//! The requests, in the order in which a bot sends them.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::Full;
use machine_id::config::KeyAlgorithm;
use machine_id::connect::encoded_cluster;
use machine_id::identity::KeyPair;
use machine_id::version::Version;
use serde_json::{Value, json};
use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_api::auth::{GetRoleRequest, PingRequest, UserCertsRequest};
use teleport_api::trust::trust_service_client::TrustServiceClient;
use teleport_api::trust::{GetCertAuthoritiesRequest, GetCertAuthorityRequest};

use super::Identity;
use super::wire::{self, Grpc, Web};

#[expect(clippy::disallowed_methods, reason = "a benchmark of real requests")]
fn in_an_hour() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

/// What the proxy says of the cluster.
pub(super) struct Cluster {
    name: String,
    version: Version,
}

/// Asks the proxy about the cluster, and meanwhile whether a balancer stands before it. The first one's connection.
pub(super) async fn discover(proxy: &str) -> (Cluster, Web) {
    let (host, _) = proxy.rsplit_once(':').unwrap();
    let find = async {
        let mut web = wire::web(proxy).await;
        let request = Request::get("/webapi/find").header(HOST, proxy).body(Full::default()).unwrap();
        (wire::ask(&mut web, request).await, web)
    };
    let ((found, web), _) = tokio::join!(find, wire::tls(proxy, host, &["teleport-reversetunnel"], None));
    let found: Value = serde_json::from_slice(&found).unwrap();
    let text = |name: &str| found[name].as_str().unwrap();
    (Cluster { name: text("cluster_name").to_owned(), version: Version::parse(text("server_version")) }, web)
}

pub(super) struct Bot {
    pub(super) user: String,
    pub(super) proxy: String,
    pub(super) cluster: Cluster,
}

impl Bot {
    /// Joins over discovery's connection.
    pub(super) async fn join(&self, mut web: Web, token: &str) -> Identity {
        let key = KeyPair::generate(KeyAlgorithm::EcdsaP256).unwrap();
        let body = json!({
            "token": token,
            "role": "Bot",
            "public_ssh_key": STANDARD.encode(format!("{}\n", key.ssh_public_line())),
            "public_tls_key": STANDARD.encode(key.public_pem()),
            "expires": humantime::format_rfc3339_seconds(in_an_hour()).to_string(),
        });
        let request = Request::post("/v1/webapi/host/credentials")
            .header(HOST, &self.proxy)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.to_string().into()))
            .unwrap();
        let reply: Value = serde_json::from_slice(&wire::ask(&mut web, request).await).unwrap();
        let certificate = String::from_utf8(STANDARD.decode(reply["tls"].as_str().unwrap()).unwrap()).unwrap();
        Identity { key: key.pkcs8_pem().expose().to_owned(), certificate }
    }

    /// A connection to the auth server, and the authorities as it tells them.
    pub(super) async fn connect(&self, identity: &Identity) -> Grpc {
        let key = KeyPair::from_pem(&identity.key).unwrap();
        let server = encoded_cluster(&self.cluster.name);
        let credential = Some((&key, identity.certificate.as_str()));
        let stream = wire::tls(&self.proxy, &server, &[&format!("teleport-auth@{server}"), "h2"], credential).await;
        let connection = Grpc::start(stream, &server).await;
        let of = |kind: &str| {
            let mut trust = TrustServiceClient::with_origin(connection.clone(), connection.origin.clone());
            let (r#type, domain) = (kind.to_owned(), self.cluster.name.clone());
            let request = GetCertAuthorityRequest { r#type, domain, include_key: false };
            async move { trust.get_cert_authority(request).await.unwrap() }
        };
        let hosts = async {
            let mut trust = TrustServiceClient::with_origin(connection.clone(), connection.origin.clone());
            let request = GetCertAuthoritiesRequest { r#type: "host".to_owned(), include_key: false };
            trust.get_cert_authorities(request).await.unwrap()
        };
        tokio::join!(hosts, of("user"), of("db"));
        connection
    }

    /// The same key for longer.
    pub(super) async fn renew(&self, connection: &Grpc, identity: Identity) -> Identity {
        let mut auth = AuthServiceClient::with_origin(connection.clone(), connection.origin.clone());
        auth.ping(PingRequest {}).await.unwrap();
        let key = KeyPair::from_pem(&identity.key).unwrap();
        let renewed = auth.generate_user_certs(self.certificates(&key)).await.unwrap().into_inner();
        Identity { certificate: String::from_utf8(renewed.tls).unwrap(), ..identity }
    }

    /// A certificate with all roles that the bot may take.
    pub(super) async fn issue(&self, connection: &Grpc) {
        let mut auth = AuthServiceClient::with_origin(connection.clone(), connection.origin.clone());
        let role = auth.get_role(GetRoleRequest { name: self.user.clone() }).await.unwrap().into_inner();
        let allowed = role.spec.unwrap_or_default().allow.unwrap_or_default().impersonate.unwrap_or_default();
        let key = KeyPair::generate(KeyAlgorithm::EcdsaP256).unwrap();
        let request = UserCertsRequest {
            route_to_cluster: self.cluster.name.clone(),
            role_requests: allowed.roles,
            use_role_requests: true,
            ..self.certificates(&key)
        };
        auth.generate_user_certs(request).await.unwrap();
    }

    fn certificates(&self, key: &KeyPair) -> UserCertsRequest {
        let mut request = UserCertsRequest {
            username: self.user.clone(),
            expires: Some(in_an_hour().into()),
            format: "standard".to_owned(),
            ..UserCertsRequest::default()
        };
        let line = format!("{}\n", key.ssh_public_line()).into_bytes();
        if self.cluster.version.takes_separate_keys() {
            request.ssh_public_key = line;
            request.tls_public_key = key.public_pem().as_bytes().to_vec();
        } else {
            request.public_key = line;
        }
        request
    }
}
