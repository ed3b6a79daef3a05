//! Which authorities a server's certificate may be signed by.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::blocking::{self, Lane};
use crate::config::CaSource;
use crate::connect::error::{ConnectError, SetUpError};
use crate::connect::limits;

/// A set of trusted certificates.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// As anchors of a chain.
    pub(in crate::connect) roots: Arc<RootCertStore>,
    /// Digests of the same certificates: one that a server shows itself is accepted, though it is marked as a CA.
    pub(in crate::connect) exact: Arc<HashSet<[u8; 32]>>,
    /// The cluster's host CA, not the web's authorities.
    pub(in crate::connect) host_ca: bool,
    /// The certificates themselves, where they are the cluster's.
    pems: Vec<String>,
}

impl Trust {
    /// The system's authorities (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and the configured one.
    pub(crate) async fn web(extra: Option<CaSource>) -> Result<Self, ConnectError> {
        off_the_runtime(move || Self::read_web(extra.as_ref())).await
    }

    fn read_web(extra: Option<&CaSource>) -> Result<Self, ConnectError> {
        let native = rustls_native_certs::load_native_certs();
        for error in native.errors.iter().take(3) {
            tracing::warn!("of the system's authorities (or SSL_CERT_FILE, SSL_CERT_DIR) one can't be read: {error}");
        }
        let mut certificates = native.certs;
        if let Some(source) = extra {
            certificates.extend(read(source)?);
        }
        if certificates.is_empty() {
            let reasons: Vec<String> = native.errors.iter().take(3).map(ToString::to_string).collect();
            let reason =
                if reasons.is_empty() { "its certificate store is empty".to_owned() } else { reasons.join("; ") };
            return Err(SetUpError::NoRoots { reason }.into());
        }
        Ok(Self::of(certificates, false, Vec::new()))
    }

    /// The cluster's host CAs alone, as PEM.
    pub(crate) fn host_cas(pems: &[String]) -> Result<Self, ConnectError> {
        let mut certificates = Vec::new();
        for pem in pems {
            certificates.extend(parse(pem.as_bytes(), "the stored host CA")?);
        }
        if certificates.is_empty() {
            let reason = "there is none".to_owned();
            return Err(SetUpError::CaUnusable { place: "the stored host CA".to_owned(), reason }.into());
        }
        Ok(Self::of(certificates, true, pems.to_vec()))
    }

    /// The configured CA alone, as the cluster's host CA: for an auth server.
    pub(crate) async fn configured_host_ca(source: &CaSource) -> Result<Self, ConnectError> {
        let source = source.clone();
        let certificates = off_the_runtime(move || read(&source)).await?;
        let pems = certificates.iter().map(|der| pem(der)).collect();
        Ok(Self::of(certificates, true, pems))
    }

    /// The cluster's CAs, PEM, one certificate each.
    pub(crate) fn pems(&self) -> Vec<String> {
        self.pems.clone()
    }

    fn of(certificates: Vec<CertificateDer<'static>>, host_ca: bool, pems: Vec<String>) -> Self {
        let exact = certificates.iter().map(|der| Sha256::digest(der).into()).collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        Self { roots: Arc::new(roots), exact: Arc::new(exact), host_ca, pems }
    }
}

/// Files may lie on a disk that hangs.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnectError> + Send + 'static,
) -> Result<T, ConnectError> {
    let ended = |error: crate::error::Error| Err(SetUpError::NoRoots { reason: error.to_string() }.into());
    blocking::run(Lane::Store, work).await.unwrap_or_else(ended)
}

fn read(source: &CaSource) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    match source {
        CaSource::Pem(pem) => parse(pem.as_bytes(), "the configured CA"),
        CaSource::File(path) => {
            let text = read_file(path)
                .map_err(|error| SetUpError::CaUnreadable { path: path.clone(), reason: error.to_string() })?;
            parse(&text, &format!("the CA file {}", path.display()))
        }
    }
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(limits::CA_FILE).read_to_end(&mut text)?;
    Ok(text)
}

/// All certificates of a PEM text; at least one, and each of them well-formed.
pub(crate) fn parse(pem: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let unusable = |reason: String| ConnectError::SetUp(SetUpError::CaUnusable { place: place.to_owned(), reason });
    let mut certificates = Vec::new();
    for item in CertificateDer::pem_slice_iter(pem) {
        let der = item.map_err(|error| unusable(error.to_string()))?;
        RootCertStore::empty().add(der.clone()).map_err(|error| unusable(error.to_string()))?;
        certificates.push(der.into_owned());
    }
    if certificates.is_empty() {
        return Err(unusable("no PEM block of a certificate in it".to_owned()));
    }
    Ok(certificates)
}

/// The certificates of a PEM text as single blocks, each ending with a line feed.
pub(crate) fn blocks(text: &str) -> Vec<String> {
    CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok).map(|der| pem(&der)).collect()
}

/// A certificate as PEM: lines of 64 characters, a line feed at the end.
pub(crate) fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, letter) in encoded.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
