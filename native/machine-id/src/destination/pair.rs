//! A key and its certificate as `ssh` opens them: one after the other, by names that must stay good for months
//! (`docs/adr/0001-matching-pair.md`).
//!
//! `ssh_config` names the key in both slots, the certificate at the top, and the one before. A slot whose certificate is
//! the one at the top is in use and stays as it is; the other one gets the new pair before the name at the top changes.

use std::path::{Path, PathBuf};

use super::file::{Folder, peek, replace_in};
use super::names::{PREVIOUS, SLOTS};
use super::{Destination, DestinationError, Durability, remove};

const KEY: &str = "key";
const CERTIFICATE: &str = "key-cert.pub";
/// What lies in a slot, under the same names as at the top. The certificate counts, so it comes last.
const FILES: [&str; 3] = [KEY, "key.pub", CERTIFICATE];
/// No certificate is longer.
const LONGEST: u64 = 1 << 20;

/// What `ssh_config` names, in the order in which it does.
#[derive(Clone, Debug)]
pub struct PairPaths {
    /// For `IdentityFile`.
    pub keys: [PathBuf; 2],
    /// For `CertificateFile`.
    pub certificates: [PathBuf; 2],
}

impl PairPaths {
    pub(super) fn below(directory: &Path) -> Self {
        Self {
            keys: SLOTS.map(|slot| directory.join(slot).join(KEY)),
            certificates: [CERTIFICATE, PREVIOUS].map(|name| directory.join(name)),
        }
    }
}

/// Puts the pair among the artifacts where `ssh` will look for it once the certificate at the top is replaced.
///
/// # Errors
/// When something can't be written. What was in use then still is.
pub(super) fn put(destination: &Destination, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
    let (top, path) = (&destination.handle, destination.path.as_path());
    let slots = SLOTS.map(|slot| Folder::create(top, path, Some(slot), &destination.grants));
    let [first, second] = slots;
    let slots = [first?, second?];
    let here = Folder::open(top, path, None)?;
    for slot in &slots {
        remove::leftovers(slot.handle(), slot.path(), &remove::entries(slot.handle(), slot.path())?)?;
    }
    let present = peek(top, CERTIFICATE, LONGEST);
    let in_use = |slot: &Folder<'_>| present.is_some() && peek(slot.handle(), CERTIFICATE, LONGEST) == present;
    let targets: &[Folder<'_>] = match (&slots, slots.each_ref().map(in_use)) {
        ([_, second], [true, _]) => std::slice::from_ref(second),
        ([first, _], [_, true]) => std::slice::from_ref(first),
        // The first set, or the file at the top is another's: nobody has read a pair of ours.
        _ => &slots,
    };
    let given = |wanted: &str| artifacts.iter().find(|(name, _)| *name == wanted).map(|(_, contents)| *contents);
    // Before the slot changes: who reads the new certificate, but has looked into the slot too early, has the pair before.
    let before = match &present {
        Some(present) if targets.len() == 1 => Some(present.as_slice()),
        _ => given(CERTIFICATE),
    };
    if let Some(before) = before {
        replace_in(destination, &here, PREVIOUS, before)?;
    }
    for slot in targets {
        for (name, contents) in FILES.iter().filter_map(|name| Some((*name, given(name)?))) {
            replace_in(destination, slot, name, contents)?;
        }
        if destination.durability == Durability::Synced {
            slot.handle().sync_all().map_err(DestinationError::io("synced", slot.path()))?;
        }
    }
    Ok(())
}

/// Deletes what only `ssh` reads, where a set has no more for it.
pub(super) fn retire(destination: &Destination) -> Result<(), DestinationError> {
    SLOTS
        .iter()
        .chain([&PREVIOUS])
        .try_for_each(|name| remove::tree(&destination.handle, name, &destination.path.join(name)))
}
