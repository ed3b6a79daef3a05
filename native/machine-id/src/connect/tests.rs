//! The way to the cluster against small servers: who is trusted, what is shown, what is said when it fails.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::date_time_ymd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::fake::{self, Ca, Leaf};
use super::tls::{pin, trust};
use super::*;
use crate::clock::{FixedClock, SharedClock};
use crate::config::{AddressKind, CaPin, CaSource, ClusterConfig};
use crate::error::{Code, Error, Fault};
use crate::version::Version;

const PIN: CaPin = CaPin([0x11; 32]);

fn noon() -> SharedClock {
    Arc::new(FixedClock::at(humantime::parse_rfc3339("2026-11-21T12:00:00Z").unwrap()))
}

fn connector_at(port: u16, ca: Option<&str>, kind: AddressKind, ca_pins: Vec<CaPin>, clock: SharedClock) -> Connector {
    let ca = ca.map(|pem| CaSource::Pem(pem.to_owned()));
    let config = ClusterConfig { host: "localhost".to_owned(), port, kind, ca_pins, ca, use_configured_address: false };
    Connector::with_environment(&config, clock, Environment::default()).unwrap()
}

fn connector(port: u16, ca: &Ca) -> Connector {
    connector_at(port, Some(&ca.pem), AddressKind::Proxy, Vec::new(), noon())
}

async fn refusal(leaf: &Leaf, ca: &Ca) -> Error {
    let server = fake::serve(leaf, &[b"http/1.1"], fake::find_reply()).await;
    connector(server.port, ca).discover().await.unwrap_err().into()
}

#[tokio::test]
async fn a_proxy_with_a_trusted_certificate_is_found() {
    let ca = Ca::new("web");
    let leaf = ca.leaf(&["localhost"], |_| ());
    let mut server = fake::serve(&leaf, &[b"http/1.1", b"teleport-reversetunnel"], fake::find_reply()).await;
    let cluster = connector(server.port, &ca).discover().await.unwrap();
    assert_eq!(cluster.name, "example.test");
    assert!(!cluster.proxy().unwrap().upgrade);
    // Both are on the way at once.
    let mut hellos = [server.hello().await, server.hello().await];
    hellos.sort_by(|one, other| one.alpn.cmp(&other.alpn));
    let [hello, probe] = hellos;
    assert_eq!(hello.alpn, ["http/1.1"]);
    assert_eq!(hello.server_name.as_deref(), Some("localhost"));
    assert!(hello.said.starts_with(b"GET /webapi/find HTTP/1.1\r\n"));
    assert_eq!(probe.alpn, ["teleport-reversetunnel"]);
}

#[tokio::test]
async fn a_balancer_that_knows_no_teleport_protocol_makes_the_upgrade_necessary() {
    let ca = Ca::new("web");
    let leaf = ca.leaf(&["localhost"], |_| ());
    for known in [&[b"http/1.1".as_slice()][..], &[]] {
        let server = fake::serve(&leaf, known, fake::find_reply()).await;
        let cluster = connector(server.port, &ca).discover().await.unwrap();
        assert!(cluster.proxy().unwrap().upgrade, "{known:?}");
    }
}

#[tokio::test]
async fn an_unknown_authority_is_named() {
    let (known, unknown) = (Ca::new("known"), Ca::new("unknown"));
    let error = refusal(&unknown.leaf(&["localhost"], |_| ()), &known).await;
    assert_eq!(error.code(), Code::TlsUntrusted);
    assert!(error.message().contains("CN=unknown"), "{error}");
    assert!(error.hint().contains("SSL_CERT_FILE"), "{error}");
}

#[tokio::test]
async fn a_self_signed_proxy_is_refused_with_the_way_to_trust_it_and_trusted_once_it_is_configured() {
    let leaf = fake::self_signed(&["localhost"]);
    let error = refusal(&leaf, &Ca::new("other")).await;
    assert_eq!(error.code(), Code::TlsUntrusted);
    assert!(error.hint().contains("self-signed"), "{error}");

    let server = fake::serve(&leaf, &[b"http/1.1"], fake::find_reply()).await;
    let trusting = connector_at(server.port, Some(&leaf.pem()), AddressKind::Proxy, Vec::new(), noon());
    assert_eq!(trusting.discover().await.unwrap().name, "example.test");
}

#[tokio::test]
async fn a_configured_self_signed_certificate_still_counts_for_its_names_and_times_only() {
    let leaf = fake::self_signed(&["elsewhere.example.com"]);
    let server = fake::serve(&leaf, &[], fake::find_reply()).await;
    let pem = leaf.pem();
    let error = connector_at(server.port, Some(&pem), AddressKind::Proxy, Vec::new(), noon()).discover().await;
    assert_eq!(error.unwrap_err().code(), Code::TlsNameMismatch);

    let leaf = fake::self_signed(&["localhost"]);
    let server = fake::serve(&leaf, &[], fake::find_reply()).await;
    let early: SharedClock = Arc::new(FixedClock::at(SystemTime::UNIX_EPOCH));
    let error = connector_at(server.port, Some(&leaf.pem()), AddressKind::Proxy, Vec::new(), early).discover().await;
    assert_eq!(error.unwrap_err().code(), Code::ClockSkew);
}

#[tokio::test]
async fn a_certificate_for_another_name_lists_the_names_it_is_for() {
    let ca = Ca::new("web");
    let error = refusal(&ca.leaf(&["teleport.example.com", "192.0.2.1"], |_| ()), &ca).await;
    assert_eq!(error.code(), Code::TlsNameMismatch);
    for fact in ["\"localhost\"", "teleport.example.com", "192.0.2.1"] {
        assert!(error.message().contains(fact), "{error}");
    }
}

#[tokio::test]
async fn expired_and_future_certificates_are_a_matter_of_clocks() {
    let ca = Ca::new("web");
    let expired = ca.leaf(&["localhost"], |params| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 11, 21);
    });
    let error = refusal(&expired, &ca).await;
    assert_eq!(error.code(), Code::ClockSkew);
    assert!(error.message().contains("expired at 2026-11-21T00:00:00Z"), "{error}");
    assert!(error.message().contains("2026-11-21T12:00:00Z"), "{error}");
    let future = ca.leaf(&["localhost"], |params| params.not_before = date_time_ymd(2026, 11, 22));
    let error = refusal(&future, &ca).await;
    assert_eq!(error.code(), Code::ClockSkew);
    assert!(error.message().contains("not valid before 2026-11-22T00:00:00Z"), "{error}");
}

#[tokio::test]
async fn ports_that_speak_something_else_are_told_apart_from_ports_that_are_silent() {
    let ca = Ca::new("web");
    let ssh = fake::serve_plain(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    let error = connector(ssh, &ca).discover().await.unwrap_err();
    assert_eq!(error.code(), Code::TlsFailed, "{error}");
    let closing = fake::serve_plain(b"").await;
    let error = connector(closing, &ca).discover().await.unwrap_err();
    assert_eq!(error.code(), Code::ClusterUnreachable, "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = connector(port, &ca).discover().await.unwrap_err();
    assert_eq!(error.code(), Code::ClusterUnreachable);
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn something_else_behind_https_is_not_teleport() {
    let ca = Ca::new("web");
    let leaf = ca.leaf(&["localhost"], |_| ());
    for answer in [
        &b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n",
    ] {
        let server = fake::serve(&leaf, &[], answer.to_vec()).await;
        let error = connector(server.port, &ca).discover().await.unwrap_err();
        assert_eq!(error.code(), Code::NotTeleport, "{error}");
    }
}

#[tokio::test]
async fn an_auth_address_without_pin_is_refused_with_both_attempts_named() {
    let host_ca = Ca::new("host");
    let leaf = host_ca.leaf(&["teleport.cluster.local"], |_| ());
    for known in [&[b"h2".as_slice()][..], &[b"h2", b"http/1.1"]] {
        let mut server = fake::serve(&leaf, known, Vec::new()).await;
        let auth = connector_at(server.port, None, AddressKind::AuthOrProxy, Vec::new(), noon());
        let error: Error = auth.discover().await.unwrap_err().into();
        assert_eq!(error.code(), Code::TlsUntrusted);
        assert!(error.hint().contains("tctl status"), "{error}");
        assert!(error.message().contains("nor as auth server"), "{error}");
        // Nothing was said to a server that isn't recognised.
        assert!(server.hello().await.said.is_empty());
    }
}

#[tokio::test]
async fn the_protocols_of_auth_and_ssh_are_offered_in_the_documented_order_with_the_leaf_alone() {
    let host_ca = Ca::new("host");
    let leaf = host_ca.leaf(&["*.teleport.cluster.local", "teleport.cluster.local"], |_| ());
    let mut server = fake::serve(&leaf, &[b"h2", b"http/1.1"], Vec::new()).await;
    let client = host_ca.leaf(&["bot"], |_| ());
    let chain = format!("{}{}", client.pem(), host_ca.pem);
    let credential = ClientCredential::new(&Zeroizing::new(client.key.clone()), &chain).unwrap();
    let cluster = proxied(server.port);
    let connector = connector(server.port, &host_ca);
    let auth = connector.auth(&cluster, std::slice::from_ref(&host_ca.pem), &credential).await.unwrap();
    assert_eq!(auth.ping().await.unwrap_err().code(), Code::ClusterUnreachable);
    let target = SshTarget { host_port: "node1:0".to_owned(), cluster: "example.test".to_owned() };
    let ssh = connector.proxy_ssh(&cluster, std::slice::from_ref(&host_ca.pem), &credential, &target).await;
    assert_eq!(ssh.unwrap_err().code(), Code::ClusterUnreachable);
    let encoded = encoded_cluster("example.test");
    let hello = server.hello().await;
    assert_eq!(hello.alpn, [format!("teleport-auth@{encoded}"), "h2".to_owned()]);
    assert_eq!(hello.server_name.as_deref(), Some(encoded.as_str()));
    assert_eq!(hello.certificates, 1);
    let ssh = server.hello().await;
    assert_eq!(ssh.alpn, ["teleport-proxy-ssh-grpc", "h2"]);
    assert_eq!(ssh.certificates, 1);
}

#[tokio::test]
async fn a_server_of_another_host_ca_is_refused_before_anything_is_sent() {
    let (ours, theirs) = (Ca::new("ours"), Ca::new("theirs"));
    let mut server = fake::serve(&theirs.leaf(&["*.teleport.cluster.local"], |_| ()), &[b"h2"], Vec::new()).await;
    let client = ours.leaf(&["bot"], |_| ());
    let credential = ClientCredential::new(&Zeroizing::new(client.key.clone()), &client.pem()).unwrap();
    let error = connector(server.port, &ours)
        .auth(&proxied(server.port), std::slice::from_ref(&ours.pem), &credential)
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Trust(TrustError::Untrusted { host_ca: true, .. })), "{error:?}");
    assert_eq!(server.hello().await.certificates, 0);
}

#[test]
fn a_key_of_another_certificate_is_noticed_before_it_is_used() {
    let ca = Ca::new("ca");
    let (one, other) = (ca.leaf(&["a"], |_| ()), ca.leaf(&["a"], |_| ()));
    let error = ClientCredential::new(&Zeroizing::new(one.key.clone()), &other.pem()).unwrap_err();
    assert_eq!(error.code(), Code::IdentityCorrupt);
}

#[tokio::test]
async fn ca_files_that_are_missing_or_empty_are_named() {
    let missing = CaSource::File("/nonexistent/ca.pem".into());
    let config = ClusterConfig {
        host: "localhost".to_owned(),
        port: 1,
        kind: AddressKind::AuthOrProxy,
        ca_pins: vec![PIN],
        ca: Some(missing),
        use_configured_address: false,
    };
    let connector = Connector::with_environment(&config, noon(), Environment::default()).unwrap();
    let error = connector.discover().await.unwrap_err();
    assert_eq!(error.code(), Code::ConfigUnreadable);
    assert!(error.to_string().contains("/nonexistent/ca.pem"), "{error}");
    let error = connector_at(1, Some("no PEM"), AddressKind::Proxy, Vec::new(), noon()).discover().await.unwrap_err();
    assert_eq!(error.code(), Code::ConfigInvalid);
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel_and_its_refusal_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (tell, mut seen) = tokio::sync::mpsc::unbounded_channel();
    // Discovery and the probe each ask, in any order.
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0_u8; 1024];
            let count = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden by policy\r\n\r\n").await;
            let _ = tell.send(String::from_utf8_lossy(&request[..count]).into_owned());
        }
    });
    let config = ClusterConfig {
        host: "teleport.example.com".to_owned(),
        port: 443,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: Some(CaSource::Pem(Ca::new("web").pem)),
        use_configured_address: false,
    };
    let environment = Environment::from_lookup(|name| (name == "HTTPS_PROXY").then(|| proxy.clone()));
    let error = Connector::with_environment(&config, noon(), environment).unwrap().discover().await.unwrap_err();
    assert_eq!(error.code(), Code::ClusterUnreachable);
    assert!(error.to_string().contains("403 Forbidden by policy"), "{error}");
    assert!(
        seen.recv()
            .await
            .unwrap()
            .starts_with("CONNECT teleport.example.com:443 HTTP/1.1\r\nHost: teleport.example.com:443\r\n")
    );
}

#[test]
fn the_pin_of_the_recorded_ca_is_what_openssl_computes() {
    let body: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/teleport-15/grpc/get_cluster_ca_cert.json"))
            .unwrap();
    let pem =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body["TLSCA"].as_str().unwrap()).unwrap();
    let pem = String::from_utf8(pem).unwrap();
    let pins = pins_of(&pem).unwrap();
    assert_eq!(pin_text(&pins[0]), "sha256:c8f956153a9e2071b29fa59bd74d62cb0a1534dd2ad02878d47e1cc92d40a6f2");
    assert!(pin::check("a:1", &pins, &pem).is_ok());
    let error = pin::check("a:1", &[PIN], &pem).unwrap_err();
    assert_eq!(error.code(), Code::CaPinMismatch);
    assert!(error.to_string().contains(&pin_text(&PIN)) && error.to_string().contains(&pin_text(&pins[0])), "{error}");
}

#[test]
fn a_difference_of_clocks_says_who_is_ahead() {
    let ours = SystemTime::UNIX_EPOCH + Duration::from_secs(7200);
    let difference = ClockDifference { cluster: SystemTime::UNIX_EPOCH + Duration::from_secs(3600), ours };
    assert!(difference.is_too_large());
    assert!(difference.describe().starts_with("1h ahead of the cluster's"), "{}", difference.describe());
    assert!(!ClockDifference { cluster: ours, ours }.is_too_large());
}

fn proxied(port: u16) -> Cluster {
    let web = Address::new("localhost", port);
    let facts = ProxyFacts {
        web: web.clone(),
        tls_routing: true,
        public_host: "localhost".to_owned(),
        ssh: web.clone(),
        tunnel: web,
        kube: None,
        upgrade: false,
        public: Address::new("localhost", 443),
    };
    Cluster {
        name: "example.test".to_owned(),
        server_version: Version::parse("15.0.0"),
        route: Route::Proxy(facts),
        clock: None,
    }
}

#[test]
fn of_a_reply_all_cas_from_the_first_pinned_one_on_have_to_be_pinned() {
    let [user, second_user, host, second_host, foreign] =
        ["user", "second user", "host", "second host", "foreign"].map(|name| Ca::new(name).pem);
    let pins: Vec<CaPin> = [&host, &second_host].into_iter().flat_map(|pem| pins_of(pem).unwrap()).collect();
    let hosts = |cas: &[&String]| {
        let text: String = cas.iter().map(|pem| pem.as_str()).collect();
        pin::hosts_of_reply(&pins, &text).map(|hosts| hosts.concat())
    };
    let same = |text: String, cas: &[&String]| {
        let expected: String = cas.iter().flat_map(|pem| trust::blocks(pem)).collect();
        assert_eq!(text, expected);
    };
    same(hosts(&[&user, &host]).unwrap(), &[&host]);
    // Rotations of the user authority and of the host authority.
    same(hosts(&[&user, &second_user, &host]).unwrap(), &[&host]);
    same(hosts(&[&user, &host, &second_host]).unwrap(), &[&host, &second_host]);
    for bad in [&[&user][..], &[&user, &host, &foreign], &[&host, &user], &[&user, &foreign]] {
        let error = hosts(bad).unwrap_err();
        assert_eq!(error.code(), Code::CaPinMismatch, "{error}");
        assert!(!error.hint().contains("no token was sent"), "it was: {}", error.hint());
    }
    assert!(pin::check("a:1", &pins, &format!("{host}{foreign}")).is_err(), "one that matches isn't enough");
    assert!(pin::hosts_of_reply(&pins, "").is_err());
}
