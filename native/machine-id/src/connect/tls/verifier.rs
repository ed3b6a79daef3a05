//! How a server's certificate is judged.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};

use crate::connect::error::{ConnectError, Presented, SetUpError};

use super::trust::Trust;

/// Web PKI, plus the one thing it refuses and Teleport's own clients accept: a trusted certificate that the server
/// shows itself although it is marked as a CA, which is what a proxy without a configured certificate does.
#[derive(Debug)]
pub(in crate::connect) struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    trust: Trust,
    seen: Seen,
}

impl Verifier {
    pub(in crate::connect) fn new(
        trust: &Trust,
        provider: &Arc<CryptoProvider>,
        seen: Seen,
    ) -> Result<Self, ConnectError> {
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::clone(&trust.roots), Arc::clone(provider))
            .build()
            .map_err(|error| SetUpError::NoRoots { reason: error.to_string() })?;
        Ok(Self { inner, trust: trust.clone(), seen })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest: [u8; 32] = Sha256::digest(end_entity).into();
        if !self.trust.exact.contains(&digest) {
            let verdict = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
            return verdict.inspect_err(|_| self.seen.set(Presented::read(end_entity)));
        }
        let presented = Presented::read(end_entity);
        let verdict = in_time(&presented, now)
            .and_then(|()| verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name));
        self.seen.set(presented);
        verdict.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn in_time(presented: &Presented, now: UnixTime) -> Result<(), Error> {
    let Some((not_before, not_after)) = presented.validity else { return Err(CertificateError::BadEncoding.into()) };
    let now = std::time::UNIX_EPOCH + Duration::from_secs(now.as_secs());
    if now < not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > not_after {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// Accepts any certificate. Used for two things only, and never with a token or a client certificate: asking an auth
/// server for the CA that is then compared with the pins (protocol B2), and the ALPN probe (protocol D1).
#[derive(Debug)]
pub(in crate::connect) struct Unverified(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Where a verifier leaves what it saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Presented>>);

impl Seen {
    pub(crate) fn set(&self, presented: Presented) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = presented;
    }

    pub(crate) fn take(&self) -> Presented {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
