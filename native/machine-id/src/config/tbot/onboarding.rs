//! `onboarding`: how the bot joins, the same in both versions.

use std::path::Path;
use std::sync::Arc;

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{CaPin, CaSource, JoinConfig, TokenSource};
use crate::config::read::join::{self, Language};
use crate::config::read::join_uri::{Said, UriCluster};
use crate::config::read::tree::{Section, Tree};
use crate::config::read::value;
use crate::method::{JoinMethod, JoinUri, NOT_BUILT, Settings};
use crate::vocabulary::limits::CA_PINS;

/// What the section says.
#[derive(Debug, Default)]
pub(super) struct Onboarding {
    pub(super) pins: Vec<CaPin>,
    pub(super) ca: Option<CaSource>,
    pub(super) ca_place: Option<Place>,
    /// How to join, and the cluster that a joining URI names.
    pub(super) join: Option<(JoinConfig, Option<UriCluster>)>,
}

/// Reads the section, and a `join_uri` beside it; a missing one is a bot that already has its identity.
pub(super) fn read(tree: Option<Tree>, top: Option<Tree>, base: &Path, diagnostics: &mut Diagnostics) -> Onboarding {
    let Some(tree) = tree else {
        let join =
            JoinConfig { method: JoinMethod::Token, token: TokenSource::Absent, settings: Arc::default(), given: None };
        let Some(uri) = top else {
            return Onboarding { join: Some((join, None)), ..Onboarding::default() };
        };
        let (token, place) = uri_of(uri, diagnostics);
        let said = Said::new(None, token, place.clone(), diagnostics);
        return Onboarding {
            join: join::join(&place, said, Settings::default(), Language::Tbot(base), diagnostics),
            ..Onboarding::default()
        };
    };
    let Some(mut section) = tree.section(diagnostics) else { return Onboarding::default() };
    let pins = section.take("ca_pins");
    let pins_place = pins.as_ref().map(|tree| tree.place.clone());
    let pins = pins.map(|list| list.parse_list(diagnostics, CA_PINS, value::ca_pin)).unwrap_or_default();
    let ca = section.take("ca_path");
    let ca_place = ca.as_ref().map(|tree| tree.place.clone());
    let ca = ca.and_then(|tree| tree.parse(diagnostics, |text| value::path_below(text, base)));
    if let Some(place) = pins_place.filter(|_| ca.is_some() && !pins.is_empty()) {
        diagnostics.error(&place, "stands beside ca_path; write one of them");
    }
    let method = match section.take("join_method") {
        Some(tree) => join::method(tree, diagnostics),
        None => Some(JoinMethod::Token),
    };
    let uri = match (section.take("join_uri"), top) {
        (Some(uri), Some(top)) => {
            diagnostics.error(&uri.place, "stands beside another join_uri; give one of them");
            Some(top)
        }
        (uri, top) => uri.or(top),
    };
    let (token, token_place) = token(&mut section, uri, diagnostics);
    // A URI may say the method: whose section it is that is read, is known only then.
    let said = Said::new(method, token, token_place, diagnostics);
    let settings = settings(&mut section, said.method, base, diagnostics);
    let place = section.place.clone();
    section.finish(diagnostics);
    let join = join::join(&place, said, settings, Language::Tbot(base), diagnostics);
    Onboarding { pins, ca: ca.map(CaSource::File), ca_place, join }
}

/// The token, or a joining URI in its place, and where that stands.
fn token(section: &mut Section, uri: Option<Tree>, diagnostics: &mut Diagnostics) -> (TokenSource, Place) {
    let tree = section.take("token");
    let place = tree.as_ref().map_or_else(|| section.place.key("token", None), |tree| tree.place.clone());
    let token = tree.and_then(|tree| tree.text(diagnostics)).map(|token| {
        if value::is_placeholder(token.expose()) {
            let message =
                "is a variable or a placeholder that nobody has filled in; nothing is expanded here, nor by tbot";
            diagnostics.error(&place, message);
        }
        // tbot takes an absolute path for the name of a file that holds the token.
        match value::absolute_token_path(token.expose()) {
            Some(path) => TokenSource::File(path),
            None => TokenSource::Value(token),
        }
    });
    match (token, uri) {
        (Some(token), Some(uri)) => {
            diagnostics.error(&uri.place, "stands beside token; write one of them");
            (token, place)
        }
        (None, Some(uri)) => uri_of(uri, diagnostics),
        (token, None) => (token.unwrap_or(TokenSource::Absent), place),
    }
}

/// A joining URI, where nothing else can stand.
fn uri_of(tree: Tree, diagnostics: &mut Diagnostics) -> (TokenSource, Place) {
    let place = tree.place.clone();
    let Some(text) = tree.text(diagnostics) else { return (TokenSource::Absent, place) };
    if JoinUri::read(text.expose()).is_none() {
        diagnostics.error(&place, format!("isn't a joining URI; {}", JoinUri::FORM));
    }
    (TokenSource::Value(text), place)
}

/// The section of the join method. tbot takes those of the others, too, and does nothing with them.
fn settings(section: &mut Section, method: Option<JoinMethod>, base: &Path, diagnostics: &mut Diagnostics) -> Settings {
    let mut found = Settings::default();
    for other in JoinMethod::ALL {
        let Some(key) = other.spec().tbot_section else { continue };
        let Some(tree) = section.take(key) else { continue };
        if method == Some(*other) {
            if let Some(mut section) = tree.section(diagnostics) {
                // tbot's documents and its sources have two names for it.
                section.rename("static_private_key_path", "static_key_path");
                found = join::settings(section, *other, Language::Tbot(base), diagnostics);
            }
        } else if method.is_some() {
            diagnostics.warn(&tree.place, &format!("does nothing: it belongs to join_method {}", other.as_str()));
        }
    }
    for (other, _) in NOT_BUILT {
        if let Some(tree) = section.take_hidden(other) {
            diagnostics.warn(&tree.place, "does nothing: it belongs to another join method");
        }
    }
    found
}
