//! How long certificates live and when they are renewed.

use std::time::Duration;

use crate::config::diagnostic::Diagnostics;
use crate::config::read::duration::go_duration;
use crate::config::read::tree::{Section, Tree};
use crate::vocabulary::limits::{LIFETIME_DEFAULT, LIFETIME_MAX, LIFETIME_MIN, RENEWAL_INTERVAL_MIN_SECONDS};

/// tbot's default (protocol E).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(20 * 60);

/// `certificate_ttl` (from 17 on `credential_ttl`) and `renewal_interval`.
pub(super) fn read(
    section: &mut Section,
    oneshot: bool,
    diagnostics: &mut Diagnostics,
) -> (Duration, Option<Duration>) {
    let lifetime = wished(section, diagnostics).unwrap_or(LIFETIME_DEFAULT);
    let Some(tree) = section.take("renewal_interval") else {
        return (lifetime, Some(DEFAULT_INTERVAL).filter(|interval| *interval < lifetime));
    };
    let place = tree.place.clone();
    let interval = tree.parse(diagnostics, go_duration).filter(|interval| !interval.is_zero());
    let interval = interval.unwrap_or(DEFAULT_INTERVAL);
    if interval < Duration::from_secs(RENEWAL_INTERVAL_MIN_SECONDS) {
        diagnostics.error(&place, "is shorter than a second; write for example 20m");
    } else if interval >= lifetime {
        if !oneshot {
            diagnostics
                .warn(&place, "isn't shorter than the lifetime of the certificates: renewed after half of it instead");
        }
        return (lifetime, None);
    }
    (lifetime, Some(interval))
}

/// `certificate_ttl`, as documents of each version name it, or `credential_ttl`, which counts from 17 on.
pub(super) fn wished(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let old = section.take("certificate_ttl");
    let new = section.take("credential_ttl");
    if let (Some(old), Some(_)) = (&old, &new) {
        diagnostics.warn(&old.place, "credential_ttl, its newer name, is there too and counts");
    }
    new.or(old).and_then(|tree| ttl(tree, diagnostics))
}

/// A lifetime of certificates; none where 0 stands, which is Go's word for the default.
fn ttl(tree: Tree, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let place = tree.place.clone();
    let ttl = tree.parse(diagnostics, go_duration).filter(|ttl| !ttl.is_zero())?;
    if ttl < LIFETIME_MIN {
        diagnostics.error(&place, "is shorter than a minute; write for example 1h");
        return None;
    }
    if ttl > LIFETIME_MAX {
        let hours = LIFETIME_MAX.as_secs() / 3600;
        diagnostics.warn(&place, &format!("is longer than {hours}h, the most that is asked for here: {hours}h it is"));
    }
    // The cluster shortens by itself what is too long for it: 24h up to 17.3, its own limits in every version.
    Some(ttl.min(LIFETIME_MAX))
}
