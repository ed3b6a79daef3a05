//! The texts of `bkp_key_history.json`, tbot's, and `bkp_shown.json`, ours.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::identity::key::KeyPair;
use crate::identity::store::error::StoreError;
use crate::secret::Secret;

/// More are never read.
const MOST: usize = 100;

/// Longest time that is kept.
const MAX_TIME: usize = 64;

/// A key, and when it was made.
#[derive(Debug)]
pub(super) struct Entry {
    /// RFC 3339, as it was written: the order matters alone.
    pub(super) time: String,
    pub(super) key: Arc<KeyPair>,
}

#[derive(Deserialize)]
struct ReadHistory {
    #[serde(default)]
    entries: Option<Vec<ReadEntry>>,
}

#[derive(Deserialize)]
struct ReadEntry {
    time: String,
    private_key: Secret,
}

#[derive(Serialize)]
struct WrittenHistory<'a> {
    entries: Vec<WrittenEntry<'a>>,
}

#[derive(Serialize)]
struct WrittenEntry<'a> {
    time: &'a str,
    private_key: &'a str,
}

/// Reads a history; the error says nothing of what stands in it.
pub(super) fn read_history(text: &[u8]) -> Result<Vec<Entry>, String> {
    let read: ReadHistory = serde_json::from_slice(text).map_err(|_| "it isn't a history of keys".to_owned())?;
    let entries = read.entries.unwrap_or_default();
    if entries.len() > MOST {
        return Err(format!("it holds {} keys", entries.len()));
    }
    let entry = |entry: ReadEntry| {
        let key = KeyPair::from_pem(entry.private_key.expose()).map_err(|error| error.to_string())?;
        Ok(Entry { time: entry.time.chars().take(MAX_TIME).collect(), key: Arc::new(key) })
    };
    entries.into_iter().map(entry).collect()
}

pub(super) fn write_history(entries: &[Entry]) -> Result<Zeroizing<String>, StoreError> {
    let written = entries
        .iter()
        .map(|entry| WrittenEntry { time: &entry.time, private_key: entry.key.tls_private_pem().expose() });
    let entries = written.collect();
    let text = serde_json::to_string(&WrittenHistory { entries }).map_err(StoreError::unwritable)?;
    Ok(Zeroizing::new(text))
}

/// Whose the stored state is, and which state was shown at a join without known outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Hash of the name of the token that the stored state is of; none: it isn't known, as of a state of tbot's.
    pub(super) owner: Option<String>,
    /// When that was written, in seconds since 1970.
    pub(super) since: u64,
    /// SHA-256 of the state; none: no join is open.
    pub(super) state: Option<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
struct ShownText {
    token_hash: Option<String>,
    since: u64,
    state_sha256: Option<String>,
}

pub(super) fn read_shown(text: &[u8]) -> Result<Shown, String> {
    let read: ShownText = serde_json::from_slice(text).map_err(|_| "it isn't what this program writes".to_owned())?;
    let hash = |hex_digits: String| {
        let mut digest = [0; 32];
        hex::decode_to_slice(hex_digits, &mut digest).map_err(|_| "it holds no SHA-256".to_owned())?;
        Ok::<_, String>(digest)
    };
    Ok(Shown { owner: read.token_hash, since: read.since, state: read.state_sha256.map(hash).transpose()? })
}

pub(super) fn write_shown(shown: &Shown) -> Result<Vec<u8>, StoreError> {
    let (owner, state) = (shown.owner.clone(), shown.state.map(hex::encode));
    let text = ShownText { token_hash: owner, since: shown.since, state_sha256: state };
    serde_json::to_vec(&text).map_err(StoreError::unwritable)
}

pub(super) fn from_unix(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}
