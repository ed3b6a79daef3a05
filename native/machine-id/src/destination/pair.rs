//! A key and its certificate as `ssh` opens them: one after the other, by names that must stay good for months
//! (`docs/adr/0001-matching-pair.md`).
//!
//! `ssh_config` names the key in both slots, the certificate at the top, and the one before. A slot whose certificate is
//! the one at the top is in use and stays as it is; the other one gets the new pair before the name at the top changes.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{Folder, peek};
use super::names::{PREVIOUS, SLOTS};
use super::{Destination, DestinationError, remove};

const KEY: &str = "key";
const CERTIFICATE: &str = "key-cert.pub";
/// What lies in a slot, under the same names as at the top. The certificate counts, so it comes last.
const FILES: [&str; 3] = [KEY, "key.pub", CERTIFICATE];
/// No certificate is longer.
const LONGEST: u64 = 1 << 20;

/// All that is written for `ssh` besides, by names below the directory.
pub(super) fn names() -> impl Iterator<Item = String> {
    let below = |slot: &str| FILES.map(|file| format!("{slot}/{file}"));
    SLOTS.into_iter().flat_map(below).chain([PREVIOUS.to_owned()])
}

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

/// Has `write` put the pair among the artifacts where `ssh` will look for it once the certificate at the top, which is `here`, is
/// replaced; in this order. Gives the directories in which that was. `first`: the destination was made a moment ago.
///
/// # Errors
/// When something can't be written. What was in use then still is.
pub(super) fn put<'a>(
    destination: &'a Destination,
    first: bool,
    artifacts: &[(&str, &[u8])],
    here: &Rc<Folder<'a>>,
    write: &mut impl FnMut(&Rc<Folder<'a>>, &'static str, &[u8]) -> Result<(), DestinationError>,
) -> Result<Vec<Rc<Folder<'a>>>, DestinationError> {
    let (top, path) = (&destination.handle, destination.path.as_path());
    let [one, other] = SLOTS.map(|slot| Folder::create(top, path, Some(slot), &destination.grants));
    let slots = [Rc::new(one?), Rc::new(other?)];
    let given = |wanted: &str| artifacts.iter().find(|(name, _)| *name == wanted).map(|(_, contents)| *contents);
    let present = if first { None } else { peek(top, CERTIFICATE, LONGEST) };
    let idle = match &present {
        Some(present) => idle(&slots, present)?,
        None => None,
    };
    // Where none is in use, nobody has read a pair of ours.
    let targets = idle.map_or(slots.as_slice(), std::slice::from_ref);
    // Before the slot changes: who reads the new certificate, but has looked into the slot too early, has the pair before.
    let before = present.as_deref().filter(|_| idle.is_some()).map(Vec::as_slice).or_else(|| given(CERTIFICATE));
    if let Some(before) = before {
        write(here, PREVIOUS, before)?;
    }
    for slot in targets {
        for (name, contents) in FILES.iter().filter_map(|name| Some((*name, given(name)?))) {
            write(slot, name, contents)?;
        }
    }
    Ok(targets.to_vec())
}

/// The slot that isn't in use, if the other one is: that has the certificate at the top.
fn idle<'a, 'b>(
    slots: &'a [Rc<Folder<'b>>; 2],
    certificate: &[u8],
) -> Result<Option<&'a Rc<Folder<'b>>>, DestinationError> {
    let [first, second] = slots;
    for slot in slots {
        remove::leftovers(slot.handle(), slot.path(), &remove::entries(slot.handle(), slot.path())?)?;
    }
    let has = |slot: &Folder<'_>| {
        peek(slot.handle(), CERTIFICATE, LONGEST).is_some_and(|seen| seen.as_slice() == certificate)
    };
    Ok(if has(first) {
        Some(second)
    } else if has(second) {
        Some(first)
    } else {
        None
    })
}

/// Deletes what only `ssh` reads, where a set has no more for it.
pub(super) fn retire(destination: &Destination) -> Result<(), DestinationError> {
    SLOTS
        .iter()
        .chain([&PREVIOUS])
        .try_for_each(|name| remove::tree(&destination.handle, name, &destination.path.join(name)))
}
