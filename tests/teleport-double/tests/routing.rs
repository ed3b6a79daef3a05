//! Where connections go, by SNI, ALPN and client certificate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

mod support;

use std::time::Duration;

use support::*;
use teleport_api::auth::PingRequest;
use teleport_api::auth::auth_service_client::AuthServiceClient;
use teleport_double::{CertificateFault, Double, Fault, Point, Times};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

async fn double() -> Double {
    Double::builder().bot("api", &["api-workers"]).kube("kube1").start().await.unwrap()
}

fn web_ca(double: &Double) -> String {
    std::fs::read_to_string(double.web_ca_pem()).unwrap()
}

#[tokio::test]
async fn the_web_certificate_is_shown_unless_a_teleport_protocol_comes_first() {
    let double = double().await;
    let (web, host) = ([web_ca(&double)], [double.host_ca_pem()]);
    let proxy = double.proxy_address();
    type Case = (&'static [&'static str], &'static str, bool, Option<&'static [u8]>);
    let cases: [Case; 7] = [
        (&["h2", "teleport-auth@6578616d706c652e74657374.teleport.cluster.local"], "localhost", false, Some(b"h2")),
        (&["http/1.1"], "localhost", false, Some(b"http/1.1")),
        (&[], "localhost", false, None),
        (&["teleport-proxy-grpc", "h2"], "localhost", false, Some(b"h2")),
        (AUTH_ALPN, ENCODED, true, Some(b"h2")),
        (&["teleport-proxy-ssh-grpc", "h2"], "localhost", true, None),
        (&["teleport-reversetunnel"], "localhost", true, Some(b"teleport-reversetunnel")),
    ];
    for (alpn, name, by_host_ca, negotiated) in cases {
        let (right, wrong) = if by_host_ca { (&host, &web) } else { (&web, &host) };
        let stream = tls(&proxy, name, client_config(right, alpn, &[], None)).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), negotiated, "{alpn:?}");
        tls(&proxy, name, client_config(wrong, alpn, &[], None)).await.unwrap_err();
    }
}

#[tokio::test]
async fn the_auth_protocol_alone_is_an_alert_and_an_unknown_cluster_an_end_of_file() {
    let double = double().await;
    let host = [double.host_ca_pem()];
    let proxy = double.proxy_address();
    let alone = tls(&proxy, ENCODED, client_config(&host, &AUTH_ALPN[..1], &[], None)).await.unwrap_err();
    assert!(alone.to_string().contains("NoApplicationProtocol"), "{alone}");
    let unknown = ["teleport-auth@6e6f.teleport.cluster.local", "h2"];
    let unknown = tls(&proxy, ENCODED, client_config(&host, &unknown, &[], None)).await.unwrap_err();
    assert_eq!(unknown.kind(), std::io::ErrorKind::UnexpectedEof, "{unknown}");
    let name = tls(&proxy, "other.example.test", client_config(&host, AUTH_ALPN, &[], None)).await.unwrap_err();
    assert!(name.to_string().contains("not valid for name"), "{name}");
}

#[tokio::test]
async fn anybody_may_ping_but_only_a_leaf_certificate_is_taken() {
    let double = double().await;
    let held = join(&double, "api", "ecdsa").await;
    let host = [double.host_ca_pem()];
    for address in [double.proxy_address(), double.auth_address()] {
        let anonymous = client_config(&host, AUTH_ALPN, &[], None);
        let mut client = AuthServiceClient::new(channel(&address, ENCODED, anonymous).await.unwrap());
        let pong = client.ping(PingRequest {}).await.unwrap().into_inner();
        assert_eq!((pong.cluster_name.as_str(), pong.server_version.as_str()), ("example.test", "15.0.0-dev"));
        assert_eq!(client.get_domain_name(()).await.unwrap_err().code(), Code::PermissionDenied);
    }
    let chain = [held.tls.as_str(), held.tls_cas[0].as_str()];
    let config = client_config(&host, &[AUTH_ALPN[0], "http/1.1"], &chain, Some(&held.key_pem));
    let stream = tls(&double.proxy_address(), ENCODED, config).await.unwrap();
    let (head, body) = exchange(stream, &request("GET", "/v2/remoteclusters", "")).await;
    assert!(
        head.contains(" 403 ") && body.contains("access denied: intermediaries are not supported"),
        "{head} {body}"
    );
    let config = client_config(&host, AUTH_ALPN, &chain, Some(&held.key_pem));
    let refused = match channel(&double.proxy_address(), ENCODED, config).await {
        Err(_) => return,
        Ok(channel) => AuthServiceClient::new(channel).ping(PingRequest {}).await.unwrap_err(),
    };
    assert_ne!(refused.code(), Code::PermissionDenied, "cut, not answered: {refused}");
}

#[tokio::test]
async fn an_expired_client_certificate_is_a_tls_alert() {
    let double = double().await;
    double.faults().inject(Point::Join, Fault::Certificate(CertificateFault::Expired), Times::Once);
    let held = join(&double, "api", "ecdsa").await;
    let mut stream = auth_stream(&double, &held, &held).await;
    let alert = stream.read_u8().await.unwrap_err();
    assert!(alert.to_string().contains("CertificateExpired"), "{alert}");
}

#[tokio::test]
async fn the_auth_server_takes_joins_over_http_1_directly_and_through_the_proxy() {
    let double = double().await;
    let host = [double.host_ca_pem()];
    let ways: [(String, &[&str]); 3] = [
        (double.auth_address(), &[]),
        (double.auth_address(), &["http/1.1"]),
        (double.proxy_address(), &[AUTH_ALPN[0], "http/1.1"]),
    ];
    for (number, (address, alpn)) in ways.into_iter().enumerate() {
        double.add_bot(&number.to_string(), &[]);
        let token = double.new_token(&number.to_string());
        let stream = tls(&address, "teleport.cluster.local", client_config(&host, alpn, &[], None)).await.unwrap();
        let body = join_body("auth_direct_join_ok", &token);
        let (head, body) = exchange(stream, &request("POST", "/v1/tokens/register", &body)).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head} {body}");
        let held = held(&body, "ecdsa");
        assert_eq!(held.host_ca(), double.host_ca_pem());
        let stream = auth_stream(&double, &held, &held).await;
        assert!(stream.get_ref().1.peer_certificates().is_some());
    }
}

#[tokio::test]
async fn behind_a_balancer_the_auth_server_is_reached_inside_an_upgrade() {
    let double = Double::builder().bot("api", &[]).behind_balancer().start().await.unwrap();
    let web = [web_ca(&double)];
    let proxy = double.proxy_address();
    let probe =
        tls(&proxy, "localhost", client_config(&web, &["teleport-reversetunnel"], &[], None)).await.unwrap_err();
    assert!(probe.to_string().contains("NoApplicationProtocol"), "{probe}");
    let mut outer = tls(&proxy, "localhost", client_config(&web, &["http/1.1"], &[], None)).await.unwrap();
    let upgrade = "GET /webapi/connectionupgrade HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: alpn\r\nX-Teleport-Upgrade: alpn\r\n\r\n";
    outer.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(outer.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let recorded = fixture_text("http/connectionupgrade_alpn.response.txt");
    for line in recorded.lines().filter(|line| !line.trim().is_empty()) {
        assert!(head.to_lowercase().contains(&line.trim().to_lowercase()), "{line} in {head}");
    }
    let config = std::sync::Arc::new(client_config(&[double.host_ca_pem()], AUTH_ALPN, &[], None));
    let name = rustls::pki_types::ServerName::try_from(ENCODED).unwrap();
    let inner = tokio_rustls::TlsConnector::from(config).connect(name, outer).await.unwrap();
    assert_eq!(inner.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn connection_faults_refuse_reset_garble_and_close() {
    let double = double().await;
    let web = [web_ca(&double)];
    let proxy = double.proxy_address();
    let connect = || tls(&proxy, "localhost", client_config(&web, &["http/1.1"], &[], None));
    for fault in [Fault::Refuse, Fault::ResetAfter(100), Fault::Garbage] {
        double.faults().inject(Point::ProxyConnection, fault.clone(), Times::Once);
        connect().await.map(|_| ()).expect_err(&format!("{fault:?}"));
        connect().await.unwrap();
    }
    for (fault, answered) in [(Fault::HangBeforeTls, false), (Fault::Hang, true)] {
        double.faults().inject(Point::ProxyConnection, fault, Times::Once);
        let handshake = tokio::time::timeout(Duration::from_millis(300), connect()).await;
        assert_eq!(handshake.is_ok(), answered);
    }
    double.open_proxy(false);
    let port = proxy.rsplit_once(':').unwrap().1.to_owned();
    let refused = async {
        while TcpStream::connect(format!("127.0.0.1:{port}")).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused).await.unwrap();
    double.open_proxy(true);
    let served = async {
        while connect().await.is_err() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap();
    double.stop();
}

#[tokio::test]
async fn http_faults_have_status_and_retry_after() {
    let double = double().await;
    double.faults().inject(Point::Find, Fault::Http { status: 429, retry_after: Some(3) }, Times::Once);
    let (head, body) = web(&double, "GET", "/webapi/find", "").await;
    assert!(head.starts_with("HTTP/1.1 429") && head.to_lowercase().contains("retry-after: 3"), "{head}");
    assert_eq!(body, recorded_body("http/rate_limited.response.txt").replace("0s", "3s"));
    assert!(web(&double, "GET", "/webapi/find", "").await.0.starts_with("HTTP/1.1 200"));
    assert_eq!(double.counters().seen(Point::Find), 2);
}
