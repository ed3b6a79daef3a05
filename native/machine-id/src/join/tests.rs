use super::*;
use crate::config::{AddressKind, ClusterConfig, KeyAlgorithm, TokenSource};
use crate::connect::{Address, HttpReply, IssuedCerts, error_message, recorded_answer};
use crate::error::{Code, Error, Fault, Retry};
use crate::identity::Store;
use crate::method::{JoinMethod, Settings, Value};
use crate::secret::Secret;
use crate::version::Version;
use std::path::PathBuf;

fn key() -> KeyPair {
    KeyPair::from_pem(include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key")).unwrap()
}

static NONE: bound_keypair::Init = bound_keypair::Init { secret: None, state: None };

fn asked<'a>(key: &'a KeyPair, token: &'a Secret, version: &'a Version) -> JoinRequest<'a> {
    let expires = humantime::parse_rfc3339("2026-11-21T09:00:00Z").unwrap();
    let secrets = Vec::new();
    JoinRequest { method: JoinMethod::Token, token, id_token: None, secrets, bound: &NONE, key, expires, version }
}

fn read(http: &HttpReply) -> Result<IssuedCerts, JoinError> {
    let (key, token, version) = (key(), Secret::new("s3cret".to_owned()), Version::parse("15.4.2"));
    way::read_https(http, &asked(&key, &token, &version))
}

async fn outcome(raw: &'static [u8]) -> Result<IssuedCerts, Error> {
    read(&recorded_answer(raw).await.unwrap()).map_err(Error::from)
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
    let body = format!(r#"{{"error":{{"message":{}}}}}"#, serde_json::to_string(message).unwrap()).into_bytes();
    let http = HttpReply { status, date: None, body };
    assert_eq!(error_message(&http.body), message);
    read(&http).unwrap_err()
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
fn junk_instead_of_certificates_is_a_failure_of_the_cluster() {
    for body in ["", "{}", r#"{"ssh":"%","tls":"%"}"#, r#"{"ssh":"","tls":""}"#] {
        let http = HttpReply { status: 200, date: None, body: body.as_bytes().to_vec() };
        assert_eq!(read(&http).unwrap_err().code(), Code::ClusterFailed, "{body}");
    }
}

#[test]
fn a_token_file_that_is_gone_is_no_error_until_a_token_is_needed() {
    let join = JoinConfig {
        method: JoinMethod::Token,
        token: TokenSource::File(PathBuf::from("/nonexistent/token")),
        settings: Arc::default(),
        given: None,
    };
    assert_eq!(token_hash(&join).unwrap(), None);
    let error = token::missing(&join.token);
    assert_eq!(error.code(), Code::ConfigUnreadable);
    assert!(error.to_string().contains("/nonexistent/token"), "{error}");
}

fn joining<'a>(config: &'a Arc<JoinConfig>, key: &'a KeyPair) -> Joining<'a> {
    let store = Store::in_memory(Arc::new(crate::clock::SystemClock::new()));
    let store = BoundKeys::new(Arc::new(store.lock(Duration::ZERO).unwrap()));
    Joining { config, key, lifetime: Duration::ZERO, member: None, store }
}

#[test]
fn a_join_can_move_between_threads() {
    fn is_send<F: Future + Send>(_: impl FnOnce(Connector, Cluster, Arc<JoinConfig>, crate::clock::SystemClock) -> F) {}
    is_send(|connector, cluster, config, clock| async move {
        join(&connector, &cluster, joining(&config, &key()), &clock).await
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
        let mut settings = Settings::default();
        let file = JoinMethod::Gitlab.spec().settings.iter().find(|setting| setting.name == "file").unwrap();
        settings.set(file, Value::Path(pipe.clone()));
        let config =
            Arc::new(JoinConfig { method: JoinMethod::Gitlab, token, settings: Arc::new(settings), given: None });
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
                use_configured_address: false,
            };
            let connector = Connector::new(&cluster, Arc::clone(&clock)).unwrap();
            let cluster = Cluster::assumed("c", address);
            join(&connector, &cluster, joining(&config, &key()), &*clock).await.unwrap_err().code()
        });
        begun.await.unwrap();
        let _late = goes_on.send(());
        let code = joining.await.unwrap();
        disk.join().unwrap().expect("the thread that joins waits for a file");
        assert!(matches!(code, Code::ConfigUnreadable | Code::JoinProofMissing), "{hangs}: {code:?}");
    }
}
