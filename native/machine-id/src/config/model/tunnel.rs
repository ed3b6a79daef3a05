//! Listeners of this machine that lead to a database or an application.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What a tunnel leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// A database.
    Database {
        /// Name of the database service in Teleport.
        service: String,
        /// Database user.
        username: String,
        /// Database name.
        database: String,
    },
    /// An application.
    Application {
        /// Its name in Teleport.
        app: String,
    },
}

impl TunnelKind {
    /// The name in Teleport.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Database { service, .. } => service,
            Self::Application { app } => app,
        }
    }
}

impl fmt::Display for TunnelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database { service, .. } => write!(f, "database {service:?}"),
            Self::Application { app } => write!(f, "application {app:?}"),
        }
    }
}

/// What a listener of a configuration leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// One database or application.
    To(TunnelKind),
    /// The application that each request names: a proxy for HTTP.
    Applications,
}

impl fmt::Display for Leads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(kind) => kind.fmt(f),
            Self::Applications => f.write_str("applications"),
        }
    }
}

/// Where a tunnel begins on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// A TCP port, which every user of the machine can connect to; 0: any free one.
    Tcp(SocketAddr),
    /// A Unix socket: its absolute path.
    Unix(PathBuf),
}

/// Who can connect to a TCP address, in words.
#[must_use]
pub fn who_reaches(address: SocketAddr) -> &'static str {
    if address.ip().is_loopback() { "every user of this machine" } else { "everybody who reaches this machine" }
}

impl Listen {
    /// Whether only one of them can listen at a time. Port 0 is any free one.
    #[must_use]
    pub fn clashes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unix(one), Self::Unix(other)) => one == other,
            (Self::Tcp(one), Self::Tcp(other)) => {
                let same = one.port() == other.port() && one.port() != 0;
                same && (covers(one.ip(), other.ip()) || covers(other.ip(), one.ip()))
            }
            _ => false,
        }
    }
}

/// Whether who listens at `one` takes the connections to `other` too. All of IPv6 is all of IPv4 besides.
fn covers(one: IpAddr, other: IpAddr) -> bool {
    one == other || (one.is_unspecified() && (one.is_ipv6() || other.is_ipv4()))
}

/// A tunnel of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelConfig {
    /// Where it leads to.
    pub leads: Leads,
    /// Where it begins.
    pub listen: Listen,
    /// Roles; empty: all that the bot may take.
    pub roles: Vec<String>,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// Lifetime of its certificates; none: the identity's.
    pub ttl: Option<Duration>,
}

/// A tunnel that lives as long as a lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseTunnel {
    /// Where it leads to.
    pub kind: TunnelKind,
    /// A TCP port of 127.0.0.1, which every user of the machine can connect to; 0: any free one. None: a Unix socket in the
    /// lease's directory.
    pub port: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_clash_by_path_and_by_port_at_addresses_that_include_each_other() {
        let tcp = |text: &str| Listen::Tcp(text.parse().unwrap());
        for (one, other, clash) in [
            ("127.0.0.1:1", "127.0.0.1:1", true),
            ("127.0.0.1:1", "127.0.0.1:2", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("0.0.0.0:1", "127.0.0.1:1", true),
            ("127.0.0.1:1", "[::]:1", true),
            ("0.0.0.0:1", "[::1]:1", false),
            ("127.0.0.1:1", "127.0.0.2:1", false),
        ] {
            assert_eq!(tcp(one).clashes(&tcp(other)), clash, "{one} {other}");
            assert_eq!(tcp(other).clashes(&tcp(one)), clash, "{other} {one}");
        }
        let unix = |path: &str| Listen::Unix(path.into());
        assert!(unix("/a/b").clashes(&unix("/a/b")) && !unix("/a/b").clashes(&unix("/a/c")));
        assert!(!unix("/a/b").clashes(&tcp("127.0.0.1:1")));
    }
}
