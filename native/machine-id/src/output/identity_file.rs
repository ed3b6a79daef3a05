//! The file `identity`: everything in one, as `tsh -i`, `tctl -i` and Teleport's API clients read it.

use super::Artifact;
use super::error::OutputError;
use super::request::OutputRequest;
use super::{known_hosts, tls};

/// Private key, SSH certificate, X.509 certificate, known hosts, host CAs (protocol G1).
pub(super) fn render(request: &OutputRequest<'_>) -> Result<Artifact, OutputError> {
    let certificate = request.certificate;
    let mut text = String::with_capacity(32 * 1024);
    text.push_str(certificate.key.tls_private_pem().expose());
    text.push_str(&certificate.certificates.ssh);
    text.push('\n');
    text.push_str(&certificate.certificates.tls);
    for host in &request.authorities.host {
        text.push_str(&known_hosts::lines(host, &format!("{0},*.{0}", host.cluster)));
    }
    text.push_str(&tls::all_certificates(&request.authorities.host));
    Ok(Artifact::new("identity", text))
}
