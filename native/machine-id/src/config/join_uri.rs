//! A joining URI in place of a token: split into what it says, once, for both texts.

use super::address::parse_address;
use super::fault::{Place, Report};
use super::model::{AddressKind, TokenSource};
use super::value;
use crate::method::{JoinMethod, JoinUri, Kind, Settings, Value};
use crate::secret::Secret;

/// What a configuration says about a join, before it is checked as a whole.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) method: Option<JoinMethod>,
    pub(super) token: TokenSource,
    pub(super) settings: Settings,
    /// The cluster that a joining URI names.
    pub(super) cluster: Option<UriCluster>,
}

/// The cluster that a joining URI is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UriCluster {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) kind: AddressKind,
}

impl UriCluster {
    /// Refuses a URI of another cluster than the configured one. A proxy and an auth server of one cluster have
    /// addresses of their own, which can't be compared.
    pub(super) fn check(&self, place: &Place, host: &str, port: u16, kind: AddressKind, report: &mut Report) {
        let same = self.host.eq_ignore_ascii_case(host) && self.port == port;
        if self.kind == kind && !same {
            let (theirs, ours) = (format!("{}:{}", self.host, self.port), format!("{host}:{port}"));
            let message = format!(
                "isn't that of the joining URI: it is for {theirs}, and {ours} is configured; take one of them"
            );
            report.fault(place, message);
        }
    }
}

impl Said {
    /// Takes a joining URI apart where one stands in place of the token; its method counts where none was chosen.
    pub(super) fn understood(mut self, place: &Place, report: &mut Report) -> Self {
        let TokenSource::Value(token) = &self.token else { return self };
        let uri = match JoinUri::read(token.expose()) {
            None => return self,
            Some(Ok(uri)) => uri,
            Some(Err(message)) => {
                report.fault(place, message);
                return self;
            }
        };
        if self.method.is_some_and(|method| method != JoinMethod::Token && method != uri.method) {
            let message = format!("is a joining URI for method {}; write that join method", uri.method.as_str());
            report.fault(place, message);
            return self;
        }
        self.method = Some(uri.method);
        self.cluster = cluster(&uri, place, report);
        if let Some(parameter) = uri.parameter {
            set(uri.method, parameter, &mut self.settings, place, report);
        }
        self.token = TokenSource::Value(uri.token);
        self
    }
}

fn cluster(uri: &JoinUri, place: &Place, report: &mut Report) -> Option<UriCluster> {
    let kind = if uri.auth { AddressKind::AuthOrProxy } else { AddressKind::Proxy };
    match parse_address(&uri.address, kind.default_port()) {
        Ok((host, port)) => Some(UriCluster { host, port, kind }),
        Err(message) => {
            report.fault(place, format!("is a joining URI whose address {message}"));
            None
        }
    }
}

/// The method's parameter is a setting of it.
fn set(method: JoinMethod, parameter: Secret, settings: &mut Settings, place: &Place, report: &mut Report) {
    let spec = method.spec();
    let setting = spec.settings.iter().find(|setting| Some(setting.name) == spec.uri_parameter);
    let Some(setting) = setting else { return };
    let taken = spec.at_most_one.contains(&setting.name) && spec.at_most_one.iter().any(|name| settings.has(name));
    if settings.has(setting.name) || taken {
        report.fault(place, format!("is a joining URI that says {} too; leave the setting out", setting.name));
        return;
    }
    let value = match setting.kind {
        Kind::Variable => value::variable(parameter.expose()).map(Value::Text),
        _ => Err("can't be a part of a joining URI".to_owned()),
    };
    match value {
        Ok(value) => settings.set(setting, value),
        Err(message) => report.fault(place, format!("is a joining URI whose {} {message}", setting.name)),
    }
}
