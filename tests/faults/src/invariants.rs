//! What must hold after any fault.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use machine_id::clock::{Clock, SystemClock};
use machine_id::config::DirectoryConfig;
use machine_id::identity::{Certificates, IdentityFile, KeyPair, RenewalState, Store};

use crate::world::{Bot, World};

/// What is on disk about an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing.
    Nothing,
    /// An identity that may be renewed, with its generation.
    Ready(Option<u64>),
    /// One that may not.
    NeedsRejoin,
    /// Something that is no identity.
    Broken(String),
}

/// Reads the store as it lies there.
#[must_use]
pub fn stored(bot: &Bot) -> Stored {
    stored_in(&bot.storage)
}

/// Reads a store's directory.
#[must_use]
pub fn stored_in(storage: &Path) -> Stored {
    let directory = DirectoryConfig::private(storage.to_owned());
    let state = Store::open_existing(&directory, Arc::new(SystemClock::new()))
        .and_then(|store| store.map_or(Ok(None), |store| store.peek()));
    match state {
        Ok(None) => Stored::Nothing,
        Ok(Some(state)) if state.renewal == RenewalState::Ready => match state.identity.facts() {
            Ok(facts) => Stored::Ready(facts.generation),
            Err(error) => Stored::Broken(error.to_string()),
        },
        Ok(Some(_)) => Stored::NeedsRejoin,
        Err(error) => Stored::Broken(error.to_string()),
    }
}

/// All that must hold at any instant: the store is whole, an identity that would be renewed is the newest one, the
/// destination is whole or absent, and nobody was locked. `had_files`: the destination was complete before.
#[must_use]
pub fn check(world: &World, bot: &Bot, had_files: bool) -> Vec<String> {
    let mut violations = Vec::new();
    // What runs may renew between two looks.
    let before = newest(world, bot);
    match stored(bot) {
        Stored::Broken(why) => violations.push(format!("{}: the store is broken: {why}", bot.name)),
        Stored::Ready(generation) => {
            let after = newest(world, bot);
            if generation < before || generation > after {
                violations.push(format!(
                    "{}: generation {generation:?} would be presented, {before:?} to {after:?} is stored at the cluster",
                    bot.name
                ));
            }
        }
        Stored::Nothing | Stored::NeedsRejoin => {}
    }
    violations.extend(destination(&bot.destination, had_files).err());
    let locks = world.double.counters().locks;
    if locks > 0 {
        violations.push(format!("{}: {locks} locks at the cluster", bot.name));
    }
    violations.extend(bound_key(world, bot).err());
    violations
}

/// What the cluster takes for the newest; of a bound key what its last join brought.
fn newest(world: &World, bot: &Bot) -> Option<u64> {
    match world.double.bound_keypair(&bot.resource) {
        Some(bound) => world.double.bot_instances(&bot.name).get(&bound.bot_instance).copied(),
        None => world.double.generation(&bot.name),
    }
}

/// The token of a bound key isn't locked, and the key that the cluster knows is kept.
///
/// # Errors
/// What is wrong.
pub fn bound_key(world: &World, bot: &Bot) -> Result<(), String> {
    let Some(bound) = world.double.bound_keypair(&bot.resource) else { return Ok(()) };
    if world.double.token_locked(&bot.resource) {
        return Err(format!("{}: its join token is locked", bot.name));
    }
    let Ok(known) = ssh_key::PublicKey::from_openssh(&bound.public_key) else { return Ok(()) };
    let read = |name: &str| fs::read_to_string(bot.storage.join(name)).unwrap_or_default();
    let history: serde_json::Value = serde_json::from_str(&read("bkp_key_history.json")).unwrap_or_default();
    let entries = history["entries"].as_array().into_iter().flatten();
    let kept = entries.filter_map(|entry| entry["private_key"].as_str().map(str::to_owned)).chain([read("id_bkp")]);
    let mut lines = kept.filter_map(|pem| KeyPair::from_pem(&pem).ok()).map(|key| key.ssh_public_line().to_owned());
    let is_known =
        |line: String| ssh_key::PublicKey::from_openssh(&line).is_ok_and(|line| line.key_data() == known.key_data());
    if lines.any(is_known) { Ok(()) } else { Err(format!("{}: the key that the cluster knows is lost", bot.name)) }
}

/// A destination is whole or absent: what its `ssh_config` names fits together, and so does its identity file.
///
/// # Errors
/// What is wrong.
pub fn destination(directory: &Path, must_be_there: bool) -> Result<(), String> {
    let place = directory.display();
    let text = match fs::read_to_string(directory.join("ssh_config")) {
        Ok(text) => text,
        Err(_) if !must_be_there => return Ok(()),
        Err(error) => return Err(format!("{place}: ssh_config is gone: {error}")),
    };
    let named = |option: &str| {
        let paths = text.lines().filter_map(|line| line.trim().strip_prefix(option));
        paths.map(|path| path.trim().trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    // As ssh does it: the keys, then the certificates, of which it takes the first that has its key among them.
    let keys = named("IdentityFile").into_iter().map(|path| {
        let key = KeyPair::from_pem(&read(&path)?).map_err(|error| format!("{path}: {error}"))?;
        Ok(key.ssh_public_line().trim().to_owned())
    });
    let keys = keys.collect::<Result<Vec<_>, String>>()?;
    let mut fits = false;
    for path in named("CertificateFile") {
        let certificate =
            ssh_key::Certificate::from_openssh(read(&path)?.trim()).map_err(|error| format!("{path}: {error}"))?;
        let certified = ssh_key::PublicKey::from(certificate.public_key().clone());
        let certified = certified.to_openssh().map_err(|error| error.to_string())?;
        fits |= keys.iter().any(|key| key == certified.trim());
    }
    if !fits {
        return Err(format!("{place}: no key that ssh_config names matches a certificate"));
    }
    let identity = read(&directory.join("identity").display().to_string())?;
    IdentityFile::parse(&identity).map(|_| ()).map_err(|error| format!("{place}: identity: {error}"))
}

/// After a start that went well the top-level files fit together and are valid.
///
/// # Errors
/// What is wrong.
pub fn complete(directory: &Path) -> Result<(), String> {
    destination(directory, true)?;
    let place = directory.display();
    let read =
        |name: &str| fs::read_to_string(directory.join(name)).map_err(|error| format!("{place}/{name}: {error}"));
    let key = KeyPair::from_pem(&read("key")?).map_err(|error| format!("{place}/key: {error}"))?;
    let certificates = Certificates::new(read("key-cert.pub")?.trim_end(), &read("tlscert")?)
        .map_err(|error| format!("{place}: {error}"))?;
    certificates.check(&key, SystemClock::new().now()).map_err(|error| format!("{place}: {error}"))
}
