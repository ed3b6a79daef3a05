use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::config::DirectoryConfig;
use crate::connect::TransportError;
use crate::error::{Code, Fault};
use crate::identity::{Store, fixtures};
use crate::join::refusal::{Envelope, of};
use crate::join::request::JoinRequest;
use crate::method::JoinMethod;
use crate::version::Version;

const CHALLENGE: &str = "{\"nonce\":\"n\"}";

fn store(directory: &tempfile::TempDir) -> BoundKeys {
    let config = DirectoryConfig::private(directory.path().join("bot"));
    let store = Store::open(&config, Arc::new(SystemClock::new())).unwrap();
    BoundKeys::new(Arc::new(store.lock(Duration::ZERO).unwrap()))
}

fn kept(secret: Option<&str>) -> Configured {
    Configured::Kept(secret.map(|secret| Secret::new(secret.to_owned())))
}

async fn opened(store: &BoundKeys, configured: &Configured) -> Result<(Session, Init), JoinError> {
    Session::open(store.clone(), "hash".to_owned(), configured, false).await
}

fn lost() -> JoinError {
    JoinError::Connect(TransportError::BadReply { call: "the join", reason: "cut".to_owned() }.into())
}

fn refused(message: &str) -> JoinError {
    let (token, version) = (Secret::new("name".to_owned()), Version::parse("18.2.0"));
    let pem = include_str!("../../../../../tests/fixtures/teleport-15/keys/ecdsa.key");
    let request = JoinRequest {
        method: JoinMethod::BoundKeypair,
        token: &token,
        id_token: None,
        secrets: Vec::new(),
        bound: &Init::default(),
        key: &KeyPair::from_pem(pem).unwrap(),
        expires: std::time::SystemTime::UNIX_EPOCH,
        version: &version,
    };
    of(Envelope::Grpc(tonic::Code::PermissionDenied), &[message.to_owned()], &request)
}

/// Registers a new key, up to before the result.
async fn first(store: &BoundKeys) -> (Session, String) {
    let (mut session, init) = opened(store, &kept(Some("secret"))).await.unwrap();
    assert_eq!((init.secret.unwrap().expose(), init.state.is_none()), ("secret", true));
    let line = session.new_key("balanced-v1").await.unwrap();
    let kept = store.load("hash").unwrap();
    assert_eq!(kept.keys[0].ssh_public_line(), line, "kept before it is sent");
    assert!(kept.lost_since.is_none());
    session.sign(&format!("{line} a comment\n"), CHALLENGE).await.unwrap();
    assert!(store.load("hash").unwrap().lost_since.is_some(), "noted before it is sent");
    (session, line)
}

fn bound(line: &str, state: &str) -> Bound {
    Bound { join_state: state.as_bytes().to_vec(), public_key: line.to_owned() }
}

#[tokio::test]
async fn what_a_first_join_brings_is_shown_at_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let (mut session, line) = first(&store).await;
    session.settle(bound(&line, "a.b.c")).await.unwrap();
    let (mut session, init) = opened(&store, &kept(None)).await.unwrap();
    assert_eq!(init.state.unwrap().expose(), "a.b.c");
    session.sign(&line, CHALLENGE).await.unwrap();
}

#[tokio::test]
async fn memory_keeps_key_and_state_from_join_to_join() {
    let store = Store::in_memory(Arc::new(SystemClock::new()));
    let store = BoundKeys::new(Arc::new(store.lock(Duration::ZERO).unwrap()));
    let (mut session, line) = first(&store).await;
    session.settle(bound(&line, "a.b.c")).await.unwrap();
    let (mut session, init) = opened(&store, &kept(None)).await.unwrap();
    assert_eq!(init.state.unwrap().expose(), "a.b.c");
    session.sign(&line, CHALLENGE).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_told_and_its_state_never_shown_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let (mut session, line) = first(&store).await;
    session.settle(bound(&line, "a.b.c")).await.unwrap();
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    session.sign(&line, CHALLENGE).await.unwrap();
    let error = session.failed(lost()).await;
    assert_eq!(error.code(), Code::IdentityNeedsRejoin);
    assert!(error.to_string().contains("the answer to a join that uses up"), "{error}");
    assert!(error.hint().contains("recovery.mode of the token resource to insecure"), "{}", error.hint());
    let (mut session, init) = opened(&store, &kept(None)).await.unwrap();
    assert!(init.state.is_none());
    // The key is still there, the refusal says which join was to blame, and nothing is forgotten by it.
    session.sign(&line, CHALLENGE).await.unwrap();
    let error = session.failed(refused("previous join state is required but was not provided")).await;
    assert!(error.to_string().contains("was lost with the answer to the join of 20"), "{error}");
    assert!(opened(&store, &kept(None)).await.unwrap().1.state.is_none());
}

#[tokio::test]
async fn a_refusal_uses_nothing_up() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let (mut session, line) = first(&store).await;
    session.settle(bound(&line, "a.b.c")).await.unwrap();
    for message in ["no rejoins remaining", "committing updated token state, please try again"] {
        let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
        session.sign(&line, CHALLENGE).await.unwrap();
        let error = session.failed(refused(message)).await;
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(opened(&store, &kept(None)).await.unwrap().1.state.unwrap().expose(), "a.b.c");
    }
    // Nothing was answered yet.
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    assert_eq!(session.failed(lost()).await.code(), lost().code());
    assert!(opened(&store, &kept(None)).await.unwrap().1.state.is_some());
}

/// The answer may come from after the generation was advanced.
#[tokio::test]
async fn a_lock_at_a_rejoin_leaves_its_outcome_open() {
    for (message, open) in [("lock targeting User:\"bot-x\" is in force", true), ("bot instance mismatch", false)] {
        let directory = tempfile::tempdir().unwrap();
        let config = DirectoryConfig::private(directory.path().join("bot"));
        let guard = Store::open(&config, Arc::new(SystemClock::new())).unwrap().lock(Duration::ZERO).unwrap();
        guard.save(&fixtures::identity("ecdsa", fixtures::join_reply("join_ok_ecdsa").certificates)).unwrap();
        let store = BoundKeys::new(Arc::new(guard));
        let (mut session, line) = first(&store).await;
        session.settle(bound(&line, "a.b.c")).await.unwrap();
        let (mut session, _) = Session::open(store.clone(), "hash".to_owned(), &kept(None), true).await.unwrap();
        session.sign(&line, CHALLENGE).await.unwrap();
        drop(session.failed(refused(message)).await);
        assert_eq!(store.begin_rejoin().is_err(), open, "{message}");
    }
}

#[tokio::test]
async fn a_key_that_only_the_history_has_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let (mut session, old) = first(&store).await;
    session.settle(bound(&old, "a.b.c")).await.unwrap();
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    session.sign(&old, CHALLENGE).await.unwrap();
    let new = session.new_key("fips-v1").await.unwrap();
    assert!(new.starts_with("ecdsa-sha2-nistp256 "), "{new}");
    // The answer is lost, the cluster has the new one.
    session.sign(&new, CHALLENGE).await.unwrap();
    drop(session.failed(lost()).await);
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    session.sign(&new, CHALLENGE).await.unwrap();
    session.sign(&old, CHALLENGE).await.unwrap();
    let other = include_str!("../../../../../tests/fixtures/teleport-15/keys/ed25519.ssh.pub");
    let error = session.sign(other, CHALLENGE).await.unwrap_err();
    assert_eq!(error.code(), Code::JoinProofMissing);
    assert!(error.to_string().contains("the cluster asks for a key that isn't here: ssh-ed25519 "), "{error}");
}

#[tokio::test]
async fn without_key_and_secret_a_key_is_made_and_named_to_be_registered() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let error = opened(&store, &kept(None)).await.unwrap_err();
    assert_eq!(error.code(), Code::JoinProofMissing);
    let line = store.load("hash").unwrap().keys[0].ssh_public_line().to_owned();
    assert!(error.to_string().ends_with(&line), "{error}");
    assert!(error.hint().contains("initial_public_key"), "{}", error.hint());
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    // It is named as long as it isn't registered.
    let error = session.failed(refused("a valid registration secret is required")).await;
    assert!(matches!(&error, JoinError::BoundKeypair(BoundKeypairError::Unregistered { .. })), "{error}");
    assert!(error.to_string().ends_with(&line), "{error}");
    let (mut session, _) = opened(&store, &kept(Some("wrong"))).await.unwrap();
    let error = session.failed(refused("a valid registration secret is required")).await;
    assert!(matches!(error, JoinError::Rejected { rejection: Rejection::RegistrationSecret, .. }), "{error}");
    let (mut session, _) = opened(&store, &kept(None)).await.unwrap();
    session.sign(&line, CHALLENGE).await.unwrap();
}

#[tokio::test]
async fn a_static_key_is_never_replaced_and_keeps_nothing() {
    let store = Store::in_memory(Arc::new(SystemClock::new()));
    let store = BoundKeys::new(Arc::new(store.lock(Duration::ZERO).unwrap()));
    let pem = include_str!("../../../../../tests/fixtures/teleport-15/keys/ed25519.key");
    let fixed = || Configured::Static(Arc::new(KeyPair::from_pem(pem).unwrap()));
    let (mut session, init) = opened(&store, &fixed()).await.unwrap();
    assert!(init.secret.is_none() && init.state.is_none());
    let line = include_str!("../../../../../tests/fixtures/teleport-15/keys/ed25519.ssh.pub");
    session.sign(line, CHALLENGE).await.unwrap();
    assert!(store.load("hash").unwrap().lost_since.is_none(), "there is no state to lose");
    assert_eq!(session.failed(lost()).await.code(), lost().code());
    let (mut session, _) = opened(&store, &fixed()).await.unwrap();
    session.sign(line, CHALLENGE).await.unwrap();
    let error = session.failed(refused("join state verification failed")).await;
    assert!(matches!(error, JoinError::Rejected { .. }), "{error}");
    let (mut session, _) = opened(&store, &fixed()).await.unwrap();
    session.sign(line, CHALLENGE).await.unwrap();
    let error = session.new_key("balanced-v1").await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("static key never changes")), (Code::JoinRejected, true));
    session.settle(bound(line, "a.b.c")).await.unwrap();
    assert!(opened(&store, &fixed()).await.unwrap().1.state.is_none());
}

#[test]
fn suites_want_their_algorithms() {
    for (suite, expected) in [
        ("legacy", KeyAlgorithm::Rsa2048),
        ("balanced-v1", KeyAlgorithm::Ed25519),
        ("fips-v1", KeyAlgorithm::EcdsaP256),
        ("hsm-v1", KeyAlgorithm::EcdsaP256),
        ("later-v9", KeyAlgorithm::EcdsaP256),
    ] {
        assert_eq!(algorithm(suite), expected, "{suite}");
    }
}
