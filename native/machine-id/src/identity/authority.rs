//! The cluster's certificate authorities: which keys sign hosts, users and databases.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::ca_certificate::CaCertificate;
use super::certificates::{CertificateError, Certificates};
use super::ssh_ca_key::canonical_line;
use crate::error::{Code, Fault};

/// What an authority signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// Servers: auth, proxy, SSH hosts.
    Host,
    /// Clients.
    User,
    /// Databases.
    Database,
}

impl AuthorityKind {
    /// Teleport's name of the type, as in `GetCertAuthority` (protocol D3).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::User => "user",
            Self::Database => "db",
        }
    }
}

impl fmt::Display for AuthorityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a CA rotation stands, in Teleport's own words (protocol J); empty strings where none ever was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// `standby` or `in_progress`.
    pub state: String,
    /// `standby`, `init`, `update_clients`, `update_servers` or `rollback`.
    pub phase: String,
    /// Id of the rotation.
    pub id: String,
}

/// Public keys of one set of a `CertAuthorityV2` (protocol D3, `CAKeySet`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// Lines `ssh-rsa AAAA…`.
    pub ssh: Vec<String>,
    /// PEM certificates.
    pub tls: Vec<String>,
}

/// One authority: every key that is to be trusted now, active keys first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// What it signs.
    pub kind: AuthorityKind,
    /// The cluster it belongs to.
    pub cluster: String,
    /// Lines `ssh-rsa AAAA…`: type and base64, no comment, no newline. A database CA has none.
    pub ssh_keys: Vec<String>,
    /// PEM blocks, each ending with a newline.
    pub tls_certs: Vec<String>,
    /// How many of the keys sign, counted from the first: several where auth servers have keys in hardware of their
    /// own. 0 where that isn't known (a join's reply).
    #[serde(default)]
    pub ssh_signers: usize,
    /// The same of the certificates.
    #[serde(default)]
    pub tls_signers: usize,
    /// Where its rotation stands.
    pub rotation: Rotation,
}

impl Authority {
    /// Builds an authority from the parts of a `CertAuthorityV2`: active keys, then additional trusted ones. Equal
    /// keys are kept once, blank ones dropped.
    ///
    /// # Errors
    /// When a key can't be read.
    pub fn from_parts(
        kind: AuthorityKind,
        cluster: &str,
        active: &KeySet,
        additional: &KeySet,
        rotation: Rotation,
    ) -> Result<Self, AuthorityError> {
        let mut authority = Self::empty(kind, cluster);
        authority.rotation = rotation;
        authority.add(active)?;
        (authority.ssh_signers, authority.tls_signers) = (authority.ssh_keys.len(), authority.tls_certs.len());
        authority.add(additional)?;
        Ok(authority)
    }

    fn empty(kind: AuthorityKind, cluster: &str) -> Self {
        Self {
            kind,
            cluster: cluster.to_owned(),
            ssh_keys: Vec::new(),
            tls_certs: Vec::new(),
            ssh_signers: 0,
            tls_signers: 0,
            rotation: Rotation::default(),
        }
    }

    fn add(&mut self, keys: &KeySet) -> Result<(), AuthorityError> {
        keys.ssh.iter().try_for_each(|line| self.add_ssh_key(line))?;
        keys.tls.iter().try_for_each(|pem| self.add_tls_certs(pem))
    }

    /// The SSH keys that sign now: the first alone where it isn't known how many do.
    #[must_use]
    pub fn signing(&self) -> &[String] {
        self.ssh_keys.get(..self.ssh_signers.max(1)).unwrap_or(&self.ssh_keys)
    }

    /// The certificates that sign now: the first alone where it isn't known how many do.
    #[must_use]
    pub fn signing_tls(&self) -> &[String] {
        self.tls_certs.get(..self.tls_signers.max(1)).unwrap_or(&self.tls_certs)
    }

    fn add_ssh_key(&mut self, line: &str) -> Result<(), AuthorityError> {
        if !line.trim().is_empty() {
            push_new(&mut self.ssh_keys, canonical_line(line)?);
        }
        Ok(())
    }

    fn add_tls_certs(&mut self, pem: &str) -> Result<(), AuthorityError> {
        for certificate in CaCertificate::parse_all(pem)? {
            push_new(&mut self.tls_certs, certificate.pem);
        }
        Ok(())
    }

    /// The CA pins of its certificates: SHA-256 over the `SubjectPublicKeyInfo` (protocol B2).
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn pins(&self) -> Result<Vec<[u8; 32]>, AuthorityError> {
        self.tls_certs.iter().map(|pem| ca_pin(pem)).collect()
    }
}

/// The authorities that a bot works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorities {
    /// Host authorities: the root cluster's first, then those of leaves.
    pub host: Vec<Authority>,
    /// The root cluster's user authority.
    pub user: Authority,
    /// The root cluster's database authority, where the cluster has one and the bot may read it.
    pub database: Option<Authority>,
}

impl Authorities {
    /// Sorts the CA lists of a join or renewal reply: what signed our certificates is the user authority, the rest
    /// belongs to the host authority (protocol B1, F2: neither the index nor the common name tells them apart).
    ///
    /// In a rotation of the user authority its second key can't be told from a host key here, so take the exact
    /// lists from `GetCertAuthority` as soon as the cluster can be reached.
    ///
    /// # Errors
    /// When a key or our own certificate can't be read, or no key is left to recognise hosts by.
    pub fn from_reply(
        cluster: &str,
        certificates: &Certificates,
        tls_cas: &[String],
        ssh_cas: &[String],
    ) -> Result<Self, AuthorityError> {
        let ours = certificates.tls_facts()?;
        let signed_by = certificates.ssh_facts()?.signed_by;
        let (mut host, mut user) =
            (Authority::empty(AuthorityKind::Host, cluster), Authority::empty(AuthorityKind::User, cluster));
        for pem in tls_cas {
            for ca in CaCertificate::parse_all(pem)? {
                let owner = if ca.issued(&ours) { &mut user } else { &mut host };
                push_new(&mut owner.tls_certs, ca.pem);
            }
        }
        for line in ssh_cas.iter().filter(|line| !line.trim().is_empty()) {
            let line = canonical_line(line)?;
            let owner = if line == signed_by { &mut user } else { &mut host };
            push_new(&mut owner.ssh_keys, line);
        }
        if host.tls_certs.is_empty() {
            return Err(AuthorityError::NoHostAuthority { cluster: cluster.to_owned() });
        }
        Ok(Self { host: vec![host], user, database: None })
    }

    /// The PEM certificates to verify the root cluster's servers with.
    #[must_use]
    pub fn root_host_cas(&self) -> &[String] {
        self.host.first().map_or(&[], |authority| authority.tls_certs.as_slice())
    }

    /// The host authority of a cluster.
    #[must_use]
    pub fn host_of(&self, cluster: &str) -> Option<&Authority> {
        self.host.iter().find(|authority| authority.cluster == cluster)
    }
}

/// Whether a name can be a cluster's: it ends up in patterns, shell words and file names.
#[must_use]
pub(crate) fn is_cluster_name(name: &str) -> bool {
    /// Longer than any DNS name.
    const LONGEST: usize = 300;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-@:./+".contains(c);
    (1..=LONGEST).contains(&name.len()) && name.chars().all(allowed)
}

/// Whether two clusters' hosts can't be told apart: ssh takes no notice of capitals.
#[must_use]
pub(crate) fn is_same_to_ssh(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// What is wrong with an authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// An SSH CA key can't be read.
    #[error("an SSH CA key of the cluster can't be read: {reason}")]
    SshKey {
        /// What the parser says.
        reason: String,
    },
    /// A CA certificate can't be read.
    #[error("a CA certificate of the cluster can't be read: {reason}")]
    TlsCert {
        /// What the parser says.
        reason: String,
    },
    /// Our own certificate can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nothing in the reply can recognise the cluster's servers.
    #[error("the reply of cluster {cluster:?} has no host CA")]
    NoHostAuthority {
        /// The cluster.
        cluster: String,
    },
}

impl Fault for AuthorityError {
    fn code(&self) -> Code {
        match self {
            Self::Certificate(error) => error.code(),
            Self::SshKey { .. } | Self::TlsCert { .. } | Self::NoHostAuthority { .. } => Code::ClusterFailed,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Certificate(error) => error.hint(),
            Self::SshKey { .. } | Self::TlsCert { .. } | Self::NoHostAuthority { .. } => {
                "check that the address is that of your cluster and that its version is supported".to_owned()
            }
        }
    }
}

/// The CA pin of a PEM certificate: SHA-256 over its DER `SubjectPublicKeyInfo` (protocol B2).
///
/// # Errors
/// When the text isn't exactly one certificate.
pub fn ca_pin(pem: &str) -> Result<[u8; 32], AuthorityError> {
    Ok(CaCertificate::parse(pem)?.pin)
}

/// When a PEM certificate of an authority expires.
///
/// # Errors
/// When the text isn't exactly one certificate.
pub(crate) fn ca_end(pem: &str) -> Result<SystemTime, AuthorityError> {
    Ok(CaCertificate::parse(pem)?.ends)
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
#[path = "authority_tests.rs"]
mod tests;
