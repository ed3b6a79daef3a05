//! The file `identity`: everything in one, as `tsh -i`, `tctl -i` and Teleport's API clients read it.

use super::Artifact;
use super::error::OutputError;
use super::request::OutputRequest;
use super::{known_hosts, tls};

/// Private key, SSH certificate, X.509 certificate, known hosts, host CAs (protocol G1).
pub(super) fn render(request: &OutputRequest<'_>) -> Result<Artifact, OutputError> {
    let certificate = request.certificate;
    let hosts = &request.authorities.host;
    let known = known_hosts::of_clusters(request);
    let cas = tls::all_certificates(hosts);
    let key = certificate.key.tls_private_pem().expose();
    let parts = [key, &certificate.certificates.ssh, "\n", &certificate.certificates.tls, &known, &cas];
    // In one piece: a buffer that grew would leave parts of the key behind.
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.push_str(part));
    Ok(Artifact::new("identity", text))
}
