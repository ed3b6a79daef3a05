//! Host and port, as they are dialled and as they are printed.

use std::fmt;
use std::net::IpAddr;

/// A host name or IP address with a TCP port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Host name, or an IP address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Address {
    /// An address from its parts; brackets around an IPv6 address are dropped.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Self { host: bare.to_owned(), port }
    }

    /// Parses `host`, `host:port` or `[v6]:port`; `None` for an empty host or a port that is no number.
    #[must_use]
    pub fn parse(text: &str, default_port: u16) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if text.parse::<IpAddr>().is_ok() {
            return Some(Self::new(text, default_port));
        }
        let (host, port) = match text.rfind(':') {
            Some(at) if !text.ends_with(']') => (text.get(..at)?, text.get(at + 1..)?.parse().ok()?),
            _ => (text, default_port),
        };
        let address = Self::new(host, port);
        (!address.host.is_empty()).then_some(address)
    }

    /// The host as an IP address, when it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// A listen address such as `0.0.0.0:3023` can't be dialled; its host is then `fallback`'s.
    #[must_use]
    pub fn or_host_of(self, fallback: &Self) -> Self {
        match self.ip() {
            Some(ip) if ip.is_unspecified() => Self { host: fallback.host.clone(), port: self.port },
            _ => self,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;
    use proptest::prelude::*;

    #[test]
    fn hosts_ports_and_bracketed_addresses_are_told_apart() {
        for (text, host, port) in [
            ("teleport.example.com:443", "teleport.example.com", 443),
            ("teleport.example.com", "teleport.example.com", 3080),
            ("[2001:db8::1]:3023", "2001:db8::1", 3023),
            ("[2001:db8::1]", "2001:db8::1", 3080),
            ("2001:db8::1", "2001:db8::1", 3080),
        ] {
            assert_eq!(Address::parse(text, 3080), Some(Address::new(host, port)), "{text}");
        }
        for text in ["", ":443", "host:port", "host:70000"] {
            assert_eq!(Address::parse(text, 3080), None, "{text}");
        }
    }

    #[test]
    fn a_listen_address_of_every_interface_borrows_the_host() {
        let web = Address::new("proxy.example.com", 443);
        assert_eq!(Address::new("0.0.0.0", 3023).or_host_of(&web), Address::new("proxy.example.com", 3023));
        assert_eq!(Address::new("[::]", 3023).or_host_of(&web), Address::new("proxy.example.com", 3023));
        assert_eq!(Address::new("10.0.0.1", 3023).or_host_of(&web), Address::new("10.0.0.1", 3023));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_parsed_again(host in "[a-z0-9.-]{1,20}", port in 1_u16..) {
            let address = Address::new(&host, port);
            prop_assert_eq!(Address::parse(&address.to_string(), 1), Some(address));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Address::parse(&text, 1);
        }
    }
}
