//! What the methods with an ID token have in common.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::setting::{Kind, Setting, Settings};
use crate::secret::Secret;

/// Where variables are looked up: the process environment, or a test's.
pub type Lookup<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// Where an ID token is.
#[derive(Debug)]
pub enum IdTokenPlace {
    /// In this environment variable.
    Variable(String),
    /// In this file.
    File(PathBuf),
    /// A service of the platform gives it.
    Service(Service),
    /// A program prints it.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// How long it may take.
        limit: Duration,
    },
    /// It comes with each request for a lease: whoever asks vouches for whom it is for.
    Given,
}

/// A service that gives an ID token.
#[derive(Debug)]
pub struct Service {
    /// For messages: `GitHub's ID token service`.
    pub name: &'static str,
    /// How it is asked.
    pub verb: Verb,
    /// What is asked.
    pub url: String,
    /// Headers that it wants to see; some are secrets.
    pub headers: Vec<(&'static str, Secret)>,
    /// Takes the token out of its answer.
    pub read: fn(&[u8]) -> Option<Secret>,
}

/// How a service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// GET.
    Get,
    /// POST without a body.
    Post,
}

/// There is no ID token: where it was looked for, and why it can't be had there.
#[derive(Debug)]
pub struct Absent {
    /// `the environment variable X`.
    pub place: String,
    /// `it isn't set`.
    pub reason: String,
}

/// Setting `variable`, by its name in `tbot.yaml`.
pub(super) const fn variable(tbot: Option<&'static str>) -> Setting {
    Setting { name: "variable", tbot, kind: Kind::Variable }
}

/// Setting `file`.
pub(super) const FILE: Setting = Setting { name: "file", tbot: None, kind: Kind::Path };

/// Setting `given`: the caller signs a statement about each lease, and sends it along.
pub(super) const GIVEN: Setting = Setting { name: "given", tbot: None, kind: Kind::Flag };

/// Settings of a method that needs none of its own.
pub(super) const SETTINGS: &[Setting] = &[variable(None), FILE];

/// Of these at most one.
pub(super) const ONE_PLACE: &[&str] = &["variable", "file"];

/// The same where it can be given, too.
pub(super) const ONE_PLACE_OR_GIVEN: &[&str] = &["variable", "file", "given"];

/// The place that was set.
pub(super) fn set(settings: &Settings) -> Option<IdTokenPlace> {
    if settings.is_given() {
        return Some(IdTokenPlace::Given);
    }
    let variable = settings.text("variable").map(|name| IdTokenPlace::Variable(name.to_owned()));
    variable.or_else(|| settings.path("file").map(|path| IdTokenPlace::File(path.to_owned())))
}

/// The place that was set, else the variable that the platform fills.
pub(super) fn set_or_variable(settings: &Settings, name: &str) -> IdTokenPlace {
    set(settings).unwrap_or_else(|| IdTokenPlace::Variable(name.to_owned()))
}

/// A variable's text without surrounding white space; none where it isn't set, or blank.
#[must_use]
pub fn looked_up(lookup: Lookup<'_>, name: &str) -> Option<Secret> {
    let value = Zeroizing::new(lookup(name)?);
    Some(value.trim()).filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned()))
}

/// A variable that has to be there.
///
/// # Errors
/// It isn't set, or blank.
pub fn required(lookup: Lookup<'_>, name: &str) -> Result<Secret, Absent> {
    let absent = || Absent { place: format!("the environment variable {name}"), reason: "it isn't set".to_owned() };
    looked_up(lookup, name).ok_or_else(absent)
}

/// The header that shows a secret to a service.
pub(super) fn bearer(secret: &Secret) -> (&'static str, Secret) {
    ("authorization", Secret::new(format!("Bearer {}", secret.expose())))
}

/// A service's address with one more parameter in its query.
pub(super) fn with_query(url: &Secret, parameter: &str) -> String {
    let url = url.expose();
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{parameter}")
}
