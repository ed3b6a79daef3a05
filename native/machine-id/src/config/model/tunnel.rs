//! Listeners of this machine that lead to a database or an application.

use std::fmt;
use std::net::SocketAddr;
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

/// Where a tunnel begins on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// A TCP port, which every user of the machine can connect to; 0: any free one.
    Tcp(SocketAddr),
    /// A Unix socket: its absolute path.
    Unix(PathBuf),
}

/// A tunnel of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelConfig {
    /// Where it leads to.
    pub kind: TunnelKind,
    /// Where it begins.
    pub listen: Listen,
    /// Roles; empty: all that the bot may take.
    pub roles: Vec<String>,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// Lifetime of its certificates; none: the identity's.
    pub ttl: Option<Duration>,
}
