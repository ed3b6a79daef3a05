//! Output of type `application`.

use super::request::OutputRequest;
use super::{Artifact, tls};

/// The extra files of an application: none, or the TLS names.
pub(super) fn render(request: &OutputRequest<'_>, specific_tls_naming: bool) -> Vec<Artifact> {
    if specific_tls_naming { tls::named(request) } else { Vec::new() }
}
