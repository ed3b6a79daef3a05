//! Keys, certificates and CAs as files of their own.

use super::request::OutputRequest;
use super::{Artifact, Contents};
use crate::config::{KeyAlgorithm, OutputKind};
use crate::identity::Authority;

/// The files that every kind of output has.
pub(super) fn common(request: &OutputRequest<'_>) -> Vec<Artifact> {
    let (key, certificates) = (&request.certificate.key, &request.certificate.certificates);
    // No ssh reads the others.
    let private = match request.kind {
        OutputKind::Identity(_) | OutputKind::Multiplexer(_) => key.ssh_private_pem(),
        OutputKind::Kubernetes(_) | OutputKind::Database { .. } | OutputKind::Application { .. } => key.pkcs8_pem(),
    };
    let mut files = vec![
        Artifact { name: "key".into(), contents: Contents::Secret(private.duplicate()) },
        Artifact::public("key.pub", format!("{}\n", key.ssh_public_line())),
        Artifact::public("key-cert.pub", format!("{}\n", certificates.ssh)),
        Artifact::public("tlscert", certificates.tls.clone()),
        Artifact::public("teleport-host-ca.crt", all_certificates(&request.authorities.host)),
        Artifact::public("teleport-user-ca.crt", request.authorities.user.tls_certs.concat()),
    ];
    if let Some(database) = &request.authorities.database {
        files.push(Artifact::public("teleport-database-ca.crt", database.tls_certs.concat()));
    }
    files
}

/// What whoever has chosen a key algorithm should know of an output; none where all its clients read its key.
#[must_use]
pub fn key_advice(chosen: Option<KeyAlgorithm>, kind: &OutputKind) -> Option<&'static str> {
    match (chosen, kind) {
        (Some(KeyAlgorithm::Ed25519), OutputKind::Identity(_)) => Some(
            "with ed25519, only ssh and SSH libraries read the file key; TLS clients (curl, openssl, Python, kubectl) take \
             the file identity as certificate and as key, or choose ecdsa-p256, which all of them read",
        ),
        _ => None,
    }
}

/// `tls.key`, `tls.crt` and `tls.cas`: the names that many TLS clients look for.
pub(super) fn named(request: &OutputRequest<'_>) -> Vec<Artifact> {
    let key = &request.certificate.key;
    // Old database clients read RSA keys as tbot writes them.
    let key = if matches!(request.kind, OutputKind::Database { .. }) { key.tls_private_pem() } else { key.pkcs8_pem() };
    vec![
        Artifact { name: "tls.key".into(), contents: Contents::Secret(key.duplicate()) },
        Artifact::public("tls.crt", request.certificate.certificates.tls.clone()),
        Artifact::public("tls.cas", all_certificates(&request.authorities.host)),
    ]
}

/// The certificates of several authorities, one after the other.
pub(super) fn all_certificates(authorities: &[Authority]) -> String {
    authorities.iter().flat_map(|authority| &authority.tls_certs).map(String::as_str).collect()
}
