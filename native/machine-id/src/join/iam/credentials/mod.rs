//! Where AWS credentials come from: the places and the order of AWS' own programs ("Standardized credential providers"
//! of the AWS SDKs and tools reference guide). A place where nothing is configured is passed over; one that is
//! configured and fails ends the search, so that nobody becomes somebody else by a fault.

mod chain;
mod container;
mod context;
mod document;
mod environment;
mod found;
mod imds;
mod ini;
mod process;
mod profile;
mod profiles;
mod role;
mod shared;
mod sts;
mod web_identity;

pub(super) use chain::find;
pub(super) use context::Context;
pub(super) use shared::SharedConfig;

/// Readers of this room that the fuzzer calls.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn fuzz(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind % 4 {
        0 => drop(profiles::Profiles::of_texts(&text, &text).map(|profiles| profile::plan(&profiles, "default"))),
        1 => drop(sts::read(rest)),
        2 => drop(document::read(rest)),
        _ => drop(crate::join::command::words(&text)),
    }
}

#[cfg(test)]
mod tests;
