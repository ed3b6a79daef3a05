//! The store's promises: whole or nothing, one holder, and never an old generation twice.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::clock::FixedClock;
use crate::error::{Code, Fault};
use crate::identity::{KeyPair, Rotation, fixtures};

fn store() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    (directory, store)
}

fn open(directory: &TempDir) -> Store {
    let config = DirectoryConfig::private(directory.path().join("api"));
    Store::open(&config, Arc::new(FixedClock::at(fixtures::now()))).unwrap()
}

fn joined() -> BotIdentity {
    fixtures::identity("ecdsa", fixtures::join_reply("join_ok_ecdsa").certificates)
}

fn renewed() -> BotIdentity {
    fixtures::identity("ecdsa", fixtures::grpc_reply("renew"))
}

fn guard(store: &Store) -> StoreGuard {
    store.lock(Duration::ZERO).unwrap()
}

fn overwrite(store: &Store, text: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "damage on purpose")]
    std::fs::write(store.path(), text).unwrap();
}

#[test]
fn what_is_saved_is_loaded_again_by_another_process() {
    let (directory, store) = store();
    assert!(guard(&store).load().unwrap().is_none());
    guard(&store).save(&joined()).unwrap();
    let state = guard(&open(&directory)).load().unwrap().unwrap();
    let (seen, expected) = (&state.identity, joined());
    assert_eq!(seen.certificates, expected.certificates);
    assert_eq!(seen.authorities, expected.authorities);
    assert_eq!(seen.key.ssh_private_pem().expose(), expected.key.ssh_private_pem().expose());
    assert_eq!((&seen.cluster, &seen.token_hash), (&expected.cluster, &expected.token_hash));
    assert_eq!((state.renewal, state.saved_at), (RenewalState::Ready, fixtures::now()));
    assert_eq!(state.machine, MachineMark::of_this_machine());
}

#[test]
fn the_file_is_private_and_the_only_one() {
    let (directory, store) = store();
    guard(&store).save(&joined()).unwrap();
    guard(&store).save(&renewed()).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&store.path()), mode(&directory.path().join("api"))), (0o600, 0o700));
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path().join("api")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "identity.json"]);
}

#[test]
fn the_token_hash_is_tbots() {
    assert_eq!(joined().token_hash.unwrap(), fixtures::read("tbot/storage/tokenhash"));
}

#[test]
fn a_second_holder_waits_in_vain_and_is_told_so() {
    let (directory, store) = store();
    let held = guard(&store);
    let other = open(&directory);
    let error = other.lock(Duration::from_millis(20)).unwrap_err();
    assert_eq!((error.code(), error.retry()), (Code::IdentityBusy, crate::error::Retry::Later));
    drop(held);
    other.lock(Duration::ZERO).unwrap();
}

#[test]
fn after_a_crash_during_a_renewal_the_old_generation_is_never_offered_again() {
    let (directory, store) = store();
    guard(&store).save(&joined()).unwrap();
    let permit = guard(&store).begin_renewal().unwrap();
    assert_eq!(permit.identity().certificates, joined().certificates);
    drop((permit, store));

    let store = open(&directory);
    let guard = guard(&store);
    let pending = RenewalState::Pending { since: fixtures::now(), generation: Some(1) };
    assert_eq!(guard.load().unwrap().unwrap().renewal, pending);
    let error = guard.begin_renewal().unwrap_err();
    assert_eq!(error.code(), Code::IdentityNeedsRejoin);
    assert_eq!(
        error.to_string(),
        "the stored identity can't be renewed: the outcome of its renewal at 2026-11-21T08:45:00Z isn't known"
    );
    assert!(matches!(guard.save(&joined()), Err(StoreError::NotReady { .. })), "the intent must not be forgotten");
    assert_eq!(guard.load().unwrap().unwrap().renewal, pending);
}

#[test]
fn a_renewal_that_ends_well_can_be_followed_by_the_next() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    guard.begin_renewal().unwrap();
    guard.save(&renewed()).unwrap();
    let permit = guard.begin_renewal().unwrap();
    assert_eq!(permit.identity().facts().unwrap().generation, Some(2));
}

#[test]
fn an_abandoned_renewal_can_be_begun_again_but_not_with_an_old_permit() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    let permit = guard.begin_renewal().unwrap();
    guard.abandon_renewal(permit, "connection refused").unwrap();
    assert_eq!(guard.load().unwrap().unwrap().renewal, RenewalState::Ready);
    let permit = guard.begin_renewal().unwrap();
    guard.save(&renewed()).unwrap();
    assert!(guard.abandon_renewal(permit, "late").is_err());
    assert_eq!(guard.load().unwrap().unwrap().identity.certificates, renewed().certificates);
}

#[test]
fn new_authorities_leave_a_pending_renewal_pending() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    guard.begin_renewal().unwrap();
    let mut authorities = fixtures::authorities();
    authorities.host[0].rotation = Rotation { state: "in_progress".to_owned(), ..Rotation::default() };
    guard.update_authorities(&authorities).unwrap();
    let state = guard.load().unwrap().unwrap();
    assert_eq!(state.identity.authorities, authorities);
    assert!(matches!(state.renewal, RenewalState::Pending { .. }));
}

#[test]
fn a_reason_to_rejoin_is_kept_until_another_identity_is_saved() {
    let (_directory, store) = store();
    let guard = guard(&store);
    assert_eq!(guard.mark_needs_rejoin("x").unwrap_err().code(), Code::IdentityNeedsRejoin);
    guard.save(&joined()).unwrap();
    guard.mark_needs_rejoin(&"locked ".repeat(1000)).unwrap();
    let RenewalState::NeedsRejoin { reason } = guard.load().unwrap().unwrap().renewal else { panic!("not kept") };
    assert_eq!(reason.len(), 1000);
    assert!(guard.begin_renewal().is_err());
    guard.save(&renewed()).unwrap();
    guard.begin_renewal().unwrap();
}

#[test]
fn an_identity_that_was_never_renewable_gets_no_permit() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&fixtures::identity("ecdsa", fixtures::grpc_reply("impersonate"))).unwrap();
    assert!(matches!(guard.begin_renewal(), Err(StoreError::NotRenewable { .. })));
    assert_eq!(guard.load().unwrap().unwrap().renewal, RenewalState::Ready);
}

#[test]
fn a_damaged_file_is_reported_kept_and_can_be_set_aside() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    let whole = std::fs::read(store.path()).unwrap();
    for length in (0..whole.len() - 2).step_by(97) {
        overwrite(&store, &whole[..length]);
        let error = guard.load().unwrap_err();
        assert_eq!(error.code(), Code::IdentityCorrupt, "{length}: {error}");
        assert_eq!(guard.save(&renewed()).unwrap_err().code(), Code::IdentityCorrupt);
        assert_eq!(std::fs::read(store.path()).unwrap(), &whole[..length]);
    }
    let aside = guard.set_aside().unwrap();
    assert!(aside.ends_with("identity.json.set-aside-1795250700"), "{}", aside.display());
    assert!(guard.load().unwrap().is_none() && aside.exists());
    guard.save(&renewed()).unwrap();
}

#[test]
fn a_file_of_another_version_size_or_make_is_reported() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    let whole = std::fs::read_to_string(store.path()).unwrap();
    overwrite(&store, whole.replace("\"version\": 1", "\"version\": 7").as_bytes());
    assert!(matches!(guard.load().unwrap_err(), StoreError::OtherVersion { seen: 7, expected: 1, .. }));
    overwrite(&store, &vec![b' '; 5 * 1024 * 1024]);
    assert!(guard.load().unwrap_err().to_string().contains("5242880 bytes"));
    let other = KeyPair::generate(crate::config::KeyAlgorithm::EcdsaP256).unwrap();
    let json = |pem: &str| serde_json::to_string(pem).unwrap();
    let swapped =
        whole.replace(&json(joined().key.ssh_private_pem().expose()), &json(other.ssh_private_pem().expose()));
    assert_ne!(swapped, whole);
    overwrite(&store, swapped.as_bytes());
    assert!(guard.load().unwrap_err().to_string().contains("for another key"));
}

#[test]
fn no_message_about_a_damaged_file_quotes_the_key() {
    let (_directory, store) = store();
    let guard = guard(&store);
    guard.save(&joined()).unwrap();
    let whole = std::fs::read_to_string(store.path()).unwrap();
    let body: String = joined().key.ssh_private_pem().expose().lines().nth(1).unwrap().to_owned();
    overwrite(&store, whole.replace("\"saved_at\": ", &format!("\"saved_at\": \"{body}\", \"x\": ")).as_bytes());
    assert!(!guard.load().unwrap_err().to_string().contains(&body[..8]));
}

#[test]
fn a_link_in_place_of_the_file_is_refused() {
    let (directory, store) = store();
    guard(&store).save(&joined()).unwrap();
    let elsewhere = directory.path().join("elsewhere");
    std::fs::rename(store.path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, store.path()).unwrap();
    assert_eq!(guard(&store).load().unwrap_err().code(), Code::DestinationUnsafe);
}

#[test]
fn a_store_of_another_machine_is_recognised() {
    let (_directory, store) = store();
    guard(&store).save(&joined()).unwrap();
    let mut state = store.peek().unwrap().unwrap();
    let mark = |name: &str| MachineMark { machine: Some(name.to_owned()), boot: None };
    state.machine = mark("one");
    state.check_machine(&mark("one")).unwrap();
    state.check_machine(&MachineMark::default()).unwrap();
    assert_eq!(state.check_machine(&mark("two")).unwrap_err().code(), Code::IdentityForeign);
}

proptest! {
    #[test]
    fn no_file_panics(text in "\\PC{0,200}", at in 0_usize..100_000, byte in 0_u8..=255) {
        let path = std::path::Path::new("identity.json");
        let _ = format::read(text.as_bytes(), path);
        let written = format::write(&joined(), &RenewalState::Ready, &MachineMark::default(), fixtures::now()).unwrap();
        let mut bytes = written.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = format::read(&bytes, path);
    }
}

#[test]
fn what_a_killed_process_left_half_written_is_gone_once_the_lock_is_taken() {
    let (directory, store) = store();
    guard(&store).save(&joined()).unwrap();
    let left = directory.path().join("api/.t-0123456789abcdef");
    std::fs::copy(store.path(), &left).unwrap();
    assert!(store.peek().unwrap().is_some());
    assert!(left.exists(), "deleted without the lock");
    assert!(guard(&store).load().unwrap().is_some());
    assert!(!left.exists());
}

#[test]
fn memory_keeps_the_same_promises_and_ends_with_its_store() {
    let clock = || Arc::new(FixedClock::at(fixtures::now()));
    let store = Store::in_memory(clock());
    assert!(store.stamp().is_none() && guard(&store).load().unwrap().is_none());
    guard(&store).try_out().unwrap();
    guard(&store).save(&joined()).unwrap();
    let first = store.stamp();
    assert!(first.is_some());
    assert_eq!(store.peek().unwrap().unwrap().identity.certificates, joined().certificates);
    let permit = guard(&store).begin_renewal().unwrap();
    assert!(matches!(guard(&store).begin_renewal(), Err(StoreError::NotReady { .. })));
    assert_ne!(store.stamp(), first);
    guard(&store).abandon_renewal(permit, "not sent").unwrap();
    guard(&store).save(&renewed()).unwrap();
    assert!(!store.path().exists(), "there is no file");
    assert!(Store::in_memory(clock()).peek().unwrap().is_none());
}
