//! *Test connection*: what can be found out without keeping anything and without using a token up.

use super::bot::Bot;
use super::reply::Checked;
use crate::connect::{Route, pin_text, pins_of};
use crate::error::Error;

pub(super) async fn check(bot: &Bot) -> Result<Checked, Error> {
    let cluster = bot.connector.discover().await?;
    // As before a join: a pin that doesn't hold must not be called trust.
    bot.connector.verify_pins(&cluster).await?;
    let mut notes = Vec::new();
    let (address_kind, host_cas) = match &cluster.route {
        Route::Proxy(_) => ("proxy", bot.connector.host_ca_export(&cluster).await.unwrap_or_default()),
        Route::Auth(route) => ("auth", route.host_cas.clone()),
    };
    let mut ca_pins = Vec::new();
    for pem in &host_cas {
        ca_pins.extend(pins_of(pem)?.iter().map(pin_text));
    }
    let config = &bot.config.cluster;
    let trust = match (config.ca_pins.is_empty(), config.ca.is_some()) {
        (false, _) => "pin",
        (true, true) => "ca",
        (true, false) => "system",
    };
    let clock_difference_seconds = cluster.clock.as_ref().map(|difference| {
        let seconds = i64::try_from(difference.size().as_secs()).unwrap_or(i64::MAX);
        if difference.cluster < difference.ours { -seconds } else { seconds }
    });
    if cluster.clock.as_ref().is_some_and(|difference| difference.is_too_large()) {
        notes.push(
            "the clocks differ so much that certificates won't be valid here; set this machine's clock".to_owned(),
        );
    }
    let status = bot.status()?;
    if status.state == "new" && bot.config.join.method.renewable() {
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
