//! Keys, certificates and CAs as files of their own.

use super::Artifact;
use super::request::OutputRequest;
use crate::identity::Authority;

/// The files that every kind of output has.
pub(super) fn common(request: &OutputRequest<'_>) -> Vec<Artifact> {
    let (key, certificates) = (&request.certificate.key, &request.certificate.certificates);
    let mut files = vec![
        Artifact { name: "key".into(), contents: key.private_pem().duplicate() },
        Artifact::new("key.pub", format!("{}\n", key.ssh_public_line())),
        Artifact::new("key-cert.pub", format!("{}\n", certificates.ssh)),
        Artifact::new("tlscert", certificates.tls.clone()),
        Artifact::new("teleport-host-ca.crt", all_certificates(&request.authorities.host)),
        Artifact::new("teleport-user-ca.crt", request.authorities.user.tls_certs.concat()),
    ];
    if let Some(database) = &request.authorities.database {
        files.push(Artifact::new("teleport-database-ca.crt", database.tls_certs.concat()));
    }
    files
}

/// `tls.key`, `tls.crt` and `tls.cas`: the names that many TLS clients look for.
pub(super) fn named(request: &OutputRequest<'_>) -> Vec<Artifact> {
    vec![
        Artifact { name: "tls.key".into(), contents: request.certificate.key.tls_private_pem().duplicate() },
        Artifact::new("tls.crt", request.certificate.certificates.tls.clone()),
        Artifact::new("tls.cas", all_certificates(&request.authorities.host)),
    ]
}

/// The certificates of several authorities, one after the other.
pub(super) fn all_certificates(authorities: &[Authority]) -> String {
    authorities.iter().flat_map(|authority| &authority.tls_certs).map(String::as_str).collect()
}
