//! The text of `identity.json`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::machine::MachineMark;
use super::{RenewalState, StoredState};
use crate::identity::authority::Authorities;
use crate::identity::bot::BotIdentity;
use crate::identity::certificates::Certificates;
use crate::identity::key::KeyPair;
use crate::secret::Secret;

/// Raised when an older program must not read what a newer one wrote.
const VERSION: u64 = 1;

/// No identity is longer; what is written is always readable again.
pub(super) const MAX_FILE: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Header {
    version: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    saved_at: u64,
    renewal: Renewal,
    cluster: &'a str,
    key: &'a str,
    ssh_certificate: &'a str,
    tls_certificate: &'a str,
    authorities: &'a Authorities,
    token_hash: Option<&'a str>,
    machine: &'a MachineMark,
}

#[derive(Deserialize)]
struct Read {
    saved_at: u64,
    renewal: Renewal,
    cluster: String,
    key: Secret,
    ssh_certificate: String,
    tls_certificate: String,
    authorities: Authorities,
    token_hash: Option<String>,
    #[serde(default)]
    machine: MachineMark,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Renewal {
    Ready,
    Pending { since: u64, generation: Option<u64> },
    NeedsRejoin { reason: String },
}

/// Renders a state; times are whole seconds since 1970.
pub(super) fn write(
    identity: &BotIdentity,
    renewal: &RenewalState,
    machine: &MachineMark,
    now: SystemTime,
) -> Result<Zeroizing<String>, StoreError> {
    let written = Written {
        version: VERSION,
        saved_at: unix_seconds(now),
        renewal: match renewal {
            RenewalState::Ready => Renewal::Ready,
            RenewalState::Pending { since, generation } => {
                Renewal::Pending { since: unix_seconds(*since), generation: *generation }
            }
            RenewalState::NeedsRejoin { reason } => Renewal::NeedsRejoin { reason: reason.clone() },
        },
        cluster: &identity.cluster,
        key: identity.key.ssh_private_pem().expose(),
        ssh_certificate: &identity.certificates.ssh,
        tls_certificate: &identity.certificates.tls,
        authorities: &identity.authorities,
        token_hash: identity.token_hash.as_deref(),
        machine,
    };
    let mut text = Zeroizing::new(serde_json::to_string_pretty(&written).map_err(StoreError::unwritable)?);
    text.push('\n');
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(StoreError::unwritable(format!("it would have {} bytes", text.len())));
    }
    Ok(text)
}

/// Reads a state back: a whole one of our version, whose key and certificates belong together.
pub(super) fn read(text: &[u8], path: &Path) -> Result<StoredState, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { path: path.to_owned(), reason };
    let header: Header = serde_json::from_slice(text).map_err(|e| corrupt(at(&e)))?;
    if header.version != VERSION {
        return Err(StoreError::OtherVersion { path: path.to_owned(), seen: header.version, expected: VERSION });
    }
    let read: Read = serde_json::from_slice(text).map_err(|e| corrupt(at(&e)))?;
    let time = |seconds| from_unix(seconds).ok_or_else(|| corrupt(format!("no such time: {seconds}")));
    let key = KeyPair::from_pem(read.key.expose()).map_err(|e| corrupt(e.to_string()))?;
    let certificates =
        Certificates::new(&read.ssh_certificate, &read.tls_certificate).map_err(|e| corrupt(e.to_string()))?;
    certificates.belong_to(&key).map_err(|e| corrupt(e.to_string()))?;
    let renewal = match read.renewal {
        Renewal::Ready => RenewalState::Ready,
        Renewal::Pending { since, generation } => RenewalState::Pending { since: time(since)?, generation },
        Renewal::NeedsRejoin { reason } => RenewalState::NeedsRejoin { reason },
    };
    Ok(StoredState {
        identity: BotIdentity {
            key: Arc::new(key),
            certificates,
            authorities: read.authorities,
            token_hash: read.token_hash,
            cluster: read.cluster,
        },
        renewal,
        machine: read.machine,
        saved_at: time(read.saved_at)?,
    })
}

/// Seconds since 1970; 0 before.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time as it reads back from the file.
pub(super) fn whole_seconds(time: SystemTime) -> SystemTime {
    from_unix(unix_seconds(time)).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn from_unix(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Where the text stops being what it should be. The parser's own message could quote a part of the key.
fn at(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a value is missing or of another kind",
        serde_json::error::Category::Io => "it can't be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}
