//! What the program that keeps the outputs knows and no file tells: a note for `machine-id status`, beside the identity or
//! where the leases of such are that have none on disk.

use std::path::PathBuf;
use std::time::SystemTime;

use machine_id::blocking::{self, Lane};
use machine_id::config::{DirectoryConfig, Listen, TbotConfig};
use machine_id::destination::Destination;
use machine_id::engine::{Health, timestamp};
use machine_id::error::{Code, Error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files;

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

/// Where the note of a configuration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotePlace {
    root: PathBuf,
    file: String,
}

impl NotePlace {
    /// Beside the identity, whose trouble it is. Bots without one on disk may have one directory for their leases, so each
    /// has a file of its own there: whatever writes the same outputs and listens at the same places is the same bot.
    pub(crate) fn of(config: &TbotConfig) -> Self {
        let root = files::root(&config.identity);
        let stored = config.identity.storage.is_some() && !machine_id::join::keeps_nothing(&config.identity.join);
        let file = if stored { FILE.to_owned() } else { FILE.replace('.', &format!("-{}.", fingerprint(config))) };
        Self { root, file }
    }

    /// Writes the note, or removes it where there is no trouble. That this fails is no reason to stop.
    pub(crate) async fn keep(&self, trouble: Option<Trouble>) {
        let place = self.clone();
        let kept = blocking::run(Lane::Store, move || place.write(trouble.as_ref())).await;
        if let Ok(Err(error)) = kept {
            tracing::debug!("the note for `machine-id status` can't be written: {error}");
        }
    }

    fn write(&self, trouble: Option<&Trouble>) -> Result<(), Error> {
        let Some(destination) = Destination::open_existing(&DirectoryConfig::private(self.root.clone()))? else {
            return Ok(());
        };
        match trouble {
            Some(trouble) => {
                let text = serde_json::to_vec(trouble).map_err(|error| {
                    Error::new(Code::Internal, format!("cannot write JSON: {error}"), "report this")
                })?;
                destination.replace(&self.file, &text)?;
            }
            None if self.root.join(&self.file).exists() => destination.delete(&self.file)?,
            None => {}
        }
        Ok(())
    }

    /// Reads it; a note that isn't one is none.
    pub(crate) fn read(&self) -> Option<Trouble> {
        let destination = Destination::open_existing(&DirectoryConfig::private(self.root.clone())).ok()??;
        serde_json::from_slice(&destination.read(&self.file, MAX).ok()??).ok()
    }
}

/// The same in every process and version.
fn fingerprint(config: &TbotConfig) -> String {
    /// As many digits tell bots of one user apart.
    const DIGITS: usize = 16;
    let cluster = &config.identity.cluster;
    let mut facts = vec![format!("{}:{}", cluster.host, cluster.port)];
    facts.extend(config.outputs.iter().map(|output| output.destination.path.display().to_string()));
    facts.extend(config.tunnels.iter().map(|tunnel| match &tunnel.listen {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(path) => path.display().to_string(),
    }));
    hex::encode(Sha256::digest(facts.join("\0"))).chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use machine_id::destination::is_known_name;

    use super::*;

    fn place(storage: &str, output: &str) -> NotePlace {
        let text = format!(
            "version: v2\nproxy_server: p.example.com:443\nonboarding: {{join_method: token, token: t}}\n\
             storage: {storage}\noutputs: [{{type: identity, destination: {{type: directory, path: {output}}}}}]\n"
        );
        NotePlace::of(&TbotConfig::from_yaml("f", text.as_bytes(), Path::new("/")).unwrap())
    }

    #[test]
    fn bots_without_an_identity_on_disk_have_a_note_each() {
        let stored = "{type: directory, path: /s}";
        assert_eq!(place(stored, "/a"), place(stored, "/b"));
        let memory = "{type: memory}";
        assert_eq!(place(memory, "/a"), place(memory, "/a"));
        assert_ne!(place(memory, "/a"), place(memory, "/b"));
        for place in [place(stored, "/a"), place(memory, "/a")] {
            assert!(is_known_name(&place.file), "{place:?}");
        }
    }
}
