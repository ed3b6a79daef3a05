//! What the process environment says about the way to the cluster.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::connect::error::{ConnectError, SetUpError};

use super::address::Address;

const HTTP_PROXY_PORT: u16 = 80;

/// The variables that matter, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    https_proxy: Option<(&'static str, String)>,
    no_proxy: String,
    upgrade: String,
}

/// An HTTP proxy to ask for a tunnel.
#[derive(Clone)]
pub(crate) struct HttpProxy {
    pub(crate) address: Address,
    /// Value of `Proxy-Authorization`.
    pub(crate) authorization: Option<Zeroizing<String>>,
}

impl Environment {
    /// Reads this process's environment: `HTTPS_PROXY`, `NO_PROXY` (or in lower case) and
    /// `TELEPORT_TLS_ROUTING_CONN_UPGRADE`.
    #[must_use]
    pub fn of_process() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the variables by `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| lookup(name).filter(|value| !value.is_empty()).map(|value| (name, value));
        Self {
            https_proxy: set("HTTPS_PROXY").or_else(|| set("https_proxy")),
            no_proxy: set("NO_PROXY").or_else(|| set("no_proxy")).map(|(_, value)| value).unwrap_or_default(),
            upgrade: set("TELEPORT_TLS_ROUTING_CONN_UPGRADE").map(|(_, value)| value).unwrap_or_default(),
        }
    }

    /// The HTTP proxy on the way to `target`, if there is one. Loopback is always reached directly.
    pub(crate) fn proxy_for(&self, target: &Address) -> Result<Option<HttpProxy>, ConnectError> {
        let Some((variable, text)) = &self.https_proxy else { return Ok(None) };
        if self.bypasses(target) {
            return Ok(None);
        }
        let bad = |reason: &str| ConnectError::SetUp(SetUpError::ProxyVariable { variable, reason: reason.to_owned() });
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err(bad("only the scheme http is supported")),
            None => text,
        };
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
        let address = Address::parse(host, HTTP_PROXY_PORT).ok_or_else(|| bad("no host, or the port is no number"))?;
        let authorization = user.map(|user| {
            let mut plain = Zeroizing::new(Vec::with_capacity(user.len()));
            plain.extend(percent_decode_str(user));
            Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_slice())))
        });
        Ok(Some(HttpProxy { address, authorization }))
    }

    fn bypasses(&self, target: &Address) -> bool {
        let ip = target.ip();
        if target.host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.is_loopback()) {
            return true;
        }
        let host = target.host.to_ascii_lowercase();
        self.no_proxy.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
            if entry == "*" {
                return true;
            }
            if let (Some(ip), Some((network, bits))) = (ip, entry.split_once('/')) {
                return in_network(ip, network, bits);
            }
            let Some(named) = Address::parse(&entry, target.port) else { return false };
            if named.port != target.port {
                return false;
            }
            let name = named.host.trim_start_matches('*').to_owned();
            match name.strip_prefix('.') {
                Some(domain) => host.ends_with(&format!(".{domain}")),
                None => host == name || host.ends_with(&format!(".{name}")),
            }
        })
    }

    /// `yes`/`no` for the HTTP upgrade of D1, when the user decided it for this address.
    pub(crate) fn upgrade_for(&self, target: &Address) -> Option<bool> {
        let mut general = None;
        for entry in self.upgrade.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once('=') {
                Some((name, value)) if name.trim() == target.host || name.trim() == target.to_string() => {
                    return truth(value);
                }
                Some(_) => {}
                None => general = truth(entry),
            }
        }
        general
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "on" => Some(true),
        "no" | "n" | "false" | "f" | "0" | "off" => Some(false),
        _ => None,
    }
}

fn in_network(ip: IpAddr, network: &str, bits: &str) -> bool {
    let Ok(bits) = bits.parse::<u32>() else { return false };
    match (ip, network.parse::<IpAddr>()) {
        (IpAddr::V4(ip), Ok(IpAddr::V4(network))) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(ip) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(ip), Ok(IpAddr::V6(network))) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(ip) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &'static [(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn proxied(environment: &Environment, host: &str) -> bool {
        environment.proxy_for(&Address::new(host, 443)).unwrap().is_some()
    }

    #[test]
    fn the_proxy_is_used_but_for_loopback_and_what_no_proxy_names() {
        let environment = environment(&[
            ("HTTPS_PROXY", "http://user:p%40ss@proxy.corp:3128/"),
            ("NO_PROXY", "internal.example.com, .lan,10.0.0.0/8,other.example.com:8443"),
        ]);
        for host in ["teleport.example.com", "192.0.2.1", "other.example.com"] {
            assert!(proxied(&environment, host), "{host}");
        }
        for host in
            ["localhost", "127.0.0.1", "::1", "internal.example.com", "a.internal.example.com", "x.lan", "10.1.2.3"]
        {
            assert!(!proxied(&environment, host), "{host}");
        }
        let proxy = environment.proxy_for(&Address::new("teleport.example.com", 443)).unwrap().unwrap();
        assert_eq!(proxy.address, Address::new("proxy.corp", 3128));
        assert_eq!(proxy.authorization.unwrap().as_str(), format!("Basic {}", STANDARD.encode("user:p@ss")));
    }

    #[test]
    fn a_proxy_of_another_kind_is_refused_by_variable_name() {
        let environment = environment(&[("https_proxy", "socks5://proxy:1080")]);
        let Err(error) = environment.proxy_for(&Address::new("a.example.com", 443)) else { panic!("accepted") };
        assert!(error.to_string().contains("https_proxy"), "{error}");
    }

    #[test]
    fn the_upgrade_can_be_decided_for_all_or_for_one_host() {
        let target = Address::new("proxy.example.com", 443);
        let decided = |text: &'static str| {
            Environment::from_lookup(|name| (name == "TELEPORT_TLS_ROUTING_CONN_UPGRADE").then(|| text.to_owned()))
                .upgrade_for(&target)
        };
        assert_eq!(decided("yes"), Some(true));
        assert_eq!(decided("no;proxy.example.com=yes"), Some(true));
        assert_eq!(decided("other.example.com=yes"), None);
        assert_eq!(decided("maybe"), None);
    }
}
