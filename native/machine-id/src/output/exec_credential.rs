//! What `kubectl` expects from its exec plugin.

use std::time::Duration;

use serde::Serialize;

use super::error::OutputError;
use crate::identity::{KeyPair, Rfc3339, TlsFacts};
use crate::secret::Secret;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    kind: &'static str,
    api_version: &'static str,
    spec: Spec,
    status: Status<'a>,
}

#[derive(Serialize)]
struct Spec {
    interactive: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    expiration_timestamp: String,
    client_certificate_data: &'a str,
    client_key_data: &'a str,
}

/// How long before a certificate's end kubectl asks for another one, so that a request that is on its way then doesn't
/// come too late. Where nobody has made one, it gets the same and asks each time.
fn margin(facts: &TlsFacts) -> Duration {
    const LONGEST: Duration = Duration::from_secs(10);
    facts.valid_until.duration_since(facts.valid_from).unwrap_or_default().div_f64(10.0).min(LONGEST)
}

/// The ExecCredential JSON for a certificate (`tlscert`) and its key (`key`), one line with a newline.
///
/// # Errors
/// When the certificate can't be read.
pub fn exec_credential(tls_certificate: &str, key: &KeyPair) -> Result<Secret, OutputError> {
    let facts = TlsFacts::parse(tls_certificate)?;
    let credential = ExecCredential {
        kind: "ExecCredential",
        api_version: "client.authentication.k8s.io/v1beta1",
        spec: Spec { interactive: false },
        status: Status {
            expiration_timestamp: Rfc3339(facts.valid_until - margin(&facts)).to_string(),
            client_certificate_data: tls_certificate,
            client_key_data: key.tls_private_pem().expose(),
        },
    };
    let mut text = serde_json::to_string(&credential).map_err(|e| OutputError::Unwritable { reason: e.to_string() })?;
    text.push('\n');
    Ok(Secret::new(text))
}
