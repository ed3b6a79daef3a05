//! Method `azure`: proving a virtual machine's managed identity by what Azure's metadata service says (facts:
//! join-methods 3.3). The token is got ready before the stream to the cluster is opened, since the server ends it after
//! a minute; the document can be asked for only with the server's challenge.

mod chain;
mod error;
mod metadata;
mod pkcs7;

use std::fmt;

use crate::connect::Connector;
use crate::method::{Lookup, looked_up};
use crate::secret::Secret;

use chain::Issuers;
use metadata::Metadata;

pub use error::AzureError;

/// Another base address than `http://169.254.169.254/metadata`: on loopback, for tests.
const METADATA: &str = "MACHINE_ID_AZURE_METADATA_URL";
/// Another place for the certificates below `https://www.microsoft.com/pkiops/certs/`: a mirror.
const CERTIFICATES: &str = "MACHINE_ID_AZURE_CERTIFICATES_URL";
/// Longest challenge that is taken; servers send 32 characters.
const CHALLENGE: usize = 256;

/// What answering a challenge takes.
pub(super) struct Prepared<'a> {
    metadata: Metadata<'a>,
    issuers: Issuers<'a>,
    access_token: Secret,
}

/// What the cluster is shown.
pub(super) struct Shown {
    /// The attested document, as the service wrote it.
    pub(super) attested_data: Vec<u8>,
    /// DER certificates from the signer's issuer upwards, one after the other; empty where nobody asked for them.
    pub(super) chain: Vec<u8>,
    /// The token of the managed identity.
    pub(super) access_token: Secret,
}

/// Asks the metadata service for a token of the managed identity: `client_id` says which, where there are several.
///
/// # Errors
/// There is no such service, or it gives no token.
pub(super) async fn prepare<'a>(
    connector: &'a Connector,
    client_id: Option<&str>,
    lookup: Lookup<'_>,
) -> Result<Prepared<'a>, AzureError> {
    let named = |name: &str| looked_up(lookup, name).map(|text| text.expose().to_owned());
    let metadata = Metadata::find(connector, named(METADATA)).await?;
    let access_token = metadata.access_token(client_id).await?;
    Ok(Prepared { metadata, issuers: Issuers::new(connector, named(CERTIFICATES)), access_token })
}

impl Prepared<'_> {
    /// The token of the managed identity.
    pub(super) const fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The document for a challenge; with `chain` the certificates between its signature and the root.
    ///
    /// # Errors
    /// The service gives none, or a certificate can't be had.
    pub(super) async fn answer(&self, challenge: &str, chain: bool) -> Result<Shown, AzureError> {
        // It becomes a part of a URL.
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_=".contains(&b);
        if !(1..=CHALLENGE).contains(&challenge.len()) || !challenge.bytes().all(fits) {
            return Err(AzureError::Challenge);
        }
        let attested_data = self.metadata.attested_document(challenge).await?;
        let chain = if chain { self.issuers.of(&attested_data).await? } else { Vec::new() };
        Ok(Shown { attested_data, chain, access_token: self.access_token.duplicate() })
    }
}

impl fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

/// The readers of this method, for the fuzzer: the first byte says which.
#[cfg(feature = "fuzzing")]
pub fn fuzz(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => drop(metadata::newest(rest)),
        1 => drop(metadata::token(rest)),
        2 => drop(pkcs7::signer(rest)),
        _ => drop(pkcs7::first_certificate(rest)),
    }
}

#[cfg(test)]
mod tests;
