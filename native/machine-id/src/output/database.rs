//! Output of type `database`.

use super::error::OutputError;
use super::request::OutputRequest;
use super::{Artifact, Contents, tls};
use crate::config::DatabaseFormat;

/// The extra files of a format. MongoDB's and CockroachDB's clients talk to the database's own certificate, so their
/// CA is the database authority; the others meet the proxy.
pub(super) fn render(
    request: &OutputRequest<'_>,
    format: Option<DatabaseFormat>,
) -> Result<Vec<Artifact>, OutputError> {
    let key = request.certificate.key.tls_private_pem();
    let certificate = &request.certificate.certificates.tls;
    Ok(match format {
        None => Vec::new(),
        Some(DatabaseFormat::Tls) => tls::named(request),
        Some(DatabaseFormat::Mongo) => {
            let both = format!("{certificate}{}", key.expose());
            vec![Artifact::new("mongo.crt", both), Artifact::public("mongo.cas", database_cas(request)?)]
        }
        Some(DatabaseFormat::Cockroach) => vec![
            Artifact { name: "cockroach/node.key".into(), contents: Contents::Secret(key.duplicate()) },
            Artifact::public("cockroach/node.crt", certificate.clone()),
            Artifact::public("cockroach/ca.crt", database_cas(request)?),
        ],
    })
}

fn database_cas(request: &OutputRequest<'_>) -> Result<String, OutputError> {
    let database = request.authorities.database.as_ref();
    Ok(database.ok_or(OutputError::NoAuthority { what: "database" })?.tls_certs.concat())
}
