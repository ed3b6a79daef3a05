//! A joining URI in place of a token: split into what it says, once, for both texts.

use super::address::parse_address;
use super::value;
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{AddressKind, TokenSource};
use crate::method::{JoinMethod, JoinUri, Kind, Settings, Value};
use crate::secret::Secret;

/// What a configuration says about a join, before it is checked as a whole.
#[derive(Debug)]
pub(in crate::config) struct Said {
    pub(in crate::config) method: Option<JoinMethod>,
    pub(in crate::config) token: TokenSource,
    pub(in crate::config) settings: Settings,
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
    /// Takes a joining URI apart where one stands in place of the token; its method counts where none was chosen.
    pub(in crate::config) fn understood(mut self, place: &Place, diagnostics: &mut Diagnostics) -> Self {
        let TokenSource::Value(token) = &self.token else { return self };
        let uri = match JoinUri::read(token.expose()) {
            None => return self,
            Some(Ok(uri)) => uri,
            Some(Err(message)) => {
                diagnostics.error(place, message);
                return self;
            }
        };
        if self.method.is_some_and(|method| method != JoinMethod::Token && method != uri.method) {
            let message = format!("is a joining URI for method {}; write that join method", uri.method.as_str());
            diagnostics.error(place, message);
            return self;
        }
        self.method = Some(uri.method);
        self.cluster = cluster(&uri, place, diagnostics);
        if let Some(parameter) = uri.parameter {
            set(uri.method, parameter, &mut self.settings, place, diagnostics);
        }
        self.token = TokenSource::Value(uri.token);
        self
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

/// The method's parameter is a setting of it.
fn set(method: JoinMethod, parameter: Secret, settings: &mut Settings, place: &Place, diagnostics: &mut Diagnostics) {
    let spec = method.spec();
    let setting = spec.settings.iter().find(|setting| Some(setting.name) == spec.uri_parameter);
    let Some(setting) = setting else { return };
    let taken = spec.at_most_one.contains(&setting.name) && spec.at_most_one.iter().any(|name| settings.has(name));
    if settings.has(setting.name) || taken {
        diagnostics.error(place, format!("is a joining URI that says {} too; leave the setting out", setting.name));
        return;
    }
    let value = match setting.kind {
        Kind::Variable => value::variable(parameter.expose()).map(Value::Text),
        Kind::Text => value::name(parameter.expose()).map(Value::Text),
        _ => Err("can't be a part of a joining URI".to_owned()),
    };
    match value {
        Ok(value) => settings.set(setting, value),
        Err(message) => diagnostics.error(place, format!("is a joining URI whose {} {message}", setting.name)),
    }
}
