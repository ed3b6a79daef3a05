//! A joining URI in place of a token: split into what it says, once, for both texts.

use super::address::parse_address;
use super::value;
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{AddressKind, TokenSource};
use crate::method::{JoinMethod, JoinUri, Kind, Setting, Settings, Value};

/// What a configuration says about a join beside the method's settings; which these are, the method decides.
#[derive(Debug)]
pub(in crate::config) struct Said {
    pub(in crate::config) method: Option<JoinMethod>,
    pub(in crate::config) token: TokenSource,
    /// Where the token stands, or the URI.
    place: Place,
    uri: Option<JoinUri>,
    /// The cluster that a joining URI names.
    pub(in crate::config) cluster: Option<UriCluster>,
}

/// The cluster that a joining URI is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct UriCluster {
    pub(in crate::config) host: String,
    pub(in crate::config) port: u16,
    pub(in crate::config) kind: AddressKind,
}

impl UriCluster {
    /// Refuses a URI of another cluster than the configured one. A proxy and an auth server of one cluster have
    /// addresses of their own, which can't be compared.
    pub(in crate::config) fn check(
        &self,
        place: &Place,
        host: &str,
        port: u16,
        kind: AddressKind,
        diagnostics: &mut Diagnostics,
    ) {
        let same = self.host.eq_ignore_ascii_case(host) && self.port == port;
        if self.kind == kind && !same {
            let (theirs, ours) = (format!("{}:{}", self.host, self.port), format!("{host}:{port}"));
            let message = format!(
                "isn't that of the joining URI: it is for {theirs}, and {ours} is configured; take one of them"
            );
            diagnostics.error(place, message);
        }
    }
}

impl Said {
    /// Takes a joining URI apart where one stands in place of the token, at `place`; its method counts where none was
    /// chosen.
    pub(in crate::config) fn new(
        method: Option<JoinMethod>,
        token: TokenSource,
        place: Place,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let uri = match &token {
            TokenSource::Value(token) => JoinUri::read(token.expose()),
            _ => None,
        };
        let plain = |token, place| Self { method, token, place, uri: None, cluster: None };
        match uri {
            None => plain(token, place),
            Some(Err(message)) => {
                diagnostics.error(&place, message);
                plain(token, place)
            }
            Some(Ok(uri)) if method.is_some_and(|method| method != JoinMethod::Token && method != uri.method) => {
                let message = format!("is a joining URI for method {}; write that join method", uri.method.as_str());
                diagnostics.error(&place, message);
                plain(token, place)
            }
            Some(Ok(uri)) => {
                let cluster = cluster(&uri, &place, diagnostics);
                let token = TokenSource::Value(uri.token.duplicate());
                Self { method: Some(uri.method), token, place, uri: Some(uri), cluster }
            }
        }
    }

    /// Adds the URI's parameter to the settings that were read.
    pub(in crate::config) fn complete(&self, settings: &mut Settings, diagnostics: &mut Diagnostics) {
        let Some(uri) = &self.uri else { return };
        match uri_setting(uri, settings) {
            Ok(Some((setting, value))) => settings.set(setting, value),
            Ok(None) => {}
            Err(message) => diagnostics.error(&self.place, format!("is a joining URI {message}")),
        }
    }
}

fn cluster(uri: &JoinUri, place: &Place, diagnostics: &mut Diagnostics) -> Option<UriCluster> {
    let kind = if uri.auth { AddressKind::AuthOrProxy } else { AddressKind::Proxy };
    match parse_address(&uri.address, kind.default_port()) {
        Ok((host, port)) => Some(UriCluster { host, port, kind }),
        Err(message) => {
            diagnostics.error(place, format!("is a joining URI whose address {message}"));
            None
        }
    }
}

/// The setting that the parameter of a joining URI is, where it has one, beside those that are `given`.
///
/// # Errors
/// Why it can't be: goes on after "a joining URI".
pub(crate) fn uri_setting(uri: &JoinUri, given: &Settings) -> Result<Option<(&'static Setting, Value)>, String> {
    let spec = uri.method.spec();
    let setting = spec.settings.iter().find(|setting| Some(setting.name) == spec.uri_parameter);
    let Some((setting, parameter)) = setting.zip(uri.parameter.as_ref()) else { return Ok(None) };
    let taken = spec.at_most_one.contains(&setting.name) && spec.at_most_one.iter().any(|name| given.has(name));
    if given.has(setting.name) || taken {
        return Err(format!("that says {} too; leave the setting out", setting.name));
    }
    let value = match setting.kind {
        Kind::Variable => value::variable(parameter.expose()).map(Value::Text),
        Kind::Secret => Ok(Value::Secret(parameter.duplicate())),
        Kind::Text => value::name(parameter.expose()).map(Value::Text),
        _ => Err("can't be a part of it".to_owned()),
    };
    value.map(|value| Some((setting, value))).map_err(|message| format!("whose {} {message}", setting.name))
}
