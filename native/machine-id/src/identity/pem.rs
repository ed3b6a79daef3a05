//! X.509 certificates out of PEM.

use x509_cert::Certificate;
use x509_cert::der::pem::{PemLabel, decode_vec};
use x509_cert::der::{Decode, Error};

/// The certificate in one PEM block.
///
/// Decoded first and read then: the reader behind `DecodePem` (der 0.7) never ends on a block that holds less than it
/// announces, and such a block can come from any server.
pub(super) fn certificate(text: &str) -> Result<Certificate, Error> {
    let (label, der) = decode_vec(text.trim().as_bytes())?;
    Certificate::validate_pem_label(label)?;
    Certificate::from_der(&der)
}
