//! The file `identity` of an output, read back: key, certificates and host CAs in one (protocol G1).

use super::certificates::{CertificateError, Certificates};
use super::key::{KeyError, KeyPair};
use crate::error::{Code, Fault};
use crate::secret::Secret;

/// What an identity file holds. The file is replaced as a whole, so its parts belong together.
#[derive(Debug)]
pub struct IdentityFile {
    /// The private key.
    pub key: KeyPair,
    /// Its certificates.
    pub certificates: Certificates,
    /// The host CAs, one PEM block each.
    pub host_cas: Vec<String>,
}

impl IdentityFile {
    /// Reads the text of an identity file: parts are told by their markers, whatever their order and spacing.
    ///
    /// # Errors
    /// When a part is missing or can't be read.
    pub fn parse(text: &str) -> Result<Self, IdentityFileError> {
        let mut key: Option<Secret> = None;
        let (mut ssh, mut certificates) = (None, Vec::new());
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
                let block = block(label, &mut lines)?;
                if label.ends_with("PRIVATE KEY") {
                    key.get_or_insert(block);
                } else if label == "CERTIFICATE" {
                    certificates.push(block.expose().to_owned());
                }
            } else if line.split(' ').next().is_some_and(|word| word.ends_with("-cert-v01@openssh.com")) {
                ssh.get_or_insert(line);
            }
        }
        let key = KeyPair::from_pem(key.ok_or(IdentityFileError::Missing("private key"))?.expose())?;
        let ssh = ssh.ok_or(IdentityFileError::Missing("SSH certificate"))?;
        if certificates.is_empty() {
            return Err(IdentityFileError::Missing("X.509 certificate"));
        }
        let host_cas = certificates.split_off(1);
        if host_cas.is_empty() {
            return Err(IdentityFileError::Missing("host CA"));
        }
        let certificates = Certificates::new(ssh, &certificates.remove(0))?;
        Ok(Self { key, certificates, host_cas })
    }
}

fn block<'a>(label: &str, lines: &mut impl Iterator<Item = &'a str>) -> Result<Secret, IdentityFileError> {
    let end = format!("-----END {label}-----");
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
        if line == end {
            return Ok(Secret::new(text));
        }
    }
    Err(IdentityFileError::Torn)
}

/// Why an identity file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFileError {
    /// A part isn't there.
    #[error("the identity file holds no {0}")]
    Missing(&'static str),
    /// It ends within a part.
    #[error("the identity file ends in the middle of a part")]
    Torn,
    /// The key can't be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl Fault for IdentityFileError {
    fn code(&self) -> Code {
        match self {
            Self::Missing(_) | Self::Torn => Code::IdentityCorrupt,
            Self::Key(error) => error.code(),
            Self::Certificate(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        "write the output again: machine-id start --oneshot".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORDED: &str = include_str!("../../../../tests/fixtures/teleport-15/tbot/identity/identity");

    #[test]
    fn tbots_own_file_is_read() {
        let identity = IdentityFile::parse(RECORDED).unwrap();
        identity.certificates.belong_to(&identity.key).unwrap();
        let ca = include_str!("../../../../tests/fixtures/teleport-15/tbot/identity/teleport-host-ca.crt");
        assert_eq!(identity.host_cas, [ca]);
    }

    #[test]
    fn a_missing_part_is_named() {
        let cut = |marker: &str| RECORDED[..RECORDED.find(marker).unwrap()].to_owned();
        for (text, what) in [
            (String::new(), "private key"),
            (cut("ssh-rsa-cert"), "SSH certificate"),
            (cut("-----BEGIN CERTIFICATE"), "X.509 certificate"),
            (cut("@cert-authority"), "host CA"),
        ] {
            let error = IdentityFile::parse(&text).unwrap_err();
            assert!(error.to_string().ends_with(what), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_is_refused_or_whole(at in 0..RECORDED.len()) {
            if let Ok(identity) = IdentityFile::parse(RECORDED.get(..at).unwrap_or_default()) {
                prop_assert_eq!(identity.host_cas.len(), 1);
            }
        }
    }
}
