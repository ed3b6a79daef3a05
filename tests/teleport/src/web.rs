//! A company's CA, whose certificates the proxy and the fake clouds have.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// The CA.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
}

/// A certificate and its key, DER.
#[derive(Debug)]
pub(crate) struct Certified {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a company's web CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A server's certificate.
    pub(crate) fn certify(&self, names: &[&str]) -> Certified {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        Certified { certificate: certificate.der().to_vec(), key: key.serialize_der() }
    }

    /// Writes `web-ca.pem`, and `web.crt` and `web.key` for `localhost`.
    pub(crate) fn write(&self, directory: &Path) {
        let web = self.certify(&["localhost"]);
        let put = |name: &str, label: &str, der: &[u8]| std::fs::write(directory.join(name), pem(label, der)).unwrap();
        put("web-ca.pem", "CERTIFICATE", &self.certificate);
        put("web.crt", "CERTIFICATE", &web.certificate);
        put("web.key", "PRIVATE KEY", &web.key);
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
