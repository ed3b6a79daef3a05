//! One certificate authority and the phases of its rotation (protocol section J).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use x509_cert::der::Encode;
use x509_cert::name::RdnSequence;

use super::key::{KeyKind, SshKey, X509Key};
use super::name::{CN, NameBuilder, ORGANIZATION, SERIAL_NUMBER};
use super::ssh;
use super::x509::{self, Issuer, Purpose, Span};
use crate::error::DoubleError;

const LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The authorities a cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthorityKind {
    /// Signs servers.
    Host,
    /// Signs bots and users.
    User,
    /// Signs databases' clients.
    Database,
}

impl AuthorityKind {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::User => "user",
            Self::Database => "db",
        }
    }
}

/// One generation of an authority's keys.
#[derive(Debug)]
pub(crate) struct CaKeys {
    pub(crate) name: RdnSequence,
    pub(crate) key: X509Key,
    pub(crate) der: Vec<u8>,
    pub(crate) pem: String,
    pub(crate) ssh: SshKey,
    pub(crate) ssh_line: String,
}

impl CaKeys {
    pub(crate) fn generate(cluster: &str, kind: KeyKind, now: SystemTime) -> Result<Self, DoubleError> {
        let serial = x509::random_serial();
        let name = NameBuilder::default()
            .one(ORGANIZATION, cluster)?
            .one(CN, cluster)?
            .one(SERIAL_NUMBER, &u128::from_be_bytes(serial).to_string())?
            .build();
        let key = X509Key::generate(kind)?;
        let span = Span { from: now, until: now + LIFE };
        let issuer = Issuer { name: &name, key: &key };
        let certificate = x509::issue(&issuer, name.clone(), key.spki()?, span, serial, &Purpose::Authority)?;
        let ssh = SshKey::generate(kind)?;
        let ssh_line = ssh::public_line(ssh.public())?;
        let (der, pem) = (certificate.to_der()?, x509::pem(&certificate)?);
        Ok(Self { name, key, der, pem, ssh, ssh_line })
    }

    /// `sha256:` and the digest of the public key (protocol section B2).
    pub(crate) fn pin(&self) -> String {
        format!("sha256:{}", hex::encode(Sha256::digest(self.key.spki_der())))
    }

    pub(crate) fn issuer(&self) -> Issuer<'_> {
        Issuer { name: &self.name, key: &self.key }
    }
}

/// The phase of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// New keys are made and trusted, the old ones still sign.
    Init,
    /// The new keys sign clients.
    UpdateClients,
    /// The new keys sign servers too.
    UpdateServers,
    /// The old keys are gone.
    Standby,
    /// The old keys sign again; the new ones are still trusted.
    Rollback,
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::UpdateClients => "update_clients",
            Self::UpdateServers => "update_servers",
            Self::Standby => "standby",
            Self::Rollback => "rollback",
        }
    }
}

/// An authority of one cluster, with the keys of its rotation.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) cluster: String,
    pub(crate) key_kind: KeyKind,
    /// Signs clients now.
    pub(crate) active: Arc<CaKeys>,
    /// Signed what servers present now.
    pub(crate) serving: Arc<CaKeys>,
    /// Trusted besides the active ones.
    pub(crate) additional: Option<Arc<CaKeys>>,
    /// None before the first rotation.
    pub(crate) phase: Option<Phase>,
    pub(crate) started: Option<SystemTime>,
    pub(crate) last_rotated: Option<SystemTime>,
    pub(crate) rotation_id: String,
    pub(crate) revision: u64,
}

impl Authority {
    pub(crate) fn new(cluster: &str, key_kind: KeyKind, now: SystemTime) -> Result<Self, DoubleError> {
        let keys = Arc::new(CaKeys::generate(cluster, key_kind, now)?);
        Ok(Self {
            cluster: cluster.to_owned(),
            key_kind,
            active: Arc::clone(&keys),
            serving: keys,
            additional: None,
            phase: None,
            started: None,
            last_rotated: None,
            rotation_id: String::new(),
            revision: 1,
        })
    }

    /// Active keys first.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = &Arc<CaKeys>> {
        std::iter::once(&self.active).chain(self.additional.as_ref())
    }

    /// Enters `phase`. A phase that doesn't follow from the last one is entered as well as it can be.
    pub(crate) fn rotate(&mut self, phase: Phase, now: SystemTime) -> Result<(), DoubleError> {
        match phase {
            Phase::Init => {
                let new = Arc::new(CaKeys::generate(&self.cluster, self.key_kind, now)?);
                self.additional = Some(new);
                self.started = Some(now);
                self.rotation_id = crate::control::uuid();
            }
            Phase::UpdateClients => {
                if let Some(new) = self.additional.take() {
                    self.additional = Some(std::mem::replace(&mut self.active, new));
                }
            }
            Phase::UpdateServers => self.serving = Arc::clone(&self.active),
            Phase::Standby => {
                self.additional = None;
                self.serving = Arc::clone(&self.active);
                self.last_rotated = Some(now);
            }
            Phase::Rollback => {
                if matches!(self.phase, Some(Phase::UpdateClients | Phase::UpdateServers))
                    && let Some(old) = self.additional.take()
                {
                    self.additional = Some(std::mem::replace(&mut self.active, old));
                    self.serving = Arc::clone(&self.active);
                }
            }
        }
        self.phase = Some(phase);
        self.revision += 1;
        Ok(())
    }
}
