//! The two certificates that Teleport issues together: one for SSH, one for TLS.

use std::time::{Duration, SystemTime};

use super::key::KeyPair;
use super::ssh_facts::SshFacts;
use super::tls_facts::TlsFacts;
use super::when::Rfc3339;
use crate::error::{Code, Fault};

/// No certificate that we accept is longer than this as text; a bot's with many roles has a few kB.
pub(super) const MAX_TEXT: usize = 256 * 1024;

/// What the two certificates say, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// What the SSH certificate says.
    pub ssh: SshFacts,
    /// What the X.509 certificate says.
    pub tls: TlsFacts,
}

impl CertificateFacts {
    /// When the first of the two expires.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.ssh.valid_until.min(self.tls.valid_until)
    }
}

/// An SSH and an X.509 certificate for the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// The SSH certificate as a line of `authorized_keys`: type and base64, no newline.
    pub ssh: String,
    /// The X.509 certificate: one PEM block that ends with a newline.
    pub tls: String,
}

impl Certificates {
    /// Takes what a reply carries; surrounding white space doesn't matter.
    ///
    /// # Errors
    /// When one of them can't be read as a certificate.
    pub fn new(ssh: &str, tls: &str) -> Result<Self, CertificateError> {
        let certificates = Self { ssh: ssh.trim().to_owned(), tls: format!("{}\n", tls.trim()) };
        certificates.facts()?;
        Ok(certificates)
    }

    /// What both say. Reading them takes longer than writing them to a file: keep it.
    ///
    /// # Errors
    /// When one of them can't be read as a certificate of a Teleport user.
    pub fn facts(&self) -> Result<CertificateFacts, CertificateError> {
        Ok(CertificateFacts { ssh: self.ssh_facts()?, tls: self.tls_facts()? })
    }

    /// What the SSH certificate says (protocol F1).
    ///
    /// # Errors
    /// When it can't be read as a certificate of a Teleport user.
    pub fn ssh_facts(&self) -> Result<SshFacts, CertificateError> {
        SshFacts::parse(&self.ssh)
    }

    /// What the X.509 certificate says (protocol F2).
    ///
    /// # Errors
    /// When it can't be read as a certificate of a Teleport user.
    pub fn tls_facts(&self) -> Result<TlsFacts, CertificateError> {
        TlsFacts::parse(&self.tls)
    }

    /// Whether both are for this key and valid now: the server may answer a join with certificates that have
    /// already expired (protocol B1). A start that lies ahead by no more than clocks may differ is taken: servers go by
    /// their own clock, and refusing what a one-time token has just brought would lose the bot.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn check(&self, key: &KeyPair, now: SystemTime) -> Result<(), CertificateError> {
        self.checked(key, now).map(|_| ())
    }

    /// What both say, after [`Self::check`].
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn checked(&self, key: &KeyPair, now: SystemTime) -> Result<CertificateFacts, CertificateError> {
        let facts = self.facts_for(key)?;
        check_window(Which::Ssh, facts.ssh.valid_from, facts.ssh.valid_until, now)?;
        check_window(Which::Tls, facts.tls.valid_from, facts.tls.valid_until, now)?;
        Ok(facts)
    }

    /// Whether both are for this key.
    ///
    /// # Errors
    /// Which of them isn't, or can't be read.
    pub fn belong_to(&self, key: &KeyPair) -> Result<(), CertificateError> {
        self.facts_for(key).map(|_| ())
    }

    fn facts_for(&self, key: &KeyPair) -> Result<CertificateFacts, CertificateError> {
        let facts = self.facts()?;
        if !facts.ssh.is_for(key) {
            return Err(CertificateError::OtherKey { which: Which::Ssh });
        }
        if !facts.tls.is_for(key) {
            return Err(CertificateError::OtherKey { which: Which::Tls });
        }
        Ok(facts)
    }

    /// When the first of the two expires.
    ///
    /// # Errors
    /// When one of them can't be read as a certificate.
    pub fn expires_at(&self) -> Result<SystemTime, CertificateError> {
        Ok(self.facts()?.expires_at())
    }
}

/// One of the two certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The SSH certificate.
    Ssh,
    /// The X.509 certificate.
    Tls,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ssh => "SSH certificate",
            Self::Tls => "X.509 certificate",
        })
    }
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The text isn't a certificate of the expected kind.
    #[error("{which} can't be read: {reason}")]
    Malformed {
        /// Which of the two.
        which: Which,
        /// What the parser says.
        reason: String,
    },
    /// The certificate was made for another key than ours.
    #[error("{which} is for another key than the one it was asked for")]
    OtherKey {
        /// Which of the two.
        which: Which,
    },
    /// The certificate is no longer valid.
    #[error("{which} has expired at {}, now is {}", Rfc3339(*valid_until), Rfc3339(*now))]
    Expired {
        /// Which of the two.
        which: Which,
        /// Its end of validity.
        valid_until: SystemTime,
        /// The time of the comparison.
        now: SystemTime,
    },
    /// The certificate isn't valid yet.
    #[error("{which} is valid only from {}, now is {}", Rfc3339(*valid_from), Rfc3339(*now))]
    NotYetValid {
        /// Which of the two.
        which: Which,
        /// Its start of validity; the server puts it 60 s before its own time.
        valid_from: SystemTime,
        /// The time of the comparison.
        now: SystemTime,
    },
}

impl Fault for CertificateError {
    fn code(&self) -> Code {
        match self {
            Self::NotYetValid { .. } => Code::ClockSkew,
            Self::Malformed { .. } | Self::OtherKey { .. } | Self::Expired { .. } => Code::CertificateInvalid,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NotYetValid { .. } => "set this machine's clock, it is behind the cluster's".to_owned(),
            Self::Expired { .. } => "compare this machine's clock with the cluster's, then ask again".to_owned(),
            Self::Malformed { .. } | Self::OtherKey { .. } => {
                "check that the address is that of your cluster".to_owned()
            }
        }
    }
}

/// As much as a join tolerates ([`crate::connect::ClockDifference::TOLERATED`]).
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

fn check_window(
    which: Which,
    valid_from: SystemTime,
    valid_until: SystemTime,
    now: SystemTime,
) -> Result<(), CertificateError> {
    if now + CLOCK_TOLERANCE < valid_from {
        return Err(CertificateError::NotYetValid { which, valid_from, now });
    }
    if now >= valid_until {
        return Err(CertificateError::Expired { which, valid_until, now });
    }
    Ok(())
}

#[cfg(test)]
#[path = "certificates_tests.rs"]
mod tests;
