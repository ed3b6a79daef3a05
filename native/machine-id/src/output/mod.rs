//! Certificates to files, byte for byte as tbot writes them. Pure.

mod application;
mod database;
mod environment;
mod error;
mod exec_credential;
mod file_word;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod identity_file;
mod known_hosts;
mod kubeconfig;
mod quote;
mod request;
mod ssh_config;
mod tls;

use std::borrow::Cow;

pub(crate) use environment::PlacedOutput;
#[cfg(test)]
pub(crate) use environment::Variable;
pub use environment::environment;
pub(crate) use error::OutputError;
pub use exec_credential::exec_credential;
pub(crate) use file_word::file_word;
pub use file_word::{is_kube_folder, kube_directory};
pub use quote::proxy_command_word;
pub(crate) use request::{ClusterFacts, KubeCertificate, OutputRequest, SshFiles};
pub use tls::key_advice;

use crate::config::OutputKind;
use crate::secret::Secret;

/// One file of an output.
#[derive(Debug)]
pub struct Artifact {
    /// Its path below the output's directory; may contain one `/`.
    pub name: Cow<'static, str>,
    /// Its bytes.
    pub contents: Contents,
}

/// What is in a file: to be wiped, unless everybody may know it.
#[derive(Debug)]
pub enum Contents {
    /// With a private key in it.
    Secret(Secret),
    /// Certificates and public keys, and where things are.
    Public(String),
}

impl Contents {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Secret(text) => text.expose(),
            Self::Public(text) => text,
        }
    }
}

impl Artifact {
    fn public(name: impl Into<Cow<'static, str>>, contents: String) -> Self {
        Self { name: name.into(), contents: Contents::Public(contents) }
    }

    fn new(name: impl Into<Cow<'static, str>>, contents: String) -> Self {
        Self { name: name.into(), contents: Contents::Secret(Secret::new(contents)) }
    }
}

/// Every file of an output (protocol G1).
///
/// # Errors
/// When a path or a name can't be written into one of the files, or the authorities lack what a file needs.
pub fn artifacts(request: &OutputRequest<'_>) -> Result<Vec<Artifact>, OutputError> {
    request.check()?;
    if let OutputKind::Multiplexer(output) = request.kind {
        return Ok(vec![known_hosts::render(request)?, ssh_config::render_multiplexed(request, output)?]);
    }
    let mut files = tls::common(request);
    files.push(identity_file::render(request)?);
    match request.kind {
        OutputKind::Multiplexer(_) => {}
        OutputKind::Identity(output) if !output.ssh_config => {}
        OutputKind::Identity(_) => {
            files.push(known_hosts::render(request)?);
            files.push(ssh_config::render(request)?);
            if request.cluster.server_version.has_files_of_each_cluster() {
                for cluster in request.plain_file_clusters() {
                    files.push(known_hosts::render_for(request, cluster)?);
                    files.push(ssh_config::render_for(request, cluster)?);
                }
            }
        }
        OutputKind::Kubernetes(output) => files.extend(kubeconfig::render(request, output)?),
        OutputKind::Database { format, .. } => files.extend(database::render(request, *format)?),
        OutputKind::Application { specific_tls_naming, .. } => {
            files.extend(application::render(request, *specific_tls_naming));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
