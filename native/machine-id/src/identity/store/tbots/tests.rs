//! Taking over tbot's storage, as tbot 15 wrote it, and cut at each write.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::super::Store;
use super::*;
use crate::clock::FixedClock;
use crate::config::DirectoryConfig;
use crate::error::{Code, Fault};
use crate::identity::fixtures;

const ALL: [&str; 8] = [KEY, SSH_CERTIFICATE, TLS_CERTIFICATE, TLS_CAS, SSH_CAS, TOKEN_HASH, "key.pub", "sshcert"];

#[expect(clippy::disallowed_methods, reason = "what tbot would have written")]
fn put(directory: &TempDir, name: &str, text: &str) {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// tbot's storage, and it has ended.
fn storage() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for name in ALL.into_iter().chain([LOCK]) {
        put(&directory, name, &fixtures::read(&format!("tbot/storage/{name}")));
    }
    let store = open(&directory);
    (directory, store)
}

fn open(directory: &TempDir) -> Store {
    let config = DirectoryConfig::private(directory.path().to_owned());
    Store::open(&config, Arc::new(FixedClock::at(fixtures::now()))).unwrap()
}

fn guard(store: &Store) -> StoreGuard {
    store.lock(Duration::ZERO).unwrap()
}

fn names(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn it_becomes_ours_whole_and_nothing_of_tbots_is_left() {
    let (directory, store) = storage();
    assert_eq!(store.tbots_token_hash(), Some(fixtures::read("tbot/storage/tokenhash")));
    let guard = guard(&store);
    assert_eq!(guard.take_over().unwrap().as_deref(), Some(directory.path()));
    let state = guard.load().unwrap().unwrap();
    let (key, certificates) = fixtures::tbot_directory("storage");
    assert_eq!(state.identity.key.ssh_private_pem().expose(), key.ssh_private_pem().expose());
    assert_eq!((state.identity.certificates, state.renewal), (certificates, RenewalState::Ready));
    assert_eq!(state.identity.cluster, "example.test");
    assert_eq!(state.identity.token_hash, Some(fixtures::read("tbot/storage/tokenhash")));
    let authorities = fixtures::authorities();
    assert_eq!(state.identity.authorities.root_host_cas(), authorities.root_host_cas());
    assert_eq!(state.identity.authorities.user.ssh_keys, authorities.user.ssh_keys);
    assert_eq!(names(&directory), [".lock", "identity.json", "lock"]);
    assert_eq!(guard.take_over().unwrap(), None);
}

#[test]
fn while_tbot_runs_it_is_left_alone() {
    let (directory, store) = storage();
    let tbots = Destination::open_existing(&DirectoryConfig::private(directory.path().to_owned())).unwrap().unwrap();
    let running = tbots.lock_file(LOCK, Duration::ZERO).unwrap();
    let error = guard(&store).take_over().unwrap_err();
    assert_eq!(error.code(), Code::IdentityBusy, "{error}");
    assert!(error.hint().contains("tbot"), "{}", error.hint());
    assert!(directory.path().join(KEY).exists() && !directory.path().join("identity.json").exists());
    drop(running);
    assert!(guard(&store).take_over().unwrap().is_some());
}

#[test]
fn parts_of_two_identities_are_none() {
    for (name, text) in [
        (SSH_CERTIFICATE, fixtures::grpc_reply("renew").ssh),
        (TLS_CERTIFICATE, fixtures::grpc_reply("renew").tls),
        (KEY, String::new()),
        (SSH_CAS, String::new()),
        (TLS_CAS, "no certificate".to_owned()),
    ] {
        let (directory, store) = storage();
        put(&directory, name, &text);
        let before = names(&directory);
        let error = guard(&store).take_over().unwrap_err();
        assert!(matches!(error, StoreError::Tbots { .. }), "{name}: {error}");
        assert_eq!(names(&directory), [&[".lock".to_owned()], before.as_slice()].concat(), "{name}");
    }
}

#[test]
fn cut_at_any_write_it_is_tbots_or_ours() {
    // The key is on its way, tbot can't start any more.
    let (directory, store) = storage();
    put(&directory, TAKEN_KEY, &fixtures::read("tbot/storage/key"));
    std::fs::remove_file(directory.path().join(KEY)).unwrap();
    assert!(guard(&store).take_over().unwrap().is_some());
    assert_eq!(names(&directory), [".lock", "identity.json", "lock"]);

    // Ours is written, the rest isn't deleted yet.
    let (key, _) = fixtures::tbot_directory("storage");
    put(&directory, TAKEN_KEY, key.ssh_private_pem().expose());
    put(&directory, TOKEN_HASH, "x");
    guard(&open(&directory)).finish_take_over().unwrap();
    assert_eq!(names(&directory), [".lock", "identity.json", "lock"]);

    // tbot has joined anew meanwhile: that is its own.
    put(&directory, TAKEN_KEY, key.ssh_private_pem().expose());
    put(&directory, TOKEN_HASH, "x");
    put(&directory, KEY, "another");
    guard(&open(&directory)).finish_take_over().unwrap();
    assert_eq!(names(&directory), [".lock", "identity.json", "key", "lock", "tokenhash"]);
}
