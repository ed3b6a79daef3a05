//! `onboarding`: how the bot joins, the same in both versions.

use std::path::Path;
use std::sync::Arc;

use crate::config::fault::Report;
use crate::config::join::{self, Language};
use crate::config::model::{CaPin, CaSource, JoinConfig, TokenSource};
use crate::config::tree::{Section, Tree};
use crate::config::value;
use crate::method::{JoinMethod, NOT_BUILT, Settings};
use crate::vocabulary::limits::CA_PINS;

/// Reads the section; a missing one is a bot that already has its identity.
pub(super) fn read(
    tree: Option<Tree>,
    base: &Path,
    report: &mut Report,
) -> (Vec<CaPin>, Option<CaSource>, Option<JoinConfig>) {
    let Some(tree) = tree else {
        let join = JoinConfig { method: JoinMethod::Token, token: TokenSource::Absent, settings: Arc::default() };
        return (Vec::new(), None, Some(join));
    };
    let Some(mut section) = tree.section(report) else { return (Vec::new(), None, None) };
    let pins = section.take("ca_pins");
    let pins_place = pins.as_ref().map(|tree| tree.place.clone());
    let pins = pins.map(|list| list.parse_list(report, CA_PINS, value::ca_pin)).unwrap_or_default();
    let ca = section.take("ca_path").and_then(|tree| tree.parse(report, |text| value::path_below(text, base)));
    if let Some(place) = pins_place.filter(|_| ca.is_some() && !pins.is_empty()) {
        report.fault(&place, "stands beside ca_path; write one of them");
    }
    let method = match section.take("join_method") {
        Some(tree) => join::method(tree, report),
        None => Some(JoinMethod::Token),
    };
    let token = section.take("token").and_then(|tree| tree.text(report)).map_or(TokenSource::Absent, |token| {
        // tbot takes an absolute path for the name of a file that holds the token.
        match value::absolute_token_path(token.expose()) {
            Some(path) => TokenSource::File(path),
            None => TokenSource::Value(token),
        }
    });
    let settings = settings(&mut section, method, base, report);
    let place = section.place.clone();
    section.finish(report);
    let join = join::join(&place, method, token, settings, report);
    (pins, ca.map(CaSource::File), join)
}

/// The section of the join method. tbot takes those of the others, too, and does nothing with them.
fn settings(section: &mut Section, method: Option<JoinMethod>, base: &Path, report: &mut Report) -> Settings {
    let mut found = Settings::default();
    for other in JoinMethod::ALL {
        let Some(key) = other.spec().tbot_section else { continue };
        let Some(tree) = section.take(key) else { continue };
        if method == Some(*other) {
            if let Some(section) = tree.section(report) {
                found = join::settings(section, *other, Language::Tbot(base), report);
            }
        } else if method.is_some() {
            report.warn(&tree.place, &format!("does nothing: it belongs to join_method {}", other.as_str()));
        }
    }
    for (other, _) in NOT_BUILT {
        if let Some(tree) = section.take_hidden(other) {
            report.warn(&tree.place, "does nothing: it belongs to another join method");
        }
    }
    found
}
