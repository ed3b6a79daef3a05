//! TLS: the only place that builds rustls configurations.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, ResolvesClientCert};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{AlertDescription, CertificateError, Error, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock::SharedClock;
use crate::connect::error::{ConnectError, Refusal, SetUpError, TransportError, TrustError};
use crate::connect::limits;
use crate::connect::net::stream::{Pipe, tls_error};

use super::credential::ClientCredential;
use super::trust::Trust;
use super::verifier::{Seen, Unverified, Verifier};

/// One TLS connection to be made.
pub(crate) struct TlsRequest<'a> {
    /// Where to, for messages.
    pub(crate) address: String,
    /// The name to send and to verify.
    pub(crate) server_name: &'a str,
    /// ALPN names in order: a proxy takes the first it knows (trap 2).
    pub(crate) alpn: Vec<Vec<u8>>,
    /// Whom to trust; none: anybody. See [`Unverified`].
    pub(crate) trust: Option<&'a Trust>,
    /// What to present.
    pub(crate) credential: Option<&'a ClientCredential>,
    /// The time that certificates are held against.
    pub(crate) clock: &'a SharedClock,
}

/// Makes the connection over `stream`.
///
/// # Errors
/// The refusal of either side, as precisely as it is known.
pub(crate) async fn handshake(request: TlsRequest<'_>, stream: Pipe) -> Result<TlsStream<Pipe>, ConnectError> {
    let seen = Seen::default();
    let config = config(&request, &seen)?;
    let name = ServerName::try_from(request.server_name.to_owned())
        .map_err(|_| SetUpError::NameUnusable { name: request.server_name.to_owned() })?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(limits::CONNECT, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(explain(&request, &seen, &error)),
        Err(_) => {
            Err(TransportError::TimedOut { address: request.address, step: "TLS handshake", after: limits::CONNECT }
                .into())
        }
    }
}

fn config(request: &TlsRequest<'_>, seen: &Seen) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match request.trust {
        Some(trust) => Arc::new(Verifier::new(trust, &provider, seen.clone())?),
        None => Arc::new(Unverified(Arc::clone(&provider))),
    };
    let builder = builder(provider, request)?.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match request.credential {
        Some(credential) => builder.with_client_cert_resolver(Arc::new(Always(credential.certified()))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols.clone_from(&request.alpn);
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn builder(
    provider: Arc<CryptoProvider>,
    request: &TlsRequest<'_>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, ConnectError> {
    ClientConfig::builder_with_details(provider, Arc::new(Now(Arc::clone(request.clock))))
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            ConnectError::Transport(TransportError::Tls { address: request.address.clone(), reason: error.to_string() })
        })
}

/// Presents the same certificate whatever authorities the server hints at: a withheld one would make us anonymous
/// without anybody noticing (protocol D1).
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Now(SharedClock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.0.now().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

fn explain(request: &TlsRequest<'_>, seen: &Seen, error: &std::io::Error) -> ConnectError {
    let address = request.address.clone();
    let Some(tls) = tls_error(error) else {
        let reason = if error.kind() == std::io::ErrorKind::UnexpectedEof {
            "it closed the connection".to_owned()
        } else {
            error.to_string()
        };
        return TransportError::Cut { address, step: "TLS handshake", reason }.into();
    };
    let presented = Box::new(seen.take());
    match tls {
        Error::InvalidCertificate(reason) => match reason {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TrustError::NameMismatch { address, expected: request.server_name.to_owned(), presented }.into()
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => match presented.validity {
                Some((not_before, not_after)) => {
                    TrustError::CertificateTime { address, not_before, not_after, now: request.clock.now() }.into()
                }
                None => TransportError::Tls { address, reason: tls.to_string() }.into(),
            },
            CertificateError::UnknownIssuer | CertificateError::BadSignature => untrusted(request, presented),
            // A self-signed certificate that is marked as a CA: nobody we trust has vouched for it.
            CertificateError::Other(_) if presented.self_signed => untrusted(request, presented),
            _ => TransportError::Tls { address, reason: tls.to_string() }.into(),
        },
        Error::AlertReceived(alert) => refused(address, *alert),
        Error::InvalidMessage(_) => TransportError::NotTls { address }.into(),
        _ => TransportError::Tls { address, reason: tls.to_string() }.into(),
    }
}

fn untrusted(request: &TlsRequest<'_>, presented: Box<crate::connect::error::Presented>) -> ConnectError {
    let host_ca = request.trust.is_some_and(|trust| trust.host_ca);
    TrustError::Untrusted { address: request.address.clone(), host_ca, presented }.into()
}

/// What a server's alert means. In TLS 1.3 the verdict about our certificate comes with the first read.
pub(crate) fn refused(address: String, alert: AlertDescription) -> ConnectError {
    match alert {
        AlertDescription::CertificateExpired => {
            Refusal::CertificateRefused { address, reason: "it has expired".to_owned() }.into()
        }
        AlertDescription::UnknownCA => {
            let reason = "the CA that has signed it isn't trusted there, as after a rotation that was missed";
            ConnectError::Refused(Refusal::CertificateRefused { address, reason: reason.to_owned() })
        }
        AlertDescription::BadCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => {
            Refusal::CertificateRefused { address, reason: format!("TLS alert {alert:?}") }.into()
        }
        AlertDescription::NoApplicationProtocol => TransportError::ProtocolUnknown { address }.into(),
        other => TransportError::Tls { address, reason: format!("it sent the alert {other:?}") }.into(),
    }
}
