//! Server certificates and the check of clients'.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use x509_cert::der::Encode;

use crate::ca::authority::CaKeys;
use crate::ca::key::{KeyKind, X509Key};
use crate::ca::name::{CN, NameBuilder, ORGANIZATION};
use crate::ca::x509::{self, Issuer, Purpose, Span};
use crate::control::{Core, Settings};
use crate::error::DoubleError;

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// Which of the cluster's servers presents itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerRole {
    Auth,
    Proxy,
}

/// A server certificate already issued: by which keys, and for whom.
type Issued = (Arc<CaKeys>, ServerRole, Arc<CertifiedKey>);

/// Keys and certificates of the double's servers.
#[derive(Debug)]
pub(crate) struct ServerKeys {
    key: X509Key,
    web: Arc<CertifiedKey>,
    pub(crate) web_ca_pem: String,
    host: Mutex<Vec<Issued>>,
}

impl ServerKeys {
    /// A web CA of its own with a certificate for the proxy's public name.
    pub(crate) fn generate(settings: &Settings, now: SystemTime) -> Result<Self, DoubleError> {
        let ca_key = X509Key::generate(KeyKind::Ecdsa)?;
        let ca_name = NameBuilder::default().one(ORGANIZATION, "teleport-double")?.one(CN, "web CA")?.build();
        let issuer = Issuer { name: &ca_name, key: &ca_key };
        let span = Span { from: now - HOUR, until: now + YEAR };
        let serial = x509::random_serial();
        let ca = x509::issue(&issuer, ca_name.clone(), ca_key.spki()?, span, serial, &Purpose::Authority)?;
        let key = X509Key::generate(KeyKind::Ecdsa)?;
        let dns = dns_of(&[settings.public_host.clone(), "localhost".to_owned()]);
        let mut addresses = vec![settings.listen];
        addresses.extend(settings.public_host.parse::<IpAddr>().ok().filter(|ip| *ip != settings.listen));
        let purpose = Purpose::Server { dns: &dns, addresses: &addresses };
        let subject = NameBuilder::default().one(CN, &settings.public_host)?.build();
        let web = x509::issue(&issuer, subject, key.spki()?, span, x509::random_serial(), &purpose)?;
        let web = Arc::new(CertifiedKey::new(vec![CertificateDer::from(web.to_der()?)], key.signer()));
        Ok(Self { key, web, web_ca_pem: x509::pem(&ca)?, host: Mutex::default() })
    }

    pub(crate) fn web(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.web)
    }

    /// What `role` presents while `ca` signs servers.
    pub(crate) fn host(
        &self,
        core: &Core,
        ca: &Arc<CaKeys>,
        role: ServerRole,
    ) -> Result<Arc<CertifiedKey>, DoubleError> {
        let mut known = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, key)) = known.iter().find(|(of, for_role, _)| Arc::ptr_eq(of, ca) && *for_role == role) {
            return Ok(Arc::clone(key));
        }
        let mut dns =
            vec!["node1".to_owned(), "*.teleport.cluster.local".to_owned(), "teleport.cluster.local".to_owned()];
        let mut addresses = Vec::new();
        if role == ServerRole::Proxy {
            let host = &core.settings.public_host;
            dns.extend([host.clone(), format!("*.{host}"), core.settings.kube_name(), "localhost".to_owned()]);
            addresses.push(core.settings.listen);
        }
        let dns = dns_of(&dns);
        let purpose = Purpose::Server { dns: &dns, addresses: &addresses };
        let subject = NameBuilder::default()
            .one(ORGANIZATION, if role == ServerRole::Proxy { "Proxy" } else { "Auth" })?
            .one(CN, &format!("node1.{}", core.settings.cluster))?
            .build();
        let now = core.now();
        let span = Span { from: now - HOUR, until: now + YEAR };
        let leaf = x509::issue(&ca.issuer(), subject, self.key.spki()?, span, x509::random_serial(), &purpose)?;
        let certified = CertifiedKey::new(vec![CertificateDer::from(leaf.to_der()?)], self.key.signer());
        let certified = Arc::new(certified);
        known.push((Arc::clone(ca), role, Arc::clone(&certified)));
        Ok(certified)
    }
}

/// DNS names only, each once.
fn dns_of(names: &[String]) -> Vec<String> {
    let mut dns: Vec<String> = Vec::new();
    for name in names {
        if name.trim_start_matches("*.").parse::<IpAddr>().is_err() && !dns.contains(name) {
            dns.push(name.clone());
        }
    }
    dns
}

/// A server configuration that presents `certified` and negotiates one of `alpn`.
pub(crate) fn config(
    core: &Core,
    certified: Arc<CertifiedKey>,
    alpn: &[&str],
    clients: bool,
) -> Result<ServerConfig, DoubleError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_details(provider, core.clock.clone()).with_safe_default_protocol_versions()?;
    let builder = if clients {
        builder.with_client_cert_verifier(Arc::new(LeafVerifier::new(core)?))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(Arc::new(Fixed(certified)));
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Accepts no certificate, or one signed by a trusted CA; further ones are dealt with later.
#[derive(Debug)]
struct LeafVerifier(Arc<dyn ClientCertVerifier>);

impl LeafVerifier {
    fn new(core: &Core) -> Result<Self, DoubleError> {
        let mut roots = RootCertStore::empty();
        {
            let state = core.state();
            let authorities = [Some(&state.user), Some(&state.host), state.leaf_host.as_ref()];
            for keys in authorities.into_iter().flatten().flat_map(|authority| authority.trusted()) {
                roots.add(CertificateDer::from(keys.der.clone()))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|error| DoubleError::Key(error.to_string()))?;
        Ok(Self(verifier))
    }
}

impl ClientCertVerifier for LeafVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.verify_client_cert(leaf, &[], now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
