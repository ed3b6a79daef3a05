//! What a Teleport user's X.509 certificate says (protocol F2): everything stands in the subject.

use std::time::SystemTime;

use sha2::{Digest, Sha256};
use x509_cert::der::asn1::{BmpString, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Any, Encode, Tag, Tagged};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::certificates::{CertificateError, MAX_TEXT, Which};
use super::key::KeyPair;

/// What an X.509 certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSubject {
    /// The Teleport user, `bot-…` (CN).
    pub user: String,
    /// Roles (O).
    pub roles: Vec<String>,
    /// Usage limits such as `usage:kube` (OU); none: all uses.
    pub usage: Vec<String>,
    /// SSH principals (L).
    pub principals: Vec<String>,
    /// Cluster that requests are routed to (street).
    pub route_to_cluster: Option<String>,
    /// The cluster that issued it (1.7).
    pub cluster: Option<String>,
    /// Kubernetes users (1.1).
    pub kube_users: Vec<String>,
    /// Kubernetes groups (1.2).
    pub kube_groups: Vec<String>,
    /// Kubernetes cluster that requests are routed to (1.3).
    pub kube_cluster: Option<String>,
    /// Application that requests are routed to (1.10).
    pub app: Option<String>,
    /// Its public address (1.6).
    pub app_public_address: Option<String>,
    /// Its session (1.4).
    pub app_session: Option<String>,
    /// Its cluster (1.5).
    pub app_cluster: Option<String>,
    /// Database service that requests are routed to (2.1).
    pub database_service: Option<String>,
    /// Its protocol (2.2).
    pub database_protocol: Option<String>,
    /// Database user (2.3).
    pub database_user: Option<String>,
    /// Database name (2.4).
    pub database_name: Option<String>,
    /// Generation of a renewable identity (1.14).
    pub generation: Option<u64>,
    /// Whether it can be renewed with itself (1.13).
    pub renewable: bool,
    /// The bot user behind an impersonated certificate (2.7).
    pub impersonator: Option<String>,
    /// Whether no further certificate may be made from it (2.9).
    pub disallow_reissue: bool,
    /// Name of the bot (2.18, clusters from version 16).
    pub bot_name: Option<String>,
    /// Id of the bot instance (2.20, clusters from version 16).
    pub bot_instance: Option<String>,
}

/// What an X.509 certificate says, with its subject within reach by `facts.user`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// Everything about the user.
    pub subject: TlsSubject,
    /// Serial number, upper-case hex as `openssl x509 -serial` shows it.
    pub serial: String,
    /// `SHA256:` and lower-case hex of the certificate.
    pub fingerprint: String,
    /// Start of validity.
    pub valid_from: SystemTime,
    /// End of validity (we take it as exclusive).
    pub valid_until: SystemTime,
    pub(super) issuer_der: Vec<u8>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    key_der: Vec<u8>,
}

impl std::ops::Deref for TlsFacts {
    type Target = TlsSubject;

    fn deref(&self) -> &TlsSubject {
        &self.subject
    }
}

impl TlsFacts {
    /// Reads one PEM block.
    ///
    /// # Errors
    /// When it isn't an X.509 certificate with a common name.
    pub fn parse(pem: &str) -> Result<Self, CertificateError> {
        if pem.len() > MAX_TEXT {
            return Err(malformed(format!("{} bytes are too long", pem.len())));
        }
        let certificate = super::pem::certificate(pem).map_err(|e| malformed(e.to_string()))?;
        let body = &certificate.tbs_certificate;
        let mut subject = TlsSubject::default();
        for attribute in body.subject.0.iter().flat_map(|rdn| rdn.0.iter()) {
            subject.take(&attribute.oid.to_string(), text(&attribute.value)?)?;
        }
        if subject.user.is_empty() {
            return Err(malformed("its subject has no common name".to_owned()));
        }
        let identifier = body.get::<AuthorityKeyIdentifier>().map_err(|e| malformed(e.to_string()))?;
        Ok(Self {
            subject,
            serial: serial(body.serial_number.as_bytes()),
            fingerprint: format!("SHA256:{}", hex::encode(Sha256::digest(der(&certificate)?))),
            valid_from: body.validity.not_before.to_system_time(),
            valid_until: body.validity.not_after.to_system_time(),
            issuer_der: der(&body.issuer)?,
            authority_key_id: identifier.and_then(|(_, id)| id.key_identifier).map(|id| id.into_bytes()),
            key_der: der(&body.subject_public_key_info)?,
        })
    }

    pub(super) fn is_for(&self, key: &KeyPair) -> bool {
        self.key_der == key.public_der()
    }
}

impl TlsSubject {
    fn take(&mut self, oid: &str, value: String) -> Result<(), CertificateError> {
        match oid {
            "2.5.4.3" => self.user = value,
            "2.5.4.10" => self.roles.push(value),
            "2.5.4.11" => self.usage.push(value),
            "2.5.4.7" => self.principals.push(value),
            "2.5.4.9" => self.route_to_cluster = Some(value),
            _ => {
                if let Some(own) = oid.strip_prefix("1.3.9999.") {
                    self.take_own(own, value)?;
                }
            }
        }
        Ok(())
    }

    /// Teleport's own attribute types, below 1.3.9999.
    fn take_own(&mut self, oid: &str, value: String) -> Result<(), CertificateError> {
        match oid {
            "1.1" => self.kube_users.push(value),
            "1.2" => self.kube_groups.push(value),
            "1.3" => self.kube_cluster = Some(value),
            "1.4" => self.app_session = Some(value),
            "1.5" => self.app_cluster = Some(value),
            "1.6" => self.app_public_address = Some(value),
            "1.7" => self.cluster = Some(value),
            "1.10" => self.app = Some(value),
            "1.13" => self.renewable = value == "true",
            "1.14" => {
                let number = value.parse().map_err(|_| malformed(format!("generation {value:?} is no number")))?;
                self.generation = Some(number);
            }
            "2.1" => self.database_service = Some(value),
            "2.2" => self.database_protocol = Some(value),
            "2.3" => self.database_user = Some(value),
            "2.4" => self.database_name = Some(value),
            "2.7" => self.impersonator = Some(value),
            "2.9" => self.disallow_reissue = value == "true",
            "2.18" => self.bot_name = Some(value),
            "2.20" => self.bot_instance = Some(value),
            _ => {}
        }
        Ok(())
    }
}

/// The text of any of the string types that X.509 allows in a name.
fn text(value: &Any) -> Result<String, CertificateError> {
    let failed = |e: x509_cert::der::Error| malformed(format!("a text in its subject: {e}"));
    Ok(match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().map_err(failed)?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().map_err(failed)?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().map_err(failed)?.as_str().to_owned(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().map_err(failed)?.as_str().to_owned(),
        Tag::BmpString => value.decode_as::<BmpString>().map_err(failed)?.to_string(),
        other => return Err(malformed(format!("a text in its subject has type {other}"))),
    })
}

/// DER puts a zero byte in front of a number whose first bit is set.
fn serial(bytes: &[u8]) -> String {
    hex::encode_upper(bytes.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(bytes))
}

fn der(part: &impl Encode) -> Result<Vec<u8>, CertificateError> {
    part.to_der().map_err(|e| malformed(e.to_string()))
}

fn malformed(reason: String) -> CertificateError {
    CertificateError::Malformed { which: Which::Tls, reason }
}
