//! How to join, as both texts say it: the method's own settings by the names that its file gives.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::duration::go_duration;
use super::join_uri::{Said, UriCluster};
use super::nearest::suggestion;
use super::tree::{Section, Tree};
use super::value;
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{JoinConfig, TokenSource};
use crate::method::{JoinMethod, Kind, NOT_BUILT, Setting, Settings, Value};
use crate::secret::Secret;
use crate::vocabulary::limits;

/// Which of a setting's two names is read, and how its paths are taken.
#[derive(Clone, Copy)]
pub(in crate::config) enum Language<'a> {
    /// The JSON contract's.
    Json,
    /// tbot's; relative paths are below this directory.
    Tbot(&'a Path),
}

/// A join method by name, or the fault that it is unknown or not built. The text may be a misplaced token, so only
/// words of Teleport are repeated.
pub(in crate::config) fn method(tree: Tree, diagnostics: &mut Diagnostics) -> Option<JoinMethod> {
    let place = tree.place.clone();
    let text = tree.text(diagnostics)?;
    let method = JoinMethod::by_name(text.expose());
    if method.is_none() {
        let names: Vec<&str> = JoinMethod::ALL.iter().map(|method| method.as_str()).collect();
        match NOT_BUILT.iter().find(|(name, _)| *name == text.expose()) {
            Some((name, why)) => {
                diagnostics.unsupported(&place, format!("{name:?} {why}; built: {}", names.join(", ")))
            }
            None => diagnostics.error(&place, format!("isn't a join method; {}", suggestion(text.expose(), &names))),
        }
    }
    method
}

/// The settings of `method` in its section.
pub(in crate::config) fn settings(
    mut section: Section,
    method: JoinMethod,
    language: Language<'_>,
    diagnostics: &mut Diagnostics,
) -> Settings {
    let mut settings = Settings::default();
    let spec = method.spec();
    let mut given: Vec<&str> = Vec::new();
    for setting in spec.settings {
        let Some(key) = key(setting, language) else { continue };
        let Some(tree) = section.take(key) else { continue };
        if spec.at_most_one.contains(&setting.name) {
            given.push(key);
        }
        if let Some(value) = value(tree, setting.kind, language, diagnostics) {
            settings.set(setting, value);
        }
    }
    if given.len() > 1 {
        diagnostics.error(&section.place, format!("has {}; write one of them", given.join(" and ")));
    }
    section.finish(diagnostics);
    settings
}

fn key(setting: &Setting, language: Language<'_>) -> Option<&'static str> {
    match language {
        Language::Json => Some(setting.name),
        Language::Tbot(_) => setting.tbot,
    }
}

fn value(tree: Tree, kind: Kind, language: Language<'_>, diagnostics: &mut Diagnostics) -> Option<Value> {
    match (kind, language) {
        (Kind::Text, _) => tree.parse(diagnostics, value::name).map(Value::Text),
        (Kind::Variable, _) => tree.parse(diagnostics, value::variable).map(Value::Text),
        (Kind::Words, _) => {
            let words = tree.parse_list(diagnostics, limits::COMMAND_WORDS, value::command_word);
            (!words.is_empty()).then_some(Value::Words(words))
        }
        (Kind::Seconds, Language::Json) => tree.seconds(diagnostics, 1, limits::COMMAND_MAX_SECONDS).map(Value::Time),
        (Kind::Seconds, Language::Tbot(_)) => tree.parse(diagnostics, command_limit).map(Value::Time),
        (Kind::Secret, _) => secret(tree, diagnostics).map(Value::Secret),
        (Kind::Flag, _) => tree.bool(diagnostics).map(Value::Flag),
        (Kind::Path, Language::Json) => tree.parse(diagnostics, value::absolute_path).map(Value::Path),
        (Kind::Path, Language::Tbot(base)) => {
            tree.parse(diagnostics, |text| value::path_below(text, base)).map(Value::Path)
        }
    }
}

/// A secret without surrounding white space; nothing of it is repeated.
pub(in crate::config) fn secret(tree: Tree, diagnostics: &mut Diagnostics) -> Option<Secret> {
    let place = tree.place.clone();
    let text = tree.text(diagnostics)?;
    let secret = Secret::new(text.expose().trim().to_owned());
    if secret.expose().is_empty() {
        diagnostics.error(&place, "is blank; write the secret or leave the key out");
        return None;
    }
    Some(secret)
}

/// What both texts demand of a join, and the cluster that a joining URI in it names.
pub(in crate::config) fn join(
    place: &Place,
    said: Said,
    mut settings: Settings,
    language: Language<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(JoinConfig, Option<UriCluster>)> {
    said.complete(&mut settings, diagnostics);
    let Said { method, token, cluster, .. } = said;
    let method = method?;
    if !method.has_secret_token() && matches!(token, TokenSource::Absent) {
        let message = format!("has no token; method {:?} needs the name of its join token", method.as_str());
        diagnostics.error(place, message);
    }
    let spec = method.spec();
    if spec.needs_one && !spec.at_most_one.iter().any(|name| settings.has(name)) {
        let one_of = spec.settings.iter().filter(|setting| spec.at_most_one.contains(&setting.name));
        let keys: Vec<&str> = one_of.filter_map(|setting| key(setting, language)).collect();
        diagnostics
            .error(place, format!("has no place of the ID token; method {:?} needs {}", spec.name, keys.join(" or ")));
    }
    Some((JoinConfig { method, token, settings: Arc::new(settings), given: None }, cluster))
}

fn command_limit(text: &str) -> Result<Duration, String> {
    let limit = go_duration(text)?;
    let most = Duration::from_secs(limits::COMMAND_MAX_SECONDS);
    if (Duration::from_secs(1)..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(format!("is {}; allowed are 1s to {}s", value::shown(text), most.as_secs()))
}
