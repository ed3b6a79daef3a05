//! Services that listen on this machine: `database-tunnel`, `application-tunnel`, `application-proxy`.

use std::time::Duration;

use super::lifetime;
use crate::config::diagnostic::Diagnostics;
use crate::config::model::{Leads, Listen, TunnelConfig, TunnelKind, who_reaches};
use crate::config::read::listen::listen;
use crate::config::read::output::required_name;
use crate::config::read::tree::Section;
use crate::config::read::value;
use crate::vocabulary::limits;

/// A type of tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TunnelType {
    Database,
    Application,
    Applications,
}

impl TunnelType {
    /// All of them, by tbot's names.
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("database-tunnel", Self::Database),
        ("application-tunnel", Self::Application),
        ("application-proxy", Self::Applications),
    ];

    /// The one of that name.
    pub(super) fn of(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, kind)| *kind)
    }
}

/// Reads the keys beside `type`.
pub(super) fn read(mut section: Section, kind: TunnelType, diagnostics: &mut Diagnostics) -> Option<TunnelConfig> {
    let mut nested = None;
    let leads = match kind {
        TunnelType::Database => {
            let service = required_name(&mut section, "service", diagnostics);
            let username = said(&mut section, "username", "write the user of the database", diagnostics);
            let database = said(&mut section, "database", "write the name of the database", diagnostics);
            service
                .zip(username)
                .zip(database)
                .map(|((service, username), database)| Leads::To(TunnelKind::Database { service, username, database }))
        }
        TunnelType::Application => {
            let app = required_name(&mut section, "app_name", diagnostics);
            app.map(|app| Leads::To(TunnelKind::Application { app }))
        }
        TunnelType::Applications => {
            // tbot's own place for them here, beside the usual one.
            let lifetime = section.take("credential_lifetime").and_then(|tree| tree.section(diagnostics));
            nested = lifetime.and_then(|lifetime| certificates(lifetime, diagnostics));
            Some(Leads::Applications)
        }
    };
    let at = section.require("listen", diagnostics, "write tcp://127.0.0.1:PORT or unix:///PATH");
    let at = at.and_then(|tree| {
        let place = tree.place.clone();
        let at = tree.parse(diagnostics, listen)?;
        if let Listen::Tcp(address) = &at {
            let who = who_reaches(*address);
            let message = format!(
                "can be connected to by {who}, with the rights of this bot; a Unix socket (unix:///PATH) is for its \
                 owner alone"
            );
            diagnostics.warn(&place, &message);
        }
        Some(at)
    });
    let roles =
        section.take("roles").map(|list| list.parse_list(diagnostics, limits::ROLES, value::name)).unwrap_or_default();
    let name = section.take("name").and_then(|tree| tree.parse(diagnostics, value::name));
    let ttl = certificates(section, diagnostics).or(nested);
    Some(TunnelConfig { leads: leads?, listen: at?, roles, name, ttl })
}

/// How long certificates live: the last keys of a section.
fn certificates(mut section: Section, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let ttl = lifetime::wished(&mut section, diagnostics);
    if let Some(tree) = section.take("renewal_interval") {
        let message = "does nothing here: a tunnel's certificate is renewed when a connection needs it";
        diagnostics.warn(&tree.place, message);
    }
    section.finish(diagnostics);
    ttl
}

fn said(section: &mut Section, key: &'static str, how: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    section.require(key, diagnostics, how)?.parse(diagnostics, value::name)
}
