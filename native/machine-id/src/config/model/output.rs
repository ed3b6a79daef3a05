//! What certificates are for.

use std::time::Duration;

use super::directory::DirectoryConfig;
use super::kubernetes::KubernetesOutput;
use crate::vocabulary::words;

words! {
    /// The kinds of outputs, by tbot's names.
    pub enum OutputType {
        /// SSH and the Teleport API.
        Identity = "identity",
        /// Kubernetes clusters.
        Kubernetes = "kubernetes",
        /// A database.
        Database = "database",
        /// A web application.
        Application = "application",
    }
}

/// What a certificate is for, and so which files are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OutputKind {
    /// SSH and the Teleport API.
    Identity(IdentityOutput),
    /// SSH by tbot's service `ssh-multiplexer`: sockets, and no key in a file.
    Multiplexer(MultiplexerOutput),
    /// Kubernetes clusters.
    Kubernetes(KubernetesOutput),
    /// A database.
    Database {
        /// Name of the database service in Teleport.
        service: String,
        /// Database user; empty: named at connection time.
        username: String,
        /// Database name; empty: named at connection time.
        database: String,
        /// Which extra files; none: no extra ones.
        format: Option<DatabaseFormat>,
    },
    /// A web application.
    Application {
        /// Name of the application in Teleport.
        app: String,
        /// Also write `tls.key`, `tls.crt`, `tls.cas`.
        specific_tls_naming: bool,
    },
}

impl OutputKind {
    /// Whether an `ssh_config` belongs to it that names a key and its certificate.
    #[must_use]
    pub const fn has_ssh_config(&self) -> bool {
        matches!(self, Self::Identity(output) if output.ssh_config)
    }

    /// Whether there is an `ssh_config`, whatever it names.
    #[must_use]
    pub const fn writes_ssh_config(&self) -> bool {
        self.has_ssh_config() || matches!(self, Self::Multiplexer(_))
    }

    /// Its kind, without what it is for.
    #[must_use]
    pub const fn output_type(&self) -> OutputType {
        match self {
            Self::Identity(_) | Self::Multiplexer(_) => OutputType::Identity,
            Self::Kubernetes(_) => OutputType::Kubernetes,
            Self::Database { .. } => OutputType::Database,
            Self::Application { .. } => OutputType::Application,
        }
    }
}

/// What is special about an output for SSH and the Teleport API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdentityOutput {
    /// Write `ssh_config` and `known_hosts`.
    pub ssh_config: bool,
    /// Whoever holds the certificate may ask the cluster for further ones of the same roles with it (tbot's
    /// `allow_reissue`; `tsh` does that for databases and applications).
    pub reissuable: bool,
}

impl Default for IdentityOutput {
    fn default() -> Self {
        Self { ssh_config: true, reissuable: false }
    }
}

/// What is special about tbot's service `ssh-multiplexer`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MultiplexerOutput {
    /// The program that ssh calls, with its first arguments; none: ours.
    pub proxy_command: Vec<String>,
}

words! {
    /// Extra files of a database output (protocol G1).
    pub enum DatabaseFormat {
        /// `tls.crt`, `tls.key`, `tls.cas`.
        Tls = "tls",
        /// `mongo.crt`, `mongo.cas`.
        Mongo = "mongo",
        /// `cockroach/{node.key,node.crt,ca.crt}`.
        Cockroach = "cockroach",
    }
}

/// A standing output: certificates of a kind kept fresh in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// What for.
    pub kind: OutputKind,
    /// tbot's word for its type.
    pub tbot_type: &'static str,
    /// Where to.
    pub destination: DirectoryConfig,
    /// Roles; empty: all that the bot may take.
    pub roles: Vec<String>,
    /// Name for `run --output`; none: the directory's last part.
    pub name: Option<String>,
    /// Leaf cluster to route to; none: the root cluster.
    pub route_to_cluster: Option<String>,
    /// Lifetime of the output's certificates; none: the identity's.
    pub ttl: Option<Duration>,
}
