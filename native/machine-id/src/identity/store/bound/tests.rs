use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::config::{DirectoryConfig, KeyAlgorithm};
use crate::identity::Store;

fn store(directory: &tempfile::TempDir) -> Store {
    let config = DirectoryConfig::private(directory.path().join("bot"));
    Store::open(&config, Arc::new(SystemClock::new())).unwrap()
}

fn bound(store: &Store) -> BoundKeys {
    BoundKeys::new(Arc::new(store.lock(Duration::ZERO).unwrap()))
}

fn key() -> Arc<KeyPair> {
    Arc::new(KeyPair::generate(KeyAlgorithm::Ed25519).unwrap())
}

fn state(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn shown(bound: &BoundKeys, owner: &str) -> (Option<String>, bool) {
    let loaded = bound.load(owner).unwrap();
    (loaded.state.map(|state| state.expose().to_owned()), loaded.lost_since.is_some())
}

#[test]
fn a_state_that_was_shown_is_never_shown_again_until_another_one_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let (store, key) = (store(&directory), key());
    let bound = bound(&store);
    assert_eq!(shown(&bound, "a"), (None, false));
    bound.begin_recovery().unwrap();
    assert_eq!(shown(&bound, "a"), (None, true), "a first join");
    bound.settle("a", state("one"), &key);
    assert_eq!(shown(&bound, "a"), (Some("one".to_owned()), false));
    bound.begin_recovery().unwrap();
    assert_eq!(shown(&bound, "a"), (None, true));
    bound.abandon_recovery().unwrap();
    assert_eq!(shown(&bound, "a"), (Some("one".to_owned()), false));
    bound.begin_recovery().unwrap();
    // As another process finds it, and as an administrator repairs it.
    drop(bound);
    let bound = self::bound(&self::store(&directory));
    assert_eq!(shown(&bound, "a"), (None, true));
    bound.settle("a", state("two"), &key);
    assert_eq!(shown(&bound, "a"), (Some("two".to_owned()), false));
}

#[test]
fn the_state_of_another_token_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let bound = bound(&store(&directory));
    bound.settle("a", state("one"), &key());
    assert_eq!(shown(&bound, "b"), (None, false));
    bound.begin_recovery().unwrap();
    bound.abandon_recovery().unwrap();
    assert_eq!(shown(&bound, "b"), (None, false), "a refused join doesn't make it the other one's");
    assert_eq!(shown(&bound, "a").0.as_deref(), Some("one"));
}

#[test]
fn ten_keys_are_kept_the_newest_first_and_the_active_one_before_them() {
    let directory = tempfile::tempdir().unwrap();
    let bound = bound(&store(&directory));
    let keys: Vec<_> = (0..12).map(|_| key()).collect();
    bound.adopt(&keys[0]).unwrap();
    for key in &keys[1..] {
        bound.remember(key).unwrap();
    }
    let lines = |keys: &[Arc<KeyPair>]| keys.iter().map(|key| key.ssh_public_line().to_owned()).collect::<Vec<_>>();
    let mut expected = lines(&keys[..1]);
    expected.extend(lines(&keys[2..]).into_iter().rev());
    assert_eq!(lines(&bound.load("a").unwrap().keys), expected);
    let read = |name: &str| std::fs::read_to_string(directory.path().join("bot").join(name)).unwrap();
    assert_eq!(read("id_bkp.pub"), format!("{}\n", keys[0].ssh_public_line()));
    assert!(read("id_bkp").starts_with("-----BEGIN PRIVATE KEY-----\n"), "as tbot reads it");
    let history: serde_json::Value = serde_json::from_str(&read("bkp_key_history.json")).unwrap();
    assert_eq!(history["entries"].as_array().unwrap().len(), 10);
    assert!(history["entries"][0]["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_store_of_tbots_is_taken_over() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let pem = include_str!("../../../../../../tests/fixtures/teleport-15/keys/ecdsa.key");
    let history = serde_json::json!({"entries": [
        {"time": "2025-09-01T10:00:00.123456789+02:00", "private_key": pem},
        {"time": "2025-08-01T10:00:00Z", "private_key": include_str!("../../../../../../tests/fixtures/teleport-15/keys/rsa.key")},
    ]});
    for (name, text) in
        [("id_bkp", pem.to_owned()), ("bkp_state", "a.b.c\n".to_owned()), ("bkp_key_history.json", history.to_string())]
    {
        let path = directory.path().join("bot").join(name);
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let loaded = bound(&store).load("a").unwrap();
    let algorithms: Vec<_> = loaded.keys.iter().map(|key| key.algorithm()).collect();
    assert_eq!(algorithms, [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa2048]);
    assert_eq!((loaded.state.unwrap().expose(), loaded.lost_since), ("a.b.c", None));
}

#[test]
fn a_file_that_is_none_is_named_and_nothing_of_it_shown() {
    for name in ["id_bkp", "bkp_key_history.json", "bkp_shown.json"] {
        let directory = tempfile::tempdir().unwrap();
        let bound = bound(&store(&directory));
        bound.write(name, b"hunter2").unwrap();
        let error = bound.load("a").unwrap_err();
        assert!(error.to_string().contains(name) && !error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn what_cannot_be_written_is_kept_and_written_later() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let bound = bound(&store);
    let blocker = directory.path().join("bot/bkp_state");
    std::fs::create_dir(&blocker).unwrap();
    bound.settle("a", state("one"), &key());
    std::fs::remove_dir(&blocker).unwrap();
    assert_eq!(shown(&bound, "a"), (Some("one".to_owned()), false));
    assert_eq!(std::fs::read_to_string(&blocker).unwrap(), "one");
}

/// What another process finds.
fn found(directory: &tempfile::TempDir, owner: &str) -> (Option<String>, bool) {
    shown(&bound(&store(directory)), owner)
}

#[test]
fn a_process_that_ends_between_two_writes_leaves_no_state_that_is_taken_for_another_tokens() {
    let two = Some("two".to_owned());
    let ended_before = |blocked: &str| {
        let directory = tempfile::tempdir().unwrap();
        bound(&store(&directory)).settle("a", state("one"), &key());
        let path = directory.path().join("bot").join(blocked);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        bound(&store(&directory)).settle("b", state("two"), &key());
        std::fs::remove_dir(&path).unwrap();
        directory
    };
    for blocked in ["id_bkp.pub", "id_bkp"] {
        let directory = ended_before(blocked);
        assert_eq!((found(&directory, "a").0, found(&directory, "b")), (None, (two.clone(), false)), "{blocked}");
    }
    // Before the state, and before the last one, which takes the first one back.
    let directory = tempfile::tempdir().unwrap();
    let bound = bound(&store(&directory));
    bound.settle("a", state("one"), &key());
    bound.note(Some("b".to_owned()), Some(digest(Some(&state("one"))))).unwrap();
    assert_eq!((shown(&bound, "a").0, shown(&bound, "b")), (None, (None, true)));
    let between = std::fs::read(directory.path().join("bot/bkp_shown.json")).unwrap();
    bound.settle("b", state("two"), &key());
    bound.write(SHOWN, &between).unwrap();
    drop(bound);
    assert_eq!((found(&directory, "a").0, found(&directory, "b")), (None, (two, false)));
}

#[test]
fn each_write_that_fails_is_made_up_for_later() {
    for blocked in ["bkp_shown.json", "bkp_state", "id_bkp.pub", "id_bkp"] {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        bound(&store).settle("a", state("one"), &key());
        let path = directory.path().join("bot").join(blocked);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let key = key();
        bound(&store).settle("b", state("two"), &key);
        assert!(store.has_unwritten() && !bound(&store).write_down(), "{blocked}");
        std::fs::remove_dir(&path).unwrap();
        assert!(bound(&store).write_down() && !store.has_unwritten(), "{blocked}");
        assert_eq!(found(&directory, "b"), (Some("two".to_owned()), false), "{blocked}");
        assert_eq!(found(&directory, "a").0, None, "{blocked}");
        assert_eq!(bound(&store).load("b").unwrap().keys[0].ssh_public_line(), key.ssh_public_line(), "{blocked}");
    }
}

#[test]
fn memory_keeps_it_as_long_as_the_store_lives() {
    let (store, key) = (Store::in_memory(Arc::new(SystemClock::new())), key());
    let bound = self::bound(&store);
    bound.remember(&key).unwrap();
    bound.begin_recovery().unwrap();
    assert_eq!(shown(&bound, "a"), (None, true));
    bound.settle("a", state("one"), &key);
    drop(bound);
    let bound = self::bound(&store);
    assert_eq!(shown(&bound, "a"), (Some("one".to_owned()), false));
    assert_eq!(bound.load("a").unwrap().keys[0].ssh_public_line(), key.ssh_public_line());
    let other = Store::in_memory(Arc::new(SystemClock::new()));
    assert!(self::bound(&other).load("a").unwrap().keys.is_empty(), "a store of its own");
}
