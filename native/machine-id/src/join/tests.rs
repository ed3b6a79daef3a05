use super::*;
use crate::config::{AddressKind, ClusterConfig, KeyAlgorithm, ProofSource, TokenSource};
use crate::connect::{Address, HttpReply, Refusal, TransportError, error_message, recorded_answer};
use crate::error::{Code, Error, Fault, Retry};
use std::path::PathBuf;

fn key() -> KeyPair {
    KeyPair::from_pem(include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key")).unwrap()
}

fn asked<'a>(key: &'a KeyPair, token: &'a Secret, method: JoinMethod) -> JoinRequest<'a> {
    let expires = humantime::parse_rfc3339("2026-11-21T09:00:00Z").unwrap();
    JoinRequest { method, token, proof: None, key, expires }
}

async fn outcome(raw: &'static [u8]) -> Result<reply::JoinCerts, Error> {
    let (key, token) = (key(), Secret::new("s3cret".to_owned()));
    let http = recorded_answer(raw).await.unwrap();
    reply::read(&http, &asked(&key, &token, JoinMethod::Token)).map_err(Error::from)
}

macro_rules! recorded {
    ($name:literal) => {
        outcome(include_bytes!(concat!("../../../../tests/fixtures/teleport-15/http/", $name, ".response.txt"))).await
    };
}

#[tokio::test]
async fn every_recorded_refusal_has_its_own_code_and_quotes_the_server() {
    let cases = [
        (recorded!("join_err_bad_token"), Code::JoinRejected, "token expired or not found"),
        (recorded!("join_err_used_token"), Code::JoinRejected, "token expired or not found"),
        (recorded!("join_err_expired_token"), Code::JoinRejected, "token expired or not found"),
        (recorded!("auth_direct_join_err_bad_token"), Code::JoinRejected, "token expired or not found"),
        (recorded!("join_err_no_such_bot"), Code::JoinRejected, "access denied"),
        (recorded!("join_err_empty_token"), Code::JoinRejected, "missing parameter Token"),
        (recorded!("join_err_role_lowercase"), Code::JoinRejected, "missing parameter HostID"),
        (recorded!("join_err_not_json"), Code::JoinRejected, "invalid character"),
        (recorded!("join_err_wrong_role"), Code::JoinWrongRole, "does not allow"),
        (recorded!("join_err_role_node_with_bot_token"), Code::JoinWrongRole, "does not allow"),
        (recorded!("join_user_locked"), Code::BotLocked, "test lock"),
        (recorded!("join_err_no_ssh_key"), Code::ClusterFailed, "ssh: no key found"),
        (recorded!("rate_limited"), Code::RateLimited, "max rate reached"),
    ];
    for (outcome, code, words) in cases {
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert!(!error.hint().is_empty(), "{error}");
    }
}

#[tokio::test]
async fn the_recorded_success_is_for_the_key_and_valid_at_its_time() {
    let certs = recorded!("join_ok_ecdsa").unwrap();
    assert_eq!((certs.tls_cas.len(), certs.ssh_cas.len()), (2, 2));
    let certificates = Certificates::new(&certs.ssh, &certs.tls).unwrap();
    let at = |time: &str| humantime::parse_rfc3339(time).unwrap();
    certificates.check(&key(), at("2026-11-21T08:45:00Z")).unwrap();
    for time in ["2026-11-21T07:00:00Z", "2026-11-22T09:00:00Z"] {
        let error = certificates.check(&key(), at(time)).unwrap_err();
        let date = Some(at("2026-11-21T08:45:00Z"));
        let error: Error = misdated(error, date, at(time)).into();
        assert_eq!(error.code(), Code::ClockSkew, "{error}");
        assert!(error.message().contains("2026-11-21T08:45:00Z there"), "{error}");
    }
    let other = KeyPair::generate(KeyAlgorithm::EcdsaP256).unwrap();
    let error = certificates.check(&other, at("2026-11-21T08:45:00Z")).unwrap_err();
    assert_eq!(misdated(error, None, at("2026-11-21T08:45:00Z")).code(), Code::CertificateInvalid);
}

fn made_up(status: u16, message: &str) -> JoinError {
    let (key, token) = (key(), Secret::new("s3cret".to_owned()));
    let body = format!(r#"{{"error":{{"message":{}}}}}"#, serde_json::to_string(message).unwrap()).into_bytes();
    let http = HttpReply { status, date: None, body };
    assert_eq!(error_message(&http.body), message);
    reply::read(&http, &asked(&key, &token, JoinMethod::Token)).unwrap_err()
}

#[test]
fn a_second_join_of_the_same_bot_names_the_bot() {
    let message = "user \"bot-x\" has already been issued a renewable certificate and cannot be issued another; \
                   delete and recreate the bot";
    let error = made_up(400, message);
    assert_eq!(error.code(), Code::BotAlreadyJoined);
    assert!(error.to_string().starts_with("\"bot-x\" has joined already"), "{error}");
}

#[test]
fn a_rate_limit_says_when_to_try_again() {
    let error = made_up(429, "max rate reached: retry-in 2s");
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(2)));
}

#[test]
fn a_token_that_the_server_repeats_is_not_repeated_by_us() {
    let error = made_up(403, "token \"s3cret\" is expired");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[test]
fn the_body_has_the_keys_of_the_recorded_request() {
    let recorded: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/teleport-15/http/join_ok_ecdsa.request.json"))
            .unwrap();
    let (key, token) = (key(), Secret::new(recorded["token"].as_str().unwrap().to_owned()));
    let body = asked(&key, &token, JoinMethod::Token).body().unwrap();
    let ours: serde_json::Value = serde_json::from_slice(&body).unwrap();
    for name in ["token", "role", "public_tls_key"] {
        assert_eq!(ours[name], recorded[name], "{name}");
    }
    assert_eq!(ours["expires"], "2026-11-21T09:00:00Z");
    assert!(ours.get("id_token").is_none());
    let line = |value: &serde_json::Value| {
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, value.as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap().trim().to_owned()
    };
    assert_eq!(line(&ours["public_ssh_key"]), line(&recorded["public_ssh_key"]));
}

#[test]
fn junk_instead_of_certificates_is_a_failure_of_the_cluster() {
    let (key, token) = (key(), Secret::new("s3cret".to_owned()));
    for body in ["", "{}", r#"{"ssh":"%","tls":"%"}"#, r#"{"ssh":"","tls":""}"#] {
        let http = HttpReply { status: 200, date: None, body: body.as_bytes().to_vec() };
        let error = reply::read(&http, &asked(&key, &token, JoinMethod::Token)).unwrap_err();
        assert_eq!(error.code(), Code::ClusterFailed, "{body}");
    }
}

#[test]
fn each_method_finds_its_proof_where_the_protocol_says() {
    let set = |name: &'static str| move |asked: &str| (asked == name).then(|| " proof\n".to_owned());
    let text = |found: Result<Secret, JoinError>| found.unwrap().expose().to_owned();
    assert_eq!(text(gitlab::proof(&set("TBOT_GITLAB_JWT"))), "proof");
    assert_eq!(text(circleci::proof(&set("CIRCLE_OIDC_TOKEN"))), "proof");
    assert_eq!(text(spacelift::proof(&set("SPACELIFT_OIDC_TOKEN"))), "proof");
    assert_eq!(text(terraform_cloud::proof(&set("TFC_WORKLOAD_IDENTITY_TOKEN"))), "proof");
    assert_eq!(text(bitbucket::proof(&set("BITBUCKET_STEP_OIDC_TOKEN"))), "proof");
    let error = gitlab::proof(&|_: &str| None).unwrap_err();
    assert_eq!(error.code(), Code::JoinProofMissing);
    assert!(error.to_string().contains("TBOT_GITLAB_JWT"), "{error}");
}

#[test]
fn a_projected_token_is_read_from_the_named_file_and_a_missing_one_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), &path).unwrap();
    let named = path.display().to_string();
    let found = kubernetes::proof(&|name: &str| (name == "KUBERNETES_TOKEN_PATH").then(|| named.clone())).unwrap();
    assert!(found.expose().starts_with("[package]"));
    let error = kubernetes::proof(&|_: &str| None).unwrap_err();
    assert!(error.to_string().contains("/var/run/secrets/kubernetes.io/serviceaccount/token"), "{error}");
    let source = ProofSource::File(PathBuf::from("/nonexistent"));
    assert_eq!(proof::read(JoinMethod::Gitlab, &source, &|_: &str| None).unwrap_err().code(), Code::JoinProofMissing);
}

#[test]
fn a_token_file_that_is_gone_is_no_error_until_a_token_is_needed() {
    let join = JoinConfig {
        method: JoinMethod::Token,
        token: TokenSource::File(PathBuf::from("/nonexistent/token")),
        proof: None,
    };
    assert_eq!(token_hash(&join).unwrap(), None);
    let error = token::missing(&join.token);
    assert_eq!(error.code(), Code::ConfigUnreadable);
    assert!(error.to_string().contains("/nonexistent/token"), "{error}");
}

#[test]
fn a_join_can_move_between_threads() {
    fn is_send<F: Future + Send>(_: impl FnOnce(Connector, Cluster, Arc<JoinConfig>, crate::clock::SystemClock) -> F) {}
    is_send(|connector, cluster, config, clock| async move {
        join(&connector, &cluster, &config, &key(), Duration::ZERO, &clock).await
    });
}

/// A pipe into which nobody writes is read for as long as a disk that hangs.
#[tokio::test]
async fn a_token_or_proof_that_hangs_does_not_stop_the_thread_that_joins() {
    const LONG: Duration = Duration::from_secs(20);
    let scratch = tempfile::tempdir().unwrap();
    for hangs in ["token", "proof"] {
        let pipe = scratch.path().join(hangs);
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let token = match hangs {
            "token" => TokenSource::File(pipe.clone()),
            _ => TokenSource::Value(Secret::new("name".to_owned())),
        };
        let proof = Some(ProofSource::File(pipe.clone()));
        let config = Arc::new(JoinConfig { method: JoinMethod::Gitlab, token, proof });
        let (reading, begun) = tokio::sync::oneshot::channel();
        let (goes_on, seen) = std::sync::mpsc::channel();
        let disk = std::thread::spawn(move || {
            // Comes back when somebody reads.
            let held = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
            reading.send(()).unwrap();
            let outcome = seen.recv_timeout(LONG);
            drop(held);
            outcome
        });
        let joining = tokio::spawn(async move {
            let clock: crate::clock::SharedClock = Arc::new(crate::clock::SystemClock::new());
            let address = Address::new("127.0.0.1", 1);
            let cluster = ClusterConfig {
                host: address.host.clone(),
                port: address.port,
                kind: AddressKind::Proxy,
                ca_pins: Vec::new(),
                ca: None,
            };
            let connector = Connector::new(&cluster, Arc::clone(&clock)).unwrap();
            let cluster = Cluster::assumed("c", address);
            join(&connector, &cluster, &config, &key(), Duration::ZERO, &*clock).await.unwrap_err().code()
        });
        begun.await.unwrap();
        let _late = goes_on.send(());
        let code = joining.await.unwrap();
        disk.join().unwrap().expect("the thread that joins waits for a file");
        assert!(matches!(code, Code::ConfigUnreadable | Code::JoinProofMissing), "{hangs}: {code:?}");
    }
}

#[test]
fn a_token_that_the_server_repeats_in_another_failure_is_not_repeated_by_us_either() {
    let (key, token) = (key(), Secret::new("s3cret".to_owned()));
    let request = asked(&key, &token, JoinMethod::Token);
    let failed = |message: &str| {
        ConnectError::Transport(TransportError::Failed {
            call: "the join",
            message: message.to_owned(),
            transient: true,
        })
    };
    let error = reply::refused_call(failed("no backend for s3cret"), &request);
    assert_eq!((error.code(), error.retry()), (Code::ClusterUnreachable, Retry::Later));
    assert!(error.to_string().ends_with("no backend for …"), "{error}");
    let limited = ConnectError::Refused(Refusal::RateLimited { message: "slowly, s3cret".to_owned(), retry_in: None });
    assert!(!reply::refused_call(limited, &request).to_string().contains("s3cret"));
    assert!(reply::refused_call(failed("no backend"), &request).to_string().ends_with("no backend"));
}
