//! The certificates between the signer of an attested document and its root: each one names where its issuer's is.

use std::time::Duration;

use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::AuthorityInfoAccessSyntax;
use x509_cert::ext::pkix::name::GeneralName;

use super::error::AzureError;
use super::pkcs7;
use crate::connect::{Connector, FetchRequest};
use crate::error::{Fault, Retry};

/// Where Microsoft has its issuers' certificates. Other addresses aren't asked: the one who wrote the document could
/// send us anywhere.
const HOME: &str = "www.microsoft.com/pkiops/certs/";
/// RFC 5280: `id-ad-caIssuers`.
const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
const LONGEST_NAME: usize = 255;
/// Most certificates that are followed.
const MOST: usize = 10;
/// Of one request; all of them together have to end within the minute that the cluster waits.
const LIMIT: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(40);

/// The place of the issuers' certificates.
pub(super) struct Issuers<'a> {
    connector: &'a Connector,
    base: String,
}

impl<'a> Issuers<'a> {
    pub(super) fn new(connector: &'a Connector, base: Option<String>) -> Self {
        // Certificates say `http:`; there the connector speaks to nobody outside, and HTTPS serves the same files.
        let base = base.unwrap_or_else(|| format!("https://{HOME}"));
        Self { connector, base: format!("{}/", base.trim().trim_end_matches('/')) }
    }

    /// DER certificates from the issuer of the document's signer up to the one below the root.
    pub(super) async fn of(&self, document: &[u8]) -> Result<Vec<u8>, AzureError> {
        let all = tokio::time::timeout(ALL, self.follow(document)).await;
        all.unwrap_or_else(|_| {
            let reason = format!("it took longer than {} s", ALL.as_secs());
            Err(AzureError::Issuer { reason, transient: true })
        })
    }

    async fn follow(&self, document: &[u8]) -> Result<Vec<u8>, AzureError> {
        let mut certificate = pkcs7::signer(document).map_err(AzureError::issuer)?;
        let mut chain = Vec::new();
        for _ in 0..MOST {
            let Some(name) = issuer(&certificate)? else { break };
            certificate = self.get(&name).await?;
            if is_root(&certificate) {
                break;
            }
            chain.extend(certificate.to_der().map_err(|error| AzureError::issuer(error.to_string()))?);
        }
        if chain.is_empty() {
            return Err(AzureError::issuer("the signer's certificate leads to none"));
        }
        Ok(chain)
    }

    async fn get(&self, name: &str) -> Result<Certificate, AzureError> {
        let url = format!("{}{name}", self.base);
        let reply = self.connector.fetch(FetchRequest::get(url).within(LIMIT)).await;
        let reply = reply
            .map_err(|error| AzureError::Issuer { reason: error.to_string(), transient: error.retry() != Retry::No })?;
        if reply.status != 200 {
            let reason = format!("{name} is answered with HTTP {}", reply.status);
            return Err(AzureError::Issuer { reason, transient: reply.is_passing() });
        }
        let read = Certificate::from_der(&reply.body);
        read.map_err(|error| AzureError::issuer(format!("{name} isn't a certificate: {error}")))
    }
}

fn is_root(certificate: &Certificate) -> bool {
    certificate.tbs_certificate.subject == certificate.tbs_certificate.issuer
}

/// The name of the issuer's certificate at its [`HOME`]; none where the certificate names no place at all.
fn issuer(certificate: &Certificate) -> Result<Option<String>, AzureError> {
    let access = certificate.tbs_certificate.get::<AuthorityInfoAccessSyntax>();
    let access = access.map_err(|error| AzureError::issuer(format!("a certificate can't be read: {error}")))?;
    let mut elsewhere = false;
    for place in access.map(|(_, places)| places.0).unwrap_or_default() {
        let GeneralName::UniformResourceIdentifier(url) = &place.access_location else { continue };
        if place.access_method != CA_ISSUERS {
            continue;
        }
        if let Some(name) = allowed(url.as_str()) {
            return Ok(Some(name.to_owned()));
        }
        elsewhere = true;
    }
    if elsewhere {
        return Err(AzureError::issuer(format!("a certificate names another place than {HOME}*.crt")));
    }
    Ok(None)
}

/// The file's name in an allowed address: `http(s)://www.microsoft.com/pkiops/certs/*.crt`, one file there and nothing
/// else. Of what may be escaped in it only blanks are.
fn allowed(url: &str) -> Option<&str> {
    let place = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let name = place.strip_prefix(HOME)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = name.len() <= LONGEST_NAME && name.replace("%20", "").bytes().all(plain) && !name.contains("..");
    let stem = name.strip_suffix(".crt")?;
    (fits && !stem.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn only_certificates_at_their_home_are_asked_for() {
        for (url, name) in [
            (
                "http://www.microsoft.com/pkiops/certs/Microsoft%20Azure%20RSA%20TLS%20Issuing%20CA%2007%20-%20xsign.crt",
                "Microsoft%20Azure%20RSA%20TLS%20Issuing%20CA%2007%20-%20xsign.crt",
            ),
            ("https://www.microsoft.com/pkiops/certs/a_b-1.2.crt", "a_b-1.2.crt"),
        ] {
            assert_eq!(allowed(url), Some(name), "{url}");
        }
        let long = format!("https://www.microsoft.com/pkiops/certs/{}.crt", "a".repeat(300));
        for url in [
            "https://www.microsoft.com/pkiops/certs/.crt",
            "https://www.microsoft.com/pkiops/certs/a.crl",
            "https://www.microsoft.com/pkiops/certs/a.crt?x=.crt",
            "https://www.microsoft.com/pkiops/certs/../a.crt",
            "https://www.microsoft.com/pkiops/certs/b/a.crt",
            "https://www.microsoft.com/pkiops/certs/%2e%2e%2fa.crt",
            "https://www.microsoft.com/pkiops/certs/%0d%0aa.crt",
            "https://www.microsoft.com/pkiops/a.crt",
            "https://www.microsoft.com@evil.example/pkiops/certs/a.crt",
            "https://www.microsoft.com.evil.example/pkiops/certs/a.crt",
            "http://169.254.169.254/pkiops/certs/a.crt",
            "ldap://www.microsoft.com/pkiops/certs/a.crt",
            "",
            &long,
        ] {
            assert_eq!(allowed(url), None, "{url}");
        }
    }
}
