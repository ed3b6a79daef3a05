//! Rotation of the CAs phase by phase, the watch, versions, ID tokens and a leaf cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

mod support;

use support::*;
use teleport_api::auth::{Operation, Watch, WatchKind};
use teleport_double::{AuthorityKind, Double, KeyKind, Phase, Role, TokenOptions};

async fn double() -> Double {
    Double::builder().bot("api", &["api-workers"]).start().await.unwrap()
}

/// Which of the two host CAs a new connection to the auth server is verified by.
async fn serving(double: &Double, old: &str, new: &str) -> [bool; 2] {
    let mut verified = [false; 2];
    for (at, ca) in [old, new].into_iter().enumerate() {
        let config = client_config(&[ca.to_owned()], AUTH_ALPN, &[], None);
        verified[at] = tls(&double.auth_address(), ENCODED, config).await.is_ok();
    }
    verified
}

#[tokio::test]
async fn each_phase_has_the_keys_of_the_real_one() {
    let double = double().await;
    let old = double.host_ca_pem();
    let pin = double.ca_pin();
    assert_eq!(double.ca_pins(), std::slice::from_ref(&pin));
    double.rotate(Phase::Init).unwrap();
    assert_eq!((double.ca_pins().len(), double.host_ca_pem()), (2, old.clone()));
    let exported = web(&double, "GET", "/webapi/auth/export?type=tls-host", "").await.1;
    assert_eq!(exported.matches("BEGIN").count(), 2);
    let new = exported.strip_prefix(&old).unwrap().to_owned();
    assert_eq!(serving(&double, &old, &new).await, [true, false]);
    double.rotate(Phase::UpdateClients).unwrap();
    assert_eq!(double.host_ca_pem(), new);
    assert_eq!(serving(&double, &old, &new).await, [true, false]);
    double.rotate(Phase::UpdateServers).unwrap();
    assert_eq!(serving(&double, &old, &new).await, [false, true]);
    double.rotate(Phase::Standby).unwrap();
    assert_eq!(double.ca_pins().len(), 1);
    assert_ne!(double.ca_pin(), pin);
}

#[tokio::test]
async fn a_rollback_brings_the_old_keys_back() {
    let double = double().await;
    let pin = double.ca_pin();
    for phase in [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Rollback] {
        double.rotate(phase).unwrap();
    }
    assert_eq!((double.ca_pin(), double.ca_pins().len()), (pin, 2));
}

#[tokio::test]
async fn a_watch_sees_init_and_then_each_phase_and_old_clients_go_on_until_standby() {
    let double = double().await;
    let held = join(&double, "api", "ecdsa").await;
    let mut client = auth(&double, &held, &held).await;
    let filter = [("host".to_owned(), "example.test".to_owned())].into_iter().collect();
    let kind = WatchKind { kind: "cert_authority".to_owned(), filter, ..WatchKind::default() };
    let watch = Watch { kinds: vec![kind], ..Watch::default() };
    let mut events = client.watch_events(watch).await.unwrap().into_inner();
    let first = events.message().await.unwrap().unwrap();
    assert_eq!((first.r#type(), first.resource), (Operation::Init, None));
    for phase in [Phase::Init, Phase::UpdateClients] {
        double.rotate_authority(AuthorityKind::User, phase).unwrap();
        double.rotate_authority(AuthorityKind::Host, phase).unwrap();
        let event = events.message().await.unwrap().unwrap();
        assert_eq!(event.r#type(), Operation::Put);
        let Some(teleport_api::auth::event::Resource::CertAuthority(authority)) = event.resource else { panic!() };
        let spec = authority.spec.unwrap();
        assert_eq!((spec.r#type.as_str(), spec.rotation.unwrap().phase.as_str()), ("host", phase.as_str()));
    }
    let renewed = client.generate_user_certs(user_certs("bot-api", &held, &[])).await.unwrap().into_inner();
    assert_eq!(renewed.tlsca_certs.len(), 4);
    double.rotate(Phase::UpdateServers).unwrap();
    double.rotate(Phase::Standby).unwrap();
    let renewed = Held::from_certs(renewed, &held);
    let roots = Held { tls_cas: vec![double.host_ca_pem()], ..held.clone() };
    auth(&double, &roots, &renewed).await.get_domain_name(()).await.unwrap();
    use tokio::io::AsyncReadExt;
    let gone = auth_stream(&double, &roots, &held).await.read_u8().await.unwrap_err();
    assert!(gone.to_string().contains("alert"), "{gone}");
}

#[tokio::test]
async fn other_watches_are_refused() {
    let double = double().await;
    let held = join(&double, "api", "ecdsa").await;
    let kind = WatchKind { kind: "node".to_owned(), ..WatchKind::default() };
    let watch = Watch { kinds: vec![kind], ..Watch::default() };
    let refused = auth(&double, &held, &held).await.watch_events(watch).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}

#[tokio::test]
async fn version_17_takes_two_keys_and_names_bot_and_instance() {
    let double =
        Double::builder().version("17.2.0").ca_keys(KeyKind::Ecdsa).bot("api", &["api-workers"]).start().await.unwrap();
    let mut body: serde_json::Value =
        serde_json::from_str(&join_body("join_ok_ed25519", &double.new_token("api"))).unwrap();
    let tls_key = fixture("keys/ecdsa.spki.pem");
    body["public_tls_key"] = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tls_key).into();
    let (head, reply) = web(&double, "POST", "/v1/webapi/host/credentials", &body.to_string()).await;
    assert!(head.contains(" 200 "), "{head} {reply}");
    let mut held = held(&reply, "ed25519");
    held.key_pem = fixture("keys/ecdsa.key");
    let subject = |pem: &str| {
        let certificate = <x509_cert::Certificate as x509_cert::der::DecodePem>::from_pem(pem).unwrap();
        certificate
            .tbs_certificate
            .subject
            .0
            .iter()
            .flat_map(|rdn| rdn.0.iter())
            .map(|at| at.oid.to_string())
            .collect::<Vec<_>>()
    };
    assert!(subject(&held.tls).contains(&"1.3.9999.2.20".to_owned()));
    let mut client = auth(&double, &held, &held).await;
    let split = teleport_api::auth::UserCertsRequest {
        public_key: vec![],
        ssh_public_key: held.public_line.clone().into_bytes(),
        tls_public_key: fixture("keys/ecdsa.spki.pem"),
        ..user_certs("bot-api", &held, &["api-workers"])
    };
    let certs = client.generate_user_certs(split.clone()).await.unwrap().into_inner();
    assert!(certs.ssh.starts_with(b"ssh-ed25519-cert-v01@openssh.com "));
    let only_tls = teleport_api::auth::UserCertsRequest { ssh_public_key: vec![], ..split };
    let certs = client.generate_user_certs(only_tls).await.unwrap().into_inner();
    assert!(certs.ssh.is_empty() && !certs.tls.is_empty());
    client.generate_user_certs(user_certs("bot-api", &held, &[])).await.unwrap();
    let refused = client.generate_user_certs(user_certs("bot-api", &held, &[])).await.unwrap_err();
    assert!(refused.message().starts_with("renewable cert generation mismatch for bot api/"), "{refused}");
    join_token(
        &double,
        &{
            double.unlock_all();
            double.new_token("api")
        },
        "rsa",
    )
    .await;
}

#[tokio::test]
async fn an_id_token_joins_again_and_again_without_being_renewable() {
    let double = double().await;
    let options = TokenOptions {
        name: "k8s".to_owned(),
        id_token: Some(("kubernetes".to_owned(), "ey.right".to_owned())),
        ..TokenOptions::default()
    };
    let token = double.new_token_with("api", options);
    for (proof, status) in [("ey.right", " 200 "), ("ey.wrong", " 500 "), ("ey.right", " 200 ")] {
        let mut body: serde_json::Value = serde_json::from_str(&join_body("join_ok_rsa", &token)).unwrap();
        body["id_token"] = proof.into();
        let (head, body) = web(&double, "POST", "/v1/webapi/host/credentials", &body.to_string()).await;
        assert!(head.contains(status), "{head} {body}");
        if status == " 200 " {
            let certificate = ssh_key::Certificate::from_openssh(held(&body, "rsa").ssh.trim()).unwrap();
            assert!(!certificate.extensions().contains_key("renewable"));
        }
    }
    assert!(double.token_exists("k8s"));
}

#[tokio::test]
async fn a_leaf_cluster_has_its_own_host_ca_and_can_be_routed_to() {
    let double = Double::builder().leaf("leaf.test").bot("api", &["api-workers"]).start().await.unwrap();
    let held = join(&double, "api", "ecdsa").await;
    let config =
        client_config(&[held.host_ca().to_owned()], &[AUTH_ALPN[0], "http/1.1"], &[&held.tls], Some(&held.key_pem));
    let stream = tls(&double.proxy_address(), ENCODED, config).await.unwrap();
    let (_, body) = exchange(stream, &request("GET", "/v2/remoteclusters", "")).await;
    assert!(body.contains("leaf.test"), "{body}");
    let reply = raw_unary(
        auth_stream(&double, &held, &held).await,
        "/teleport.trust.v1.TrustService/GetCertAuthorities",
        &[&[10, 4][..], b"host"].concat(),
    )
    .await;
    let text = String::from_utf8_lossy(&reply).into_owned();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
    let mut client = auth(&double, &held, &held).await;
    for (cluster, known) in [("leaf.test", true), ("nosuch", false)] {
        let request = teleport_api::auth::UserCertsRequest {
            route_to_cluster: cluster.to_owned(),
            ..user_certs("bot-api", &held, &["api-workers"])
        };
        let reply = client.generate_user_certs(request).await;
        assert_eq!(reply.is_ok(), known);
        if let Err(refused) = reply {
            assert_eq!(
                (refused.code(), refused.message()),
                (tonic::Code::NotFound, "remote cluster \"nosuch\" is not found")
            );
        }
    }
}

#[tokio::test]
async fn a_locked_role_stops_its_certificates_but_not_the_bot() {
    let double = double().await;
    double.set_role(Role::new("api-workers").logins(&["root"]));
    let held = join(&double, "api", "ecdsa").await;
    let mut client = auth(&double, &held, &held).await;
    let role = client.generate_user_certs(user_certs("bot-api", &held, &["api-workers"])).await.unwrap().into_inner();
    let role = Held::from_certs(role, &held);
    double.lock_role("api-workers", "stop");
    let refused = auth(&double, &held, &role).await.get_domain_name(()).await.unwrap_err();
    assert_eq!(refused.message(), "access denied");
    client.get_domain_name(()).await.unwrap();
}
