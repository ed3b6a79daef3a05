//! X.509 certificates with the extensions Teleport sets (protocol section F2).

use std::time::SystemTime;

use sha2::{Digest, Sha256};
use x509_cert::certificate::{CertificateInner, TbsCertificateInner, Version};
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, UtcTime};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Encode, EncodePem};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::name::RdnSequence;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

use super::key::X509Key;
use crate::error::DoubleError;

/// From when to when a certificate is valid; whole seconds count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: SystemTime,
    pub(crate) until: SystemTime,
}

/// Who signs: the issuer's name and key.
#[derive(Debug)]
pub(crate) struct Issuer<'a> {
    pub(crate) name: &'a RdnSequence,
    pub(crate) key: &'a X509Key,
}

/// What a certificate is for.
#[derive(Debug)]
pub(crate) enum Purpose<'a> {
    Authority,
    Client,
    Server { dns: &'a [String], addresses: &'a [std::net::IpAddr] },
}

/// A random positive 127-bit serial number, big-endian.
pub(crate) fn random_serial() -> [u8; 16] {
    let mut bytes = fastrand::u128(..).to_be_bytes();
    bytes[0] = (bytes[0] & 0x7f) | 0x10;
    bytes
}

/// A signed certificate.
pub(crate) fn issue(
    issuer: &Issuer<'_>,
    subject: RdnSequence,
    spki: SubjectPublicKeyInfoOwned,
    span: Span,
    serial: [u8; 16],
    purpose: &Purpose<'_>,
) -> Result<CertificateInner, DoubleError> {
    let algorithm = issuer.key.signature_algorithm()?;
    let extensions = extensions(purpose, &spki, issuer.key.spki_der())?;
    let tbs_certificate: TbsCertificateInner = TbsCertificateInner {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial)?,
        signature: algorithm.clone(),
        issuer: issuer.name.clone(),
        validity: Validity { not_before: time(span.from)?, not_after: time(span.until)? },
        subject,
        subject_public_key_info: spki,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    };
    let signature = issuer.key.sign(&tbs_certificate.to_der()?)?;
    Ok(CertificateInner {
        tbs_certificate,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(&signature)?,
    })
}

/// PEM with a line feed at the end.
pub(crate) fn pem(certificate: &CertificateInner) -> Result<String, DoubleError> {
    Ok(certificate.to_pem(LineEnding::LF)?)
}

fn time(at: SystemTime) -> Result<Time, DoubleError> {
    let whole = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let whole = std::time::Duration::from_secs(whole);
    match UtcTime::from_unix_duration(whole) {
        Ok(utc) => Ok(Time::UtcTime(utc)),
        Err(_) => Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(whole)?)),
    }
}

fn extensions(
    purpose: &Purpose<'_>,
    spki: &SubjectPublicKeyInfoOwned,
    issuer_spki: &[u8],
) -> Result<Vec<Extension>, DoubleError> {
    let usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
    let authority = matches!(purpose, Purpose::Authority);
    let usage = if authority { usage | KeyUsages::KeyCertSign | KeyUsages::CRLSign } else { usage };
    let mut extensions = vec![extension(true, &KeyUsage(usage))?];
    if !authority {
        let both = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"].map(ObjectIdentifier::new_unwrap);
        extensions.push(extension(false, &ExtendedKeyUsage(both.to_vec()))?);
    }
    extensions.push(extension(true, &BasicConstraints { ca: authority, path_len_constraint: None })?);
    if authority {
        let id = OctetString::new(key_id(&spki.to_der()?))?;
        extensions.push(extension(false, &SubjectKeyIdentifier(id))?);
    } else {
        let id = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_id(issuer_spki))?),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        };
        extensions.push(extension(false, &id)?);
    }
    if let Purpose::Server { dns, addresses } = purpose {
        extensions.push(extension(false, &alternative_names(dns, addresses)?)?);
    }
    Ok(extensions)
}

fn alternative_names(dns: &[String], addresses: &[std::net::IpAddr]) -> Result<SubjectAltName, DoubleError> {
    let mut names = Vec::new();
    for name in dns {
        names.push(GeneralName::DnsName(Ia5String::new(name)?));
    }
    for address in addresses {
        let bytes = match address {
            std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
            std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        names.push(GeneralName::IpAddress(OctetString::new(bytes)?));
    }
    Ok(SubjectAltName(names))
}

fn extension<E: AssociatedOid + Encode>(critical: bool, value: &E) -> Result<Extension, DoubleError> {
    Ok(Extension { extn_id: E::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn key_id(spki: &[u8]) -> Vec<u8> {
    Sha256::digest(spki).iter().take(20).copied().collect()
}
