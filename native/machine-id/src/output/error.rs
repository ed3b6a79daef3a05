//! Why an output can't be rendered.

use std::path::{Path, PathBuf};

use crate::error::{Code, Fault};
use crate::identity::{AuthorityError, CertificateError};

/// Why an output can't be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// A path that can't be written into one of the files.
    #[error("path {path:?} can't be used in the files of an output: {reason}")]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// A name from the cluster that no Teleport cluster can have.
    #[error("{what} {name:?} is empty, too long or has characters that don't belong there")]
    Name {
        /// What it names.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The authorities lack what a file needs.
    #[error("the cluster's {what} CA isn't known")]
    NoAuthority {
        /// Which CA.
        what: &'static str,
    },
    /// An output for Kubernetes without a cluster.
    #[error("the output names no Kubernetes cluster")]
    NoCluster,
    /// Our own text can't be made.
    #[error("can't write JSON: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
    /// A CA key can't be read.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The certificate can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl OutputError {
    pub(super) fn path(path: &Path, reason: &'static str) -> Self {
        Self::Path { path: path.to_owned(), reason }
    }
}

impl Fault for OutputError {
    fn code(&self) -> Code {
        match self {
            Self::Path { .. } | Self::NoCluster => Code::RequestInvalid,
            Self::Name { .. } | Self::NoAuthority { .. } => Code::ClusterFailed,
            Self::Unwritable { .. } => Code::Internal,
            Self::Authority(error) => error.code(),
            Self::Certificate(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Path { .. } => "choose another directory".to_owned(),
            Self::Name { .. } => "check that the address is that of your cluster".to_owned(),
            Self::NoAuthority { .. } => "let the bot's role read certificate authorities".to_owned(),
            Self::NoCluster => "name at least one".to_owned(),
            Self::Unwritable { .. } => String::new(),
            Self::Authority(error) => error.hint(),
            Self::Certificate(error) => error.hint(),
        }
    }
}
