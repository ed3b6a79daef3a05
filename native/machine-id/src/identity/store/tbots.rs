//! An identity that tbot keeps in the directory (protocol G2), and how it becomes ours.
//!
//! A bot that two programs renew is locked: each renewal raises the generation, and who shows an old one is taken for
//! a thief. So tbot has to be stopped, which its own lock tells, and its copy has to be useless before ours may be
//! renewed. Its key is what makes it useful: it goes to a name that tbot doesn't know, then our file is written, then
//! the rest is deleted. Whenever this is cut, either tbot can go on, or we can.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::StoreError;
use super::medium::Medium;
use super::{RenewalState, StoreGuard};
use crate::destination::Destination;
use crate::identity::authority::Authorities;
use crate::identity::bot::BotIdentity;
use crate::identity::certificates::Certificates;
use crate::identity::key::KeyPair;

/// tbot holds it as long as it runs.
const LOCK: &str = "lock";
/// The private key.
const KEY: &str = "key";
const SSH_CERTIFICATE: &str = "key-cert.pub";
const TLS_CERTIFICATE: &str = "tlscert";
const TLS_CAS: &str = "tlscacerts";
const SSH_CAS: &str = "sshcacerts";
const TOKEN_HASH: &str = "tokenhash";
/// What else tbot writes beside them: the public key, the certificate's name up to version 9, the file it tries to write.
pub(super) const OTHERS: [&str; 3] = ["key.pub", "sshcert", ".write-test"];
/// The key while it is taken over.
const TAKEN_KEY: &str = "key.taken-over";
/// All of them.
#[cfg(test)]
pub(super) const FILES: [&str; 8] =
    [LOCK, KEY, SSH_CERTIFICATE, TLS_CERTIFICATE, TLS_CAS, SSH_CAS, TOKEN_HASH, TAKEN_KEY];
/// What stands between two authorities in one file.
const SEPARATOR: char = '$';
const MAX_FILE: u64 = 1 << 20;

/// Whether tbot keeps an identity there: the hash of its token and a certificate, and its key, or that on its way to us.
pub(super) fn is_there(destination: &Destination) -> bool {
    let there = |name: &str| destination.path().join(name).symlink_metadata().is_ok();
    [TOKEN_HASH, TLS_CERTIFICATE].into_iter().all(there) && (there(KEY) || there(TAKEN_KEY))
}

/// The hash of the token that tbot has joined with.
pub(super) fn token_hash(destination: &Destination) -> Option<String> {
    let bytes = destination.read(TOKEN_HASH, MAX_FILE).ok()??;
    Some(std::str::from_utf8(&bytes).ok()?.trim().to_owned())
}

impl StoreGuard {
    /// Makes the identity that tbot has left in the directory ours, where there is one and no identity of ours. Tells
    /// the directory; blocks.
    ///
    /// # Errors
    /// `DestinationError::Busy` while tbot runs; [`StoreError::Tbots`] when its files aren't one whole identity.
    pub fn take_over(&self) -> Result<Option<PathBuf>, StoreError> {
        let Medium::Disk(destination) = &*self.store.medium else { return Ok(None) };
        if !is_there(destination) {
            return Ok(None);
        }
        let path = destination.path().to_owned();
        let _stopped = destination.lock_file(LOCK, Duration::ZERO)?;
        let files = Files { destination, path: &path };
        let (identity, key) = files.read()?;
        destination.replace(TAKEN_KEY, key.as_bytes())?;
        destination.delete(KEY)?;
        self.write(&identity, &RenewalState::Ready)?;
        self.finish_take_over()?;
        Ok(Some(path))
    }

    /// Deletes what a take-over that was cut has left; nothing where tbot has written another identity since. Blocks.
    ///
    /// # Errors
    /// When a file can't be deleted.
    pub fn finish_take_over(&self) -> Result<(), StoreError> {
        let Medium::Disk(destination) = &*self.store.medium else { return Ok(()) };
        let there = |name: &str| destination.path().join(name).symlink_metadata().is_ok();
        if !there(TAKEN_KEY) {
            return Ok(());
        }
        if !there(KEY) {
            let rest = [SSH_CERTIFICATE, TLS_CERTIFICATE, TLS_CAS, SSH_CAS, TOKEN_HASH].into_iter().chain(OTHERS);
            for name in rest.filter(|name| there(name)) {
                destination.delete(name)?;
            }
        }
        Ok(destination.delete(TAKEN_KEY)?)
    }
}

/// tbot's files.
struct Files<'a> {
    destination: &'a Destination,
    path: &'a Path,
}

impl Files<'_> {
    /// The identity, and the key's text.
    fn read(&self) -> Result<(BotIdentity, Zeroizing<String>), StoreError> {
        let key_text = match self.find(KEY)? {
            Some(text) => text,
            None => self.text(TAKEN_KEY)?,
        };
        let key = KeyPair::from_pem(&key_text).map_err(|error| self.unusable(format!("its key: {error}")))?;
        let certificates = Certificates::new(&self.text(SSH_CERTIFICATE)?, &self.text(TLS_CERTIFICATE)?)
            .map_err(|error| self.unusable(error.to_string()))?;
        // tbot writes one file after the other: a renewal that was cut leaves parts of two identities.
        certificates.belong_to(&key).map_err(|error| self.unusable(error.to_string()))?;
        let (ssh, tls) = (certificates.ssh_facts()?, certificates.tls_facts()?);
        if ssh.generation.is_some() && ssh.generation != tls.generation {
            return Err(self.unusable("its two certificates are of different generations".to_owned()));
        }
        if !tls.renewable || tls.generation.is_none() {
            return Err(self.unusable("it isn't renewable: it came from another join method".to_owned()));
        }
        let cluster = tls.subject.cluster.clone();
        let cluster = cluster.ok_or_else(|| self.unusable("its certificate names no cluster".to_owned()))?;
        let list = |name| -> Result<Vec<String>, StoreError> {
            Ok(self.text(name)?.split(SEPARATOR).map(str::to_owned).collect())
        };
        let authorities = Authorities::from_reply(&cluster, &certificates, &list(TLS_CAS)?, &list(SSH_CAS)?)
            .map_err(|error| self.unusable(error.to_string()))?;
        let token_hash = Some(self.text(TOKEN_HASH)?.trim().to_owned()).filter(|hash| !hash.is_empty());
        Ok((BotIdentity { key: Arc::new(key), certificates, authorities, token_hash, cluster }, key_text))
    }

    fn text(&self, name: &str) -> Result<Zeroizing<String>, StoreError> {
        self.find(name)?.ok_or_else(|| self.unusable(format!("{name} is missing")))
    }

    fn find(&self, name: &str) -> Result<Option<Zeroizing<String>>, StoreError> {
        let Some(bytes) = self.destination.read(name, MAX_FILE)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).map_err(|_| self.unusable(format!("{name} isn't text")))?;
        Ok((!text.trim().is_empty()).then(|| Zeroizing::new(text.to_owned())))
    }

    fn unusable(&self, reason: String) -> StoreError {
        StoreError::Tbots { path: self.path.to_owned(), reason }
    }
}

#[cfg(test)]
mod tests;
