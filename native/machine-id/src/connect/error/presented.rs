//! What a server showed of itself in a TLS handshake, for error messages.

use std::fmt;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::connect::limits::quote;

const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");

/// The facts of a server's certificate that help to see why it wasn't accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// Subject as text.
    pub subject: String,
    /// Issuer as text.
    pub issuer: String,
    /// DNS names and IP addresses it is for.
    pub names: Vec<String>,
    /// Subject and issuer are the same.
    pub self_signed: bool,
    /// The issuer looks like a Teleport host or user CA: it names the cluster and carries a serial number.
    pub teleport_ca: bool,
    /// Start and end of validity, where they could be read.
    pub validity: Option<(SystemTime, SystemTime)>,
}

impl Presented {
    /// Reads a certificate; what can't be read stays empty.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Self {
        let Ok(certificate) = Certificate::from_der(der) else { return Self::default() };
        let tbs = &certificate.tbs_certificate;
        let has_serial = tbs.issuer.0.iter().flat_map(|rdn| rdn.0.iter()).any(|part| part.oid == SERIAL_NUMBER);
        Self {
            subject: quote(&tbs.subject.to_string()),
            issuer: quote(&tbs.issuer.to_string()),
            names: names(&certificate),
            self_signed: tbs.subject == tbs.issuer,
            teleport_ca: has_serial && tbs.subject != tbs.issuer,
            validity: Some((tbs.validity.not_before.to_system_time(), tbs.validity.not_after.to_system_time())),
        }
    }

    pub(super) fn trust_hint(&self) -> String {
        if self.teleport_ca {
            "the proxy shows a certificate of Teleport's own host CA: this is an auth server's port, or the proxy has \
             no web certificate; configure the CA (`tctl auth export --type=tls-host` prints it) or use the web port"
                .to_owned()
        } else if self.self_signed {
            "the proxy's web certificate is self-signed: give that certificate as the cluster's CA (`ca_path` in tbot.yaml), \
             set SSL_CERT_FILE, \
             or install a certificate of a known authority on the proxy"
                .to_owned()
        } else {
            "configure the authority that signed the proxy's web certificate as the cluster's CA (`ca_path` in tbot.yaml), \
             or set SSL_CERT_FILE"
                .to_owned()
        }
    }

    pub(super) fn name_hint(&self) -> String {
        match self.names.first() {
            Some(_) => "use one of these names as the address, or have the certificate issued for yours too".to_owned(),
            None => "have the certificate issued with the server's name".to_owned(),
        }
    }
}

impl fmt::Display for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.issuer.is_empty() {
            return f.write_str("it can't be read");
        }
        if self.self_signed {
            write!(f, "it is self-signed by {:?}", self.issuer)?;
        } else {
            write!(f, "it is signed by {:?}", self.issuer)?;
        }
        if !self.names.is_empty() {
            write!(f, ", for {}", self.names.join(", "))?;
        }
        Ok(())
    }
}

fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, names))) = certificate.tbs_certificate.get::<SubjectAltName>() else { return Vec::new() };
    let text = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(quote(name.as_str())),
        GeneralName::IpAddress(bytes) => match *bytes.as_bytes() {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            ref long => <[u8; 16]>::try_from(long).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    };
    names.0.iter().filter_map(text).take(12).collect()
}
