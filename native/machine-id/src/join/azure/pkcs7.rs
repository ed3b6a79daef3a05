//! The little that is looked at in an attested document: the certificate of its signer. Nothing is verified here, the
//! auth server does that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use x509_cert::Certificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode, Error, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged};

/// RFC 5652: `id-signedData`.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// The certificate of a document, `{"encoding":"pkcs7","signature":"<base64>"}`; else why there is none.
pub(super) fn signer(document: &[u8]) -> Result<Certificate, String> {
    #[derive(Deserialize)]
    struct Document {
        encoding: String,
        signature: String,
    }
    let document: Document = serde_json::from_slice(document).map_err(|error| format!("the document: {error}"))?;
    if document.encoding != "pkcs7" {
        return Err("the document's encoding isn't pkcs7".to_owned());
    }
    let signature = STANDARD.decode(document.signature.trim());
    let signature = signature.map_err(|error| format!("the document's signature isn't base64: {error}"))?;
    first_certificate(&signature).map_err(|error| format!("the document's signature isn't PKCS#7: {error}"))
}

/// The first certificate in a PKCS#7 message: ContentInfo{type, \[0\] SignedData{version, digest algorithms, content,
/// \[0\] certificates, …}}.
pub(super) fn first_certificate(der: &[u8]) -> Result<Certificate, Error> {
    let signed = AnyRef::from_der(der)?.sequence(|info| {
        let kind = ObjectIdentifier::decode(info)?;
        let content = AnyRef::decode(info)?;
        if kind == SIGNED_DATA && is_zero(content.tag()) { Ok(content) } else { Err(unexpected(content.tag())) }
    })?;
    AnyRef::from_der(signed.value())?.sequence(|data| {
        let (_version, _digests, _content) = (AnyRef::decode(data)?, AnyRef::decode(data)?, AnyRef::decode(data)?);
        let certificates = AnyRef::decode(data)?;
        if !is_zero(certificates.tag()) {
            return Err(unexpected(certificates.tag()));
        }
        data.read_slice(data.remaining_len())?;
        Certificate::decode(&mut SliceReader::new(certificates.value())?)
    })
}

fn is_zero(tag: Tag) -> bool {
    matches!(tag, Tag::ContextSpecific { constructed: true, number: TagNumber::N0 })
}

fn unexpected(tag: Tag) -> Error {
    ErrorKind::TagUnexpected { expected: None, actual: tag }.into()
}
