//! What the program that keeps the outputs knows and no file tells: a note for `machine-id status`, beside the identity.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use machine_id::blocking::{self, Lane};
use machine_id::config::DirectoryConfig;
use machine_id::destination::Destination;
use machine_id::engine::{Health, timestamp};
use machine_id::error::{Code, Error};
use serde::{Deserialize, Serialize};

const FILE: &str = "trouble.json";
const MAX: u64 = 64 * 1024;

/// The trouble that the identity was in when the note was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// RFC 3339.
    pub(crate) at: String,
    /// The code of the error.
    pub(crate) code: String,
    /// One line.
    pub(crate) problem: String,
}

/// What is to be noted of a health; nothing while all is well.
pub(crate) fn facts(health: &Health, now: SystemTime) -> Option<Trouble> {
    let stuck = || {
        let why = health.stuck.as_ref().filter(|_| !health.recovers)?;
        Some(Error::new(Code::IdentityNeedsRejoin, why, ""))
    };
    let trouble = health.trouble.clone().or_else(stuck)?;
    Some(Trouble::of(&trouble, now))
}

impl Trouble {
    /// An error that ended us.
    pub(crate) fn of(error: &Error, now: SystemTime) -> Self {
        Self { at: timestamp(now), code: error.code().as_str().to_owned(), problem: error.to_string() }
    }
}

/// The note of one identity.
#[derive(Debug)]
pub(crate) struct Note {
    root: PathBuf,
}

impl Note {
    pub(crate) fn in_directory(root: PathBuf) -> Self {
        Self { root }
    }

    /// Writes it, or removes it where there is no trouble. That this fails is no reason to stop.
    pub(crate) async fn keep(&mut self, trouble: Option<Trouble>) {
        let root = self.root.clone();
        let kept = blocking::run(Lane::Store, move || write(&root, trouble.as_ref())).await;
        if let Ok(Err(error)) = kept {
            tracing::debug!("the note for `machine-id status` can't be written: {error}");
        }
    }
}

fn write(root: &Path, trouble: Option<&Trouble>) -> Result<(), Error> {
    let Some(destination) = Destination::open_existing(&DirectoryConfig::private(root.to_owned()))? else {
        return Ok(());
    };
    match trouble {
        Some(trouble) => {
            let text = serde_json::to_vec(trouble)
                .map_err(|error| Error::new(Code::Internal, format!("cannot write JSON: {error}"), "report this"))?;
            destination.replace(FILE, &text)?;
        }
        None if root.join(FILE).exists() => destination.delete(FILE)?,
        None => {}
    }
    Ok(())
}

/// Reads it; a note that isn't one is none.
pub(crate) fn read(root: &Path) -> Option<Trouble> {
    let destination = Destination::open_existing(&DirectoryConfig::private(root.to_owned())).ok()??;
    serde_json::from_slice(&destination.read(FILE, MAX).ok()??).ok()
}
