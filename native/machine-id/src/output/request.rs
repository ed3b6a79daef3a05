//! What an output is made from.

use std::path::{Path, PathBuf};

use super::error::OutputError;
use crate::config::OutputKind;
use crate::identity::{Authorities, Authority, is_cluster_name};
use crate::issue::RoleCertificate;
use crate::version::Version;

/// What the files say about the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Name of the root cluster.
    pub name: String,
    /// Version of its servers.
    pub server_version: Version,
    /// Host part of the proxy's public address.
    pub proxy_host: String,
    /// The proxy's public web address, `host:port`, IPv6 hosts in brackets (protocol A).
    pub proxy_address: String,
    /// The proxy's SSH address where that is another one, `host:port` (protocol A).
    pub ssh_address: String,
    /// Whether all of the proxy's protocols share its web port.
    pub tls_routing: bool,
    /// Whether a load balancer ends TLS in front of the proxy (protocol D1).
    pub connection_upgrade: bool,
    /// The proxy's Kubernetes address, `host:port` (protocol A).
    pub kube_address: String,
}

/// A Kubernetes cluster's part of an output.
#[derive(Clone, Copy, Debug)]
pub struct KubeCertificate<'a> {
    /// Its name in Teleport.
    pub cluster: &'a str,
    /// Namespace of its context; empty: none.
    pub namespace: &'a str,
    /// The certificate and key for it.
    pub certificate: &'a RoleCertificate,
}

/// Where `ssh` finds keys and certificates; it takes of each what fits together.
#[derive(Clone, Copy, Debug)]
pub struct SshFiles<'a> {
    /// For `IdentityFile`.
    pub keys: &'a [PathBuf],
    /// For `CertificateFile`.
    pub certificates: &'a [PathBuf],
}

/// What an output is made from.
#[derive(Clone, Copy, Debug)]
pub struct OutputRequest<'a> {
    /// What is written.
    pub kind: &'a OutputKind,
    /// The certificate and key to write.
    pub certificate: &'a RoleCertificate,
    /// For an output of Kubernetes clusters: each of them, the current context first; `certificate` is that one's.
    pub kubernetes: &'a [KubeCertificate<'a>],
    /// Who signs hosts, users and databases.
    pub authorities: &'a Authorities,
    /// The cluster.
    pub cluster: &'a ClusterFacts,
    /// The program named in ProxyCommand and in the kubeconfig.
    pub helper: &'a Path,
    /// Where the files will lie; absolute.
    pub directory: &'a Path,
    /// What `ssh_config` names, where there is one; none: the files in `directory`, as tbot does it.
    pub ssh: Option<SshFiles<'a>>,
    /// Whether somebody serves SSH connections by a socket in the directory.
    pub multiplexed: bool,
}

impl<'a> OutputRequest<'a> {
    /// Names from the network end up in patterns, shell words and file names: only what Teleport allows in them.
    pub(super) fn check(&self) -> Result<(), OutputError> {
        if self.authorities.host.is_empty() {
            return Err(OutputError::NoAuthority { what: "host" });
        }
        for name in self.authorities.host.iter().map(|host| &host.cluster).chain([&self.cluster.name]) {
            if !is_cluster_name(name) {
                return Err(unusable("cluster name", name));
            }
        }
        check_name("proxy host", &self.cluster.proxy_host, "_-.:")?;
        check_name("proxy address", &self.cluster.proxy_address, "_-.:[]")?;
        check_name("SSH proxy address", &self.cluster.ssh_address, "_-.:[]")?;
        check_name("Kubernetes address", &self.cluster.kube_address, "_-.:[]")
    }

    /// The root cluster's host authority.
    pub(super) fn root_host(&self) -> Result<&'a Authority, OutputError> {
        let root = self.authorities.host_of(&self.cluster.name).or(self.authorities.host.first());
        root.ok_or(OutputError::NoAuthority { what: "host" })
    }

    /// The clusters that files can be named after.
    pub(super) fn plain_file_clusters(&self) -> impl Iterator<Item = &'a Authority> {
        /// So that it is a file's name with `.known_hosts` behind it, and none of those that directories keep for us.
        const LONGEST: usize = 180;
        let plain = |name: &str| {
            name.len() <= LONGEST
                && !name.starts_with('.')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        self.authorities.host.iter().filter(move |host| plain(&host.cluster))
    }
}

/// A path as text: the files are UTF-8.
pub(super) fn text_of(path: &Path) -> Result<&str, OutputError> {
    let text = path.to_str().ok_or_else(|| OutputError::path(path, "it isn't UTF-8"))?;
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !plain && text.chars().any(char::is_control) {
        return Err(OutputError::path(path, "it has control characters"));
    }
    Ok(text)
}

/// Longer than any DNS name with port.
const MAX_NAME: usize = 300;

fn check_name(what: &'static str, name: &str, extra: &str) -> Result<(), OutputError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
        return Err(unusable(what, name));
    }
    Ok(())
}

fn unusable(what: &'static str, name: &str) -> OutputError {
    OutputError::Name { what, name: name.chars().take(MAX_NAME).collect() }
}
