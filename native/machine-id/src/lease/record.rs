//! A lease as it stands in the table.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{CertificateHistory, LeaseId, Owner};

/// One lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRecord {
    /// Its name.
    pub id: LeaseId,
    /// Where the files are.
    pub directory: PathBuf,
    /// Which identity they come from.
    pub identity: String,
    /// Who keeps it fresh.
    pub owner: Owner,
    /// When it was taken.
    pub created: SystemTime,
    /// When its certificates end.
    pub expires: SystemTime,
    /// Whether the directory outlives the lease.
    pub standing: bool,
    /// Whether it is taken again by a statement only, which somebody may have to wait for.
    pub given: bool,
    /// The certificates it has held.
    pub history: CertificateHistory,
}

/// The file's form.
#[derive(Serialize, Deserialize)]
struct Stored {
    lease: String,
    directory: PathBuf,
    identity: String,
    owner: Owner,
    created: String,
    expires: String,
    standing: bool,
    given: bool,
    #[serde(flatten)]
    history: CertificateHistory,
}

impl LeaseRecord {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let stored = Stored {
            lease: self.id.as_str().to_owned(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            owner: self.owner.clone(),
            created: humantime::format_rfc3339_seconds(self.created).to_string(),
            expires: humantime::format_rfc3339_seconds(self.expires).to_string(),
            standing: self.standing,
            given: self.given,
            history: self.history.clone(),
        };
        // Only a path that isn't UTF-8 can't be written, and those are refused when a lease is taken.
        serde_json::to_vec(&stored).unwrap_or_default()
    }

    /// The record in a file's contents; none if it isn't one, or is for another id.
    pub(super) fn from_json(id: &LeaseId, contents: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(contents).ok()?;
        let usable = stored.lease == id.as_str() && is_plain(&stored.directory);
        usable.then_some(())?;
        let mut history = stored.history;
        history.shrink();
        Some(Self {
            id: id.clone(),
            directory: stored.directory,
            identity: stored.identity,
            owner: stored.owner,
            created: humantime::parse_rfc3339(&stored.created).ok()?,
            expires: humantime::parse_rfc3339(&stored.expires).ok()?,
            standing: stored.standing,
            given: stored.given,
            history,
        })
    }
}

/// Absolute, without `.` and `..`, and not the root.
pub(super) fn is_plain(path: &Path) -> bool {
    use std::path::Component;
    let mut parts = path.components();
    parts.next() == Some(Component::RootDir)
        && path.file_name().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && path.to_str().is_some_and(|text| !text.chars().any(char::is_control))
}
