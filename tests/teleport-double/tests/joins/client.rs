//! Clients of both join services.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::EncodePublicKey;
use prost_types::Timestamp;
use teleport_api::auth::Certs;
use teleport_api::auth::join_service_client::JoinServiceClient as Legacy;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::join_service_client::JoinServiceClient;
use teleport_api::join::{
    BotParams, Certificates, ClientInit, ClientParams, JoinRequest, JoinResponse, PublicKeys, client_params, result,
};
use teleport_api::types::RegisterUsingTokenRequest;
use teleport_double::{Builder, Double};
use tokio::sync::mpsc;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::support::{AUTH_ALPN, Held, channel, client_config, fixture, fixture_text};

pub(crate) async fn double(version: &str) -> Double {
    started(Double::builder().version(version)).await
}

pub(crate) async fn started(builder: Builder) -> Double {
    builder.bot("api", &["api-workers", "api-admins"]).start().await.unwrap()
}

/// Where a join goes, and as whom.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    Proxy,
    Auth,
    Rejoin(&'a Held),
}

pub(crate) async fn connect(double: &Double, at: At<'_>) -> Channel {
    let host = [double.host_ca_pem()];
    let config = match at {
        At::Proxy => {
            let web = [std::fs::read_to_string(double.web_ca_pem()).unwrap()];
            let config = client_config(&web, &["teleport-proxy-grpc", "h2"], &[], None);
            return channel(&double.proxy_address(), "localhost", config).await.unwrap();
        }
        At::Auth => client_config(&host, &["h2"], &[], None),
        At::Rejoin(held) => client_config(&host, AUTH_ALPN, &[&held.tls], Some(&held.key_pem)),
    };
    channel(&double.auth_address(), "teleport.cluster.local", config).await.unwrap()
}

pub(crate) async fn legacy(double: &Double, at: At<'_>) -> Legacy<Channel> {
    Legacy::new(connect(double, at).await)
}

fn in_an_hour() -> Timestamp {
    (std::time::SystemTime::now() + std::time::Duration::from_secs(3600)).into()
}

pub(crate) fn request(token: &str) -> RegisterUsingTokenRequest {
    RegisterUsingTokenRequest {
        role: "Bot".to_owned(),
        token: token.to_owned(),
        public_ssh_key: fixture("keys/ecdsa.ssh.pub"),
        expires: Some(in_an_hour()),
        ..RegisterUsingTokenRequest::default()
    }
}

pub(crate) fn holds(certs: Certs) -> Held {
    let empty = Held {
        ssh: String::new(),
        tls: String::new(),
        tls_cas: Vec::new(),
        ssh_cas: Vec::new(),
        key_pem: fixture("keys/ecdsa.key"),
        public_line: fixture_text("keys/ecdsa.ssh.pub"),
    };
    Held::from_certs(certs, &empty)
}

/// A stream to send to, and what is to be sent.
pub(crate) fn sending<T: Send + 'static>() -> (mpsc::Sender<T>, impl futures_util::Stream<Item = T> + Send + 'static) {
    let (sender, receiver) = mpsc::channel(8);
    let stream = futures_util::stream::unfold(receiver, |mut receiver: mpsc::Receiver<T>| async move {
        receiver.recv().await.map(|item| (item, receiver))
    });
    (sender, stream)
}

/// One exchange of `teleport.join.v1`.
pub(crate) struct Exchange {
    sender: mpsc::Sender<JoinRequest>,
    replies: Streaming<JoinResponse>,
}

impl Exchange {
    pub(crate) async fn open(double: &Double, at: At<'_>) -> Result<Self, Status> {
        let (sender, stream) = sending();
        let replies = JoinServiceClient::new(connect(double, at).await).join(stream).await?.into_inner();
        Ok(Self { sender, replies })
    }

    /// Up to the server's first message; the method it names.
    pub(crate) async fn begin(double: &Double, at: At<'_>, token: &str) -> Result<(Self, String), Status> {
        let mut exchange = Self::open(double, at).await?;
        match exchange.ask(Sent::ClientInit(init(token))).await? {
            Said::Init(init) => Ok((exchange, init.join_method)),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn send(&self, payload: Sent) {
        let _ = self.sender.send(JoinRequest { payload: Some(payload) }).await;
    }

    /// The next message; the stream's end is an error.
    pub(crate) async fn next(&mut self) -> Result<Said, Status> {
        let reply = self.replies.message().await?.ok_or_else(|| Status::ok("the end"))?;
        Ok(reply.payload.unwrap())
    }

    pub(crate) async fn ask(&mut self, payload: Sent) -> Result<Said, Status> {
        self.send(payload).await;
        self.next().await
    }

    /// Nothing follows the result once the client has closed its half.
    pub(crate) async fn end(self) {
        let Self { sender, mut replies } = self;
        drop(sender);
        assert!(replies.message().await.unwrap().is_none());
    }
}

pub(crate) fn init(token: &str) -> ClientInit {
    ClientInit { token_name: token.to_owned(), system_role: "Bot".to_owned(), ..ClientInit::default() }
}

pub(crate) fn params() -> Option<ClientParams> {
    let line = fixture_text("keys/ecdsa.ssh.pub");
    let wire = STANDARD.decode(line.split(' ').nth(1).unwrap().trim()).unwrap();
    let key = ssh_key::PublicKey::from_openssh(line.trim()).unwrap();
    let key = p256::PublicKey::from_sec1_bytes(key.key_data().ecdsa().unwrap().as_sec1_bytes()).unwrap();
    let public_tls_key = key.to_public_key_der().unwrap().into_vec();
    let bot = BotParams {
        public_keys: Some(PublicKeys { public_tls_key, public_ssh_key: wire }),
        expires: Some(in_an_hour()),
    };
    Some(ClientParams { payload: Some(client_params::Payload::BotParams(bot)) })
}

/// Certificates of a result, as text.
pub(crate) fn result(said: Said) -> (Held, Option<(Vec<u8>, String)>) {
    let Said::Result(result) = said else { panic!("{said:?}") };
    let Some(result::Payload::BotResult(bot)) = result.payload else { panic!("no bot result") };
    let certificates: Certificates = bot.certificates.unwrap();
    let pem = |der: &Vec<u8>| {
        let body = STANDARD.encode(der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    };
    let ssh = ssh_key::Certificate::from_bytes(&certificates.ssh_cert).unwrap().to_openssh().unwrap();
    let line = |wire: &Vec<u8>| ssh_key::PublicKey::from_bytes(wire).unwrap().to_openssh().unwrap();
    let held = Held {
        ssh,
        tls: pem(&certificates.tls_cert),
        tls_cas: certificates.tls_ca_certs.iter().map(pem).collect(),
        ssh_cas: certificates.ssh_ca_keys.iter().map(line).collect(),
        key_pem: fixture("keys/ecdsa.key"),
        public_line: fixture_text("keys/ecdsa.ssh.pub"),
    };
    let bound = bot.bound_keypair_result;
    (held, bound.map(|bound| (bound.join_state, String::from_utf8(bound.public_key).unwrap())))
}

/// An extension of the SSH certificate.
pub(crate) fn extension(held: &Held, name: &str) -> Option<String> {
    let certificate = ssh_key::Certificate::from_openssh(held.ssh.trim()).unwrap();
    certificate.extensions().get(name).cloned()
}
