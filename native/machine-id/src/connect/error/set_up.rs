//! Nothing could be tried: what this machine has been given doesn't do.

use std::path::PathBuf;

use crate::error::{Code, Fault};

/// What is missing or wrong on this machine, before anything was sent anywhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// The CA file can't be read.
    #[error("cannot read the CA file {}: {reason}", path.display())]
    CaUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The CA text holds no usable certificate.
    #[error("{place} holds no usable CA certificate: {reason}")]
    CaUnusable {
        /// File or setting.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither the system nor the configuration names a CA.
    #[error("this machine trusts no certificate authority at all: {reason}")]
    NoRoots {
        /// What the system's store said.
        reason: String,
    },
    /// The client key or certificate can't be used for TLS.
    #[error("the stored key and certificate can't be used for TLS: {reason}")]
    CredentialUnusable {
        /// The TLS library's words.
        reason: String,
    },
    /// An environment variable that names a proxy makes no sense.
    #[error("the environment variable {variable} doesn't hold the address of an HTTP proxy: {reason}")]
    ProxyVariable {
        /// `HTTPS_PROXY` or `https_proxy`.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The host name is no host name.
    #[error("{name:?} can't be a server's name")]
    NameUnusable {
        /// The name.
        name: String,
    },
}

impl Fault for SetUpError {
    fn code(&self) -> Code {
        match self {
            Self::CaUnreadable { .. } | Self::NoRoots { .. } => Code::ConfigUnreadable,
            Self::CaUnusable { .. } | Self::ProxyVariable { .. } | Self::NameUnusable { .. } => Code::ConfigInvalid,
            Self::CredentialUnusable { .. } => Code::IdentityCorrupt,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::CaUnreadable { .. } => "make the file readable for the agent's user, or correct its path".to_owned(),
            Self::CaUnusable { .. } => "it must hold PEM blocks that begin with -----BEGIN CERTIFICATE-----".to_owned(),
            Self::NoRoots { .. } => {
                "install ca-certificates, set SSL_CERT_FILE, or configure the CA of the proxy".to_owned()
            }
            Self::CredentialUnusable { .. } => "remove the stored identity and join again".to_owned(),
            Self::ProxyVariable { .. } => "write it as http://host:port, or unset it".to_owned(),
            Self::NameUnusable { .. } => "check the configured address".to_owned(),
        }
    }
}
