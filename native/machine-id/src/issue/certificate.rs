//! A certificate with a role's rights, and what it is for.

use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{OutputKind, OutputType, TunnelKind};
use crate::identity::{CertificateError, CertificateFacts, Certificates, KeyPair};

/// What a certificate is routed to: the part of an [`OutputKind`] that the cluster is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nothing: SSH and the Teleport API.
    None,
    /// Nothing yet: the same, and its holder may ask the cluster for further certificates of its roles (servers from
    /// 17 on; older ones forbid that in each certificate of a bot).
    Reissuable,
    /// A Kubernetes cluster.
    Kubernetes {
        /// Its name in Teleport.
        cluster: String,
    },
    /// A database.
    Database {
        /// Name of the service in Teleport.
        service: String,
        /// Database user; empty: named at connection time.
        username: String,
        /// Database name; empty: named at connection time.
        database: String,
    },
    /// A web application.
    Application {
        /// Its name in Teleport.
        app: String,
    },
}

impl Target {
    /// The kind of output that it is for.
    #[must_use]
    pub const fn output_type(&self) -> OutputType {
        match self {
            Self::None | Self::Reissuable => OutputType::Identity,
            Self::Kubernetes { .. } => OutputType::Kubernetes,
            Self::Database { .. } => OutputType::Database,
            Self::Application { .. } => OutputType::Application,
        }
    }

    /// What a tunnel's certificate is routed to.
    #[must_use]
    pub fn of_tunnel(kind: &TunnelKind) -> Self {
        match kind.clone() {
            TunnelKind::Database { service, username, database } => Self::Database { service, username, database },
            TunnelKind::Application { app } => Self::Application { app },
        }
    }

    /// What an output's only certificate is routed to; none for Kubernetes, where each cluster needs one.
    #[must_use]
    pub fn of(kind: &OutputKind) -> Option<Self> {
        Some(match kind {
            OutputKind::Identity(output) if output.reissuable => Self::Reissuable,
            OutputKind::Identity(_) | OutputKind::Multiplexer(_) => Self::None,
            OutputKind::Kubernetes(_) => return None,
            OutputKind::Database { service, username, database, format: _ } => {
                Self::Database { service: service.clone(), username: username.clone(), database: database.clone() }
            }
            OutputKind::Application { app, specific_tls_naming: _ } => Self::Application { app: app.clone() },
        })
    }
}

/// Who shares a key pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything on this agent.
    Agent,
    /// One build (or lease) alone, by its id.
    Build(String),
}

/// A short-lived certificate with a role's rights, and its key.
#[derive(Clone, Debug)]
pub struct RoleCertificate {
    /// Its key, made for it alone.
    pub key: Arc<KeyPair>,
    /// Its certificates.
    pub certificates: Certificates,
    /// What they say.
    pub facts: CertificateFacts,
    /// What it is routed to.
    pub target: Target,
    /// The cluster it is routed to: the root cluster or a leaf.
    pub route_to_cluster: String,
    /// When the first of its certificates expires.
    pub expires_at: SystemTime,
}

impl RoleCertificate {
    /// Puts key and certificates together.
    ///
    /// # Errors
    /// When they don't belong together, or aren't valid now.
    pub fn new(
        key: Arc<KeyPair>,
        certificates: Certificates,
        target: Target,
        route_to_cluster: String,
        now: SystemTime,
    ) -> Result<Self, CertificateError> {
        let facts = certificates.checked(&key, now)?;
        let expires_at = facts.expires_at();
        Ok(Self { key, certificates, facts, target, route_to_cluster, expires_at })
    }
}
