//! What doesn't change while the double runs.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::ca::KeyKind;

/// The double's fixed properties.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) cluster: String,
    /// Host part of the proxy's public address.
    pub(crate) public_host: String,
    pub(crate) listen: IpAddr,
    pub(crate) proxy_port: u16,
    pub(crate) auth_port: u16,
    pub(crate) version: String,
    pub(crate) key_kind: KeyKind,
    pub(crate) l7_balancer: bool,
    /// What discovery says: one port for everything, or `proxy_listener_mode: separate`.
    pub(crate) tls_routing: bool,
    pub(crate) leaf: Option<String>,
    /// Streams that a connection of HTTP/2 may have at once.
    pub(crate) streams: u32,
    pub(crate) directory: Option<PathBuf>,
    /// `teleport.join.v1`; by version when unset.
    pub(crate) join_stream: Option<bool>,
    /// HTTP joins and `proto.JoinService`; by version when unset.
    pub(crate) legacy_joins: Option<bool>,
    pub(crate) fips: bool,
    /// Told by ping and find, and compared with what a client says; one major version back when unset.
    pub(crate) min_client: Option<String>,
    /// Every impersonation gets all roles of its bot, whatever it asked for.
    pub(crate) all_roles: bool,
    /// Signature algorithm suite; by version when unset.
    pub(crate) suite: Option<String>,
    /// Gets a line for each join.
    pub(crate) joined_keys: Option<PathBuf>,
    /// How long an exchange of the old join service may take.
    pub(crate) stream_limit: Duration,
}

impl Settings {
    /// The first number of the version; 15 when it has none.
    pub(crate) fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(15)
    }

    /// Whether the version is at least this one.
    pub(crate) fn at_least(&self, major: u32, minor: u32) -> bool {
        release(&self.version).is_none_or(|(of, at, _)| (of, at) >= (major, minor))
    }

    /// Bots live in several places, each an instance with a generation of its own (join-methods 0).
    pub(crate) fn has_bot_instances(&self) -> bool {
        self.at_least(16, 2)
    }

    /// Whether `teleport.join.v1` is served.
    pub(crate) fn has_join_stream(&self) -> bool {
        self.join_stream.unwrap_or_else(|| self.at_least(18, 2))
    }

    /// Whether the ways before `teleport.join.v1` are served; 20 drops them.
    pub(crate) fn has_legacy_joins(&self) -> bool {
        self.legacy_joins.unwrap_or_else(|| self.major() < 20)
    }

    /// Whether the server knows a join method; those that every tested version has aren't named.
    pub(crate) fn knows_method(&self, method: &str) -> bool {
        match method {
            "azure" => self.at_least(12, 0),
            "azure_devops" => self.at_least(17, 5),
            "bound_keypair" => self.at_least(18, 1) || (self.major() == 17 && self.at_least(17, 7)),
            "env0" => self.at_least(18, 4),
            "generic_oidc" => self.at_least(18, 11),
            _ => true,
        }
    }

    /// The suite that says which keys clients make.
    pub(crate) fn suite(&self) -> &str {
        let usual = if self.major() >= 17 { "balanced-v1" } else { "legacy" };
        self.suite.as_deref().unwrap_or(usual)
    }

    /// The oldest client the cluster talks to.
    pub(crate) fn min_client_version(&self) -> String {
        self.min_client.clone().unwrap_or_else(|| format!("{}.0.0", self.major().saturating_sub(1)))
    }

    /// Whether a client that says to have `version` is too old, or says nonsense.
    pub(crate) fn refuses_client(&self, version: &str) -> bool {
        let checks = self.min_client.is_some() || self.major() >= 16;
        checks
            && release(version).is_none_or(|its| release(&self.min_client_version()).is_some_and(|least| its < least))
    }

    /// The cluster's name as SNI and ALPN carry it (protocol section 0).
    pub(crate) fn encoded(cluster: &str) -> String {
        format!("{}.teleport.cluster.local", hex::encode(cluster))
    }

    /// The server name that selects the Kubernetes listener (protocol section I).
    pub(crate) fn kube_name(&self) -> String {
        let host = if self.public_host.parse::<IpAddr>().is_ok() {
            "teleport.cluster.local"
        } else {
            self.public_host.as_str()
        };
        format!("kube-teleport-proxy-alpn.{host}")
    }
}

/// The three numbers of a version, without what follows them.
fn release(version: &str) -> Option<(u32, u32, u32)> {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = numbers.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next().unwrap_or(Some(0))?, numbers.next().unwrap_or(Some(0))?))
}
