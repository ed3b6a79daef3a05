//! *Test connection*: what can be found out without keeping anything and without using a token up.

use std::sync::Arc;

use super::reply::{Checked, IdentityState, IdentityStatus, Trust};
use crate::blocking::{self, Lane};
use crate::clock::SharedClock;
use crate::config::{AddressKind, DirectoryConfig, IdentityConfig};
use crate::connect::{ClockDifference, Connector, Route, pin_text, pins_of};
use crate::error::Error;
use crate::identity::Store;
use crate::join;

/// Tries out an identity's configuration: the way to the cluster, its recognition by CA and pins, the clocks, and what
/// is stored already. Nothing is made on disk, and no token is sent.
///
/// # Errors
/// What stands in the way.
pub async fn check(identity: &IdentityConfig, clock: SharedClock) -> Result<Checked, Error> {
    let connector = Connector::new(&identity.cluster, Arc::clone(&clock))?;
    let cluster = connector.discover().await?;
    let pinned = connector.verify_pins(&cluster).await?;
    let mut notes = Vec::new();
    let address_kind = if cluster.proxy().is_some() { AddressKind::Proxy } else { AddressKind::AuthOrProxy };
    let host_cas = match (pinned, &cluster.route) {
        (Some(pinned), _) => pinned,
        (None, Route::Proxy(_)) => connector.host_ca_export(&cluster).await.unwrap_or_default(),
        (None, Route::Auth(route)) => route.host_cas.clone(),
    };
    let mut ca_pins = Vec::new();
    for pem in &host_cas {
        ca_pins.extend(pins_of(pem)?.iter().map(pin_text));
    }
    let config = &identity.cluster;
    let trust = match (config.ca_pins.is_empty(), config.ca.is_some()) {
        (false, _) => Trust::Pin,
        (true, true) => Trust::Ca,
        (true, false) => Trust::System,
    };
    let clock_difference_seconds = cluster.clock.as_ref().map(ClockDifference::seconds);
    if cluster.clock.as_ref().is_some_and(|difference| difference.is_too_large()) {
        notes.push(
            "the clocks differ so much that certificates won't be valid here; set this machine's clock".to_owned(),
        );
    }
    let (id, recovers) = (identity.id.clone(), join::recovers(&identity.join));
    let storage = identity.storage.clone().filter(|_| !join::keeps_nothing(&identity.join));
    let status = blocking::run(Lane::Store, move || status(&id, storage.as_ref(), recovers, clock)).await??;
    if status.state == IdentityState::New && identity.join.method.renewable() {
        notes.push("the token was not tried: trying it would use it up".to_owned());
    }
    if !status.reason.is_empty() {
        notes.push(status.reason.clone());
    }
    if config.ca_pins.is_empty() && !ca_pins.is_empty() {
        notes.push(
            "no CA pin is configured; compare the one shown here with `tctl status` before you use it".to_owned(),
        );
    }
    Ok(Checked {
        cluster: cluster.name.clone(),
        server_version: cluster.server_version.to_string(),
        address_kind,
        trust,
        ca_pins,
        clock_difference_seconds,
        identity: status.state,
        notes,
    })
}

/// What is stored of an identity, for showing: nothing is made or changed, nobody is asked. Blocks.
///
/// # Errors
/// When it isn't safe, or can't be read.
pub fn stored(identity: &IdentityConfig, clock: SharedClock) -> Result<IdentityStatus, Error> {
    let storage = identity.storage.as_ref().filter(|_| !join::keeps_nothing(&identity.join));
    status(&identity.id, storage, join::recovers(&identity.join), clock)
}

/// What is stored, without making anything; one without a storage lives in the memory of its process. Blocks.
fn status(
    id: &str,
    storage: Option<&DirectoryConfig>,
    recovers: bool,
    clock: SharedClock,
) -> Result<IdentityStatus, Error> {
    let store = match storage {
        Some(storage) => Store::open_existing(storage, Arc::clone(&clock))?,
        None => None,
    };
    let Some(store) = store else { return Ok(IdentityStatus::new(id)) };
    IdentityStatus::stored(id, &store, recovers, clock.now())
}
