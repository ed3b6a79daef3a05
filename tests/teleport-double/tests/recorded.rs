//! The double against replies recorded from a real cluster: same keys, fields, extensions and texts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use support::*;
use teleport_double::{Double, TokenOptions};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};

async fn double(kube: bool) -> Double {
    let builder = Double::builder().bot("fx1", &["api-workers"]).bot("lk", &[]).node("node1", "127.0.0.1:1");
    if kube { builder.kube("kube1") } else { builder }.start().await.unwrap()
}

fn keys(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    if let Value::Object(map) = value {
        for (key, value) in map {
            let path = format!("{at}/{key}");
            keys(value, &path, into);
            into.insert(path);
        }
    }
}

fn key_set(text: &str) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    keys(&serde_json::from_str(text).unwrap(), "", &mut set);
    set
}

/// Status line, and headers without what differs by nature.
fn headers(head: &str) -> (String, BTreeMap<String, String>) {
    let mut lines = head.lines();
    let status = lines.next().unwrap().to_owned();
    let headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| name != "date" && name != "connection")
        .collect();
    (status, headers)
}

fn recorded_headers(name: &str) -> (String, BTreeMap<String, String>) {
    let text = fixture_text(name);
    headers(text.split_once("\r\n\r\n").unwrap().0)
}

#[tokio::test]
async fn discovery_has_the_recorded_keys() {
    let double = double(false).await;
    for name in ["find", "ping"] {
        let (_, body) = web(&double, "GET", &format!("/webapi/{name}"), "").await;
        let recorded = recorded_body(&format!("http/webapi_{name}.response.txt"));
        assert_eq!(key_set(&body), key_set(&recorded), "{name}");
        let (_, versioned) = web(&double, "GET", &format!("/v1/webapi/{name}"), "").await;
        assert_eq!(body, versioned);
    }
}

#[tokio::test]
async fn refused_joins_are_byte_for_byte_as_recorded() {
    let double = double(false).await;
    let used = double.new_token("fx1");
    join_token(&double, &used, "rsa").await;
    double.lock_user("bot-lk", "test lock");
    double.add_bot("fresh", &[]);
    let with = |bot: &str, options: TokenOptions| double.new_token_with(bot, options);
    let node = || TokenOptions { role: "Node".to_owned(), ..TokenOptions::default() };
    let cases = [
        ("join_err_bad_token", "deadbeef".to_owned()),
        ("join_err_used_token", used),
        ("join_err_expired_token", with("fx1", TokenOptions { expired: true, ..TokenOptions::default() })),
        ("join_err_wrong_role", with("fx1", node())),
        ("join_err_role_node_with_bot_token", double.new_token("fx1")),
        ("join_err_role_lowercase", double.new_token("fx1")),
        ("join_err_empty_token", String::new()),
        ("join_err_no_such_bot", double.new_token("nosuch")),
        ("join_err_no_ssh_key", double.new_token("fresh")),
        ("join_user_locked", double.new_token("lk")),
    ];
    for (name, token) in cases {
        let (head, body) = web(&double, "POST", "/v1/webapi/host/credentials", &join_body(name, &token)).await;
        let reply = format!("http/{name}.response.txt");
        assert_eq!(headers(&head), recorded_headers(&reply), "{name}");
        assert_eq!(body, recorded_body(&reply), "{name}");
    }
    let body = fixture_text("http/join_err_not_json.request.json");
    let (head, body) = web(&double, "POST", "/webapi/host/credentials", &body).await;
    assert_eq!(headers(&head), recorded_headers("http/join_err_not_json.response.txt"));
    assert_eq!(body, recorded_body("http/join_err_not_json.response.txt"));
}

#[tokio::test]
async fn a_failed_join_leaves_token_and_generation_alone() {
    let double = double(false).await;
    let token = double.new_token("fx1");
    let body = join_body("join_err_no_ssh_key", &token);
    assert!(web(&double, "POST", "/v1/webapi/host/credentials", &body).await.0.contains("500"));
    assert!(double.token_exists(&token));
    join_token(&double, &token, "rsa").await;
    assert!(!double.token_exists(&token));
}

#[tokio::test]
async fn a_second_token_for_a_joined_bot_is_refused() {
    let double = double(false).await;
    join(&double, "fx1", "rsa").await;
    let body = join_body("join_ok_rsa", &double.new_token("fx1"));
    let (head, body) = web(&double, "POST", "/v1/webapi/host/credentials", &body).await;
    assert!(head.contains(" 400 "), "{head}");
    assert!(body.contains("has already been issued a renewable certificate and cannot be issued another"), "{body}");
}

/// The parts of an X.509 certificate that must agree; values only where they don't depend on the cluster.
#[derive(Debug, PartialEq)]
struct Shape {
    subject: Vec<BTreeSet<String>>,
    extensions: Vec<(String, bool, Option<Vec<u8>>)>,
    issuer: Vec<String>,
    signature: String,
}

fn shape(pem: &str) -> Shape {
    let tbs = Certificate::from_pem(pem).unwrap().tbs_certificate;
    let variable = ["2.5.29.35", "2.5.29.14"];
    Shape {
        subject: tbs
            .subject
            .0
            .iter()
            .map(|rdn| rdn.0.iter().map(|at| format!("{}:{:?}", at.oid, at.value.to_der().unwrap()[0])).collect())
            .collect(),
        extensions: tbs
            .extensions
            .unwrap()
            .into_iter()
            .map(|e| {
                let value =
                    (!variable.contains(&e.extn_id.to_string().as_str())).then(|| e.extn_value.as_bytes().to_vec());
                (e.extn_id.to_string(), e.critical, value)
            })
            .collect(),
        issuer: tbs.issuer.0.iter().flat_map(|rdn| rdn.0.iter()).map(|at| at.oid.to_string()).collect(),
        signature: tbs.signature.oid.to_string(),
    }
}

/// What an SSH certificate holds, without keys, times and random parts.
fn ssh_shape(line: &str) -> (Vec<String>, BTreeMap<String, String>, u64, String) {
    let certificate = ssh_key::Certificate::from_openssh(line.trim()).unwrap();
    let principals = certificate
        .valid_principals()
        .iter()
        .map(|name| if name.starts_with("-teleport-nologin-") { "-teleport-nologin-".to_owned() } else { name.clone() })
        .collect();
    let extensions = certificate.extensions().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    (principals, extensions, certificate.serial(), certificate.signature_key().algorithm().to_string())
}

fn recorded_certs(name: &str) -> Held {
    use prost::Message;
    let certs = teleport_api::auth::Certs::decode(fixture(&format!("grpc/{name}.response.pb")).as_slice()).unwrap();
    let none = Held {
        ssh: String::new(),
        tls: String::new(),
        tls_cas: vec![],
        ssh_cas: vec![],
        key_pem: vec![],
        public_line: String::new(),
    };
    Held::from_certs(certs, &none)
}

fn assert_alike(ours: &Held, recorded: &Held, what: &str) {
    assert_eq!(shape(&ours.tls), shape(&recorded.tls), "{what}");
    assert_eq!(ssh_shape(&ours.ssh), ssh_shape(&recorded.ssh), "{what}");
    assert_eq!((ours.tls_cas.len(), ours.ssh_cas.len()), (recorded.tls_cas.len(), recorded.ssh_cas.len()), "{what}");
    for (ours, recorded) in ours.tls_cas.iter().zip(&recorded.tls_cas) {
        assert_eq!(shape(ours), shape(recorded), "{what}");
    }
    for lines in [&ours.ssh_cas, &recorded.ssh_cas] {
        assert!(lines.iter().all(|line| line.starts_with("ssh-rsa ") && line.split(' ').count() == 2), "{lines:?}");
        let ends = lines.iter().map(|line| line.ends_with('\n')).collect::<Vec<_>>();
        assert_eq!(ends, recorded.ssh_cas.iter().map(|line| line.ends_with('\n')).collect::<Vec<_>>());
    }
    assert_eq!(ours.ssh.ends_with('\n'), recorded.ssh.ends_with('\n'));
    assert_eq!(ours.tls.ends_with('\n'), recorded.tls.ends_with('\n'));
}

#[tokio::test]
async fn joined_certificates_have_the_recorded_shape() {
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let recorded = held(&recorded_body(&format!("http/join_ok_{kind}.response.txt")), kind);
        let kube = shape(&recorded.tls).subject.iter().flatten().any(|at| at.starts_with("1.3.9999.1.3:"));
        let double = double(kube).await;
        let bot = ssh_key::Certificate::from_openssh(recorded.ssh.trim()).unwrap().key_id().to_owned();
        double.add_bot(bot.trim_start_matches("bot-"), &["api-workers"]);
        let ours = join(&double, bot.trim_start_matches("bot-"), kind).await;
        assert_alike(&ours, &recorded, kind);
    }
}

#[tokio::test]
async fn renewed_and_impersonated_certificates_have_the_recorded_shape() {
    let double = double(true).await;
    let held = join(&double, "fx1", "ecdsa").await;
    let mut client = auth(&double, &held, &held).await;
    let kube = teleport_api::auth::UserCertsRequest {
        route_to_cluster: "example.test".to_owned(),
        kubernetes_cluster: "kube1".to_owned(),
        usage: 2,
        ..user_certs("bot-fx1", &held, &["api-workers"])
    };
    let requests = [
        ("renew", user_certs("bot-fx1", &held, &[])),
        ("impersonate", user_certs("bot-fx1", &held, &["api-workers"])),
        ("kube_usage", kube),
    ];
    for (name, request) in requests {
        let certs = client.generate_user_certs(request).await.unwrap().into_inner();
        assert_alike(&Held::from_certs(certs, &held), &recorded_certs(name), name);
    }
}

#[tokio::test]
async fn replies_set_the_recorded_fields() {
    let double = double(true).await;
    let held = join(&double, "fx1", "ecdsa").await;
    let role = auth(&double, &held, &held)
        .await
        .generate_user_certs(user_certs("bot-fx1", &held, &["api-workers"]))
        .await
        .unwrap()
        .into_inner();
    let role = Held::from_certs(role, &held);
    let authority = |kind: &str| [&[10, 4][..], kind.as_bytes(), &[18, 12], b"example.test"].concat();
    let resources = |kind: &str| [&[10, u8::try_from(kind.len()).unwrap()][..], kind.as_bytes()].concat();
    let cases = [
        ("ping", "/proto.AuthService/Ping", vec![], false),
        ("get_cluster_ca_cert", "/proto.AuthService/GetClusterCACert", vec![], false),
        ("get_cert_authority_host", "/teleport.trust.v1.TrustService/GetCertAuthority", authority("host"), false),
        ("get_cert_authority_user", "/teleport.trust.v1.TrustService/GetCertAuthority", authority("user"), false),
        ("list_resources_node", "/proto.AuthService/ListResources", resources("node"), true),
        ("list_resources_kube_server", "/proto.AuthService/ListResources", resources("kube_server"), true),
        ("list_resources_db_server", "/proto.AuthService/ListResources", resources("db_server"), true),
        ("list_resources_app_server", "/proto.AuthService/ListResources", resources("app_server"), true),
    ];
    for (name, path, request, as_role) in cases {
        let caller = if as_role { &role } else { &held };
        let reply = raw_unary(auth_stream(&double, &held, caller).await, path, &request).await;
        let recorded = fixture(&format!("grpc/{name}.pb"));
        assert_eq!(field_paths(&reply).unwrap(), field_paths(&recorded).unwrap(), "{name}");
    }
    let reply =
        raw_unary(auth_stream(&double, &held, &held).await, "/proto.AuthService/ListResources", &resources("node"))
            .await;
    assert!(reply.is_empty(), "the bot itself sees nothing");
}

#[tokio::test]
async fn the_clock_decides_validity_and_roles_cap_it() {
    let double = double(false).await;
    double.set_clock_offset(3600);
    let held = join(&double, "fx1", "ecdsa").await;
    let validity = Certificate::from_pem(&held.tls).unwrap().tbs_certificate.validity;
    let now = std::time::SystemTime::now();
    let from = validity.not_before.to_system_time().duration_since(now).unwrap().as_secs();
    assert!((3530..=3540).contains(&from), "{from}");
    let life = validity.not_after.to_system_time().duration_since(validity.not_before.to_system_time()).unwrap();
    assert_eq!(life.as_secs(), 3660);
}
