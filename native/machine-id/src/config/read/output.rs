//! The keys of outputs that both texts share.

use super::tree::Section;
use super::value;
use crate::config::diagnostic::Diagnostics;
use crate::config::model::OutputKind;

/// The name under `key`, which has to be there.
pub(in crate::config) fn required_name(
    section: &mut Section,
    key: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    section.require(key, diagnostics, "write its name in Teleport")?.parse(diagnostics, value::name)
}

/// The keys of a database output, the same in both texts.
pub(in crate::config) fn database(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<OutputKind> {
    let service = required_name(section, "service", diagnostics);
    let username = section.take("username").and_then(|tree| tree.parse(diagnostics, value::name)).unwrap_or_default();
    let database = section.take("database").and_then(|tree| tree.parse(diagnostics, value::name)).unwrap_or_default();
    let format = section.take("format").and_then(|tree| tree.parse(diagnostics, value::word));
    Some(OutputKind::Database { service: service?, username, database, format })
}

/// The keys of an application output; `key` names the application.
pub(in crate::config) fn application(
    section: &mut Section,
    key: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<OutputKind> {
    let app = required_name(section, key, diagnostics);
    let specific_tls_naming =
        section.take("specific_tls_naming").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    Some(OutputKind::Application { app: app?, specific_tls_naming })
}
