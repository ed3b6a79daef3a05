//! Signing the pair of certificates, and what goes wrong with them on request.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ssh_key::public::KeyData;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::refusal::Refusal;
use crate::ca::authority::{Authority, CaKeys};
use crate::ca::key::{KeyKind, SshKey, X509Key};
use crate::ca::ssh;
use crate::ca::user::UserSubject;
use crate::ca::x509::Span;
use crate::control::{CertificateFault, Core, Fault};

const HOUR: Duration = Duration::from_secs(3600);
/// No bot gets more (protocol section E).
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The keys certificates are asked for; only those given are certified.
#[derive(Clone, Debug)]
pub(crate) struct SubjectKeys {
    pub(crate) ssh: Option<KeyData>,
    pub(crate) tls: Option<SubjectPublicKeyInfoOwned>,
}

impl SubjectKeys {
    /// One key for both, given as an authorized_keys line.
    pub(crate) fn from_line(line: &[u8]) -> Result<Self, Refusal> {
        let key = ssh::parse_line(line).ok_or_else(|| Refusal::plain("ssh: no key found"))?;
        let tls = ssh::spki(&key)?;
        Ok(Self { ssh: Some(key), tls: Some(tls) })
    }

    /// The other key for X.509, given as PEM (version 17 and later).
    pub(crate) fn with_tls_pem(mut self, pem: &[u8]) -> Result<Self, Refusal> {
        use rustls::pki_types::SubjectPublicKeyInfoDer;
        use rustls::pki_types::pem::PemObject;
        use x509_cert::der::Decode;
        let bad = |_| Refusal::bad_parameter("expected PEM encoded public key");
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| bad(()))?;
        self.tls = Some(SubjectPublicKeyInfoOwned::from_der(der.as_ref()).map_err(|_| bad(()))?);
        Ok(self)
    }
}

/// What a join, a renewal or an impersonation gives back.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) ssh: String,
    pub(crate) tls: String,
    pub(crate) tls_cas: Vec<String>,
    pub(crate) ssh_cas: Vec<String>,
}

/// Signs both certificates. With `host_ca` the host CA goes with the user CA (protocol section D3).
pub(crate) fn issue(
    core: &Core,
    mut subject: UserSubject,
    mut keys: SubjectKeys,
    expires: SystemTime,
    host_ca: bool,
    fault: Option<&Fault>,
) -> Result<Issued, Refusal> {
    let now = core.now();
    let mut span = Span { from: now - Duration::from_secs(60), until: expires };
    let (user, host) = {
        let state = core.state();
        (state.user.clone(), state.host.clone())
    };
    let mut signer = Arc::clone(&user.active);
    if let Some(Fault::Certificate(wrong)) = fault {
        match wrong {
            CertificateFault::WrongKey => {
                let other = X509Key::generate(KeyKind::Ecdsa)?;
                keys.tls = Some(other.spki()?);
                keys.ssh = Some(SshKey::generate(KeyKind::Ecdsa)?.public().clone());
            }
            CertificateFault::Expired => span = Span { from: now - 2 * HOUR, until: now - HOUR },
            CertificateFault::NotYetValid => span = Span { from: now + HOUR, until: now + 2 * HOUR },
            CertificateFault::Principals(principals) => subject.principals.clone_from(principals),
            CertificateFault::User(name) => subject.user.clone_from(name),
            CertificateFault::WrongAuthority => signer = Arc::clone(&host.active),
            CertificateFault::NoGeneration => subject.generation = 0,
            CertificateFault::MoreRoles(roles) => subject.roles.extend(roles.iter().cloned()),
        }
    }
    let ssh = keys.ssh.map(|key| subject.sign_ssh(&signer, key, span)).transpose()?.unwrap_or_default();
    let tls = keys.tls.map(|key| subject.sign_tls(&signer, key, span)).transpose()?.unwrap_or_default();
    let trusted = |authority: &Authority| -> Vec<Arc<CaKeys>> { authority.trusted().cloned().collect() };
    let mut authorities = trusted(&user);
    if host_ca {
        authorities.extend(trusted(&host));
    }
    match fault {
        Some(Fault::NoAuthorities) => authorities.clear(),
        Some(Fault::ManyAuthorities(count)) => authorities = vec![Arc::clone(&host.active); *count],
        _ => {}
    }
    let mut tls_cas: Vec<String> = authorities.iter().map(|keys| keys.pem.clone()).collect();
    let mut ssh_cas: Vec<String> = authorities.iter().map(|keys| format!("{}\n", keys.ssh_line)).collect();
    if let Some(Fault::ForeignAuthority { pem, ssh_line }) = fault {
        tls_cas.push(pem.clone());
        ssh_cas.push(format!("{ssh_line}\n"));
    }
    Ok(Issued { ssh, tls, tls_cas, ssh_cas })
}
