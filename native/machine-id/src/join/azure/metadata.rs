//! Azure's instance metadata service. It is asked without a proxy, as [`Connector::fetch`] does with all of plain HTTP.

use std::time::Duration;

use serde::Deserialize;

use super::error::AzureError;
use crate::connect::{Connector, FetchError, FetchReply, FetchRequest, encoded, error_message};
use crate::secret::Secret;

const BASE: &str = "http://169.254.169.254/metadata";
/// Of one request. The service is on the same host; elsewhere nobody answers.
const LIMIT: Duration = Duration::from_secs(5);
/// The token comes from farther away.
const TOKEN_LIMIT: Duration = Duration::from_secs(20);
/// The first version with attested documents that hold a nonce.
const OLDEST: &str = "2019-06-04";
/// Whom the token is for: the auth server asks there which machine this is. Percent-encoded.
const RESOURCE: &str = "https%3A%2F%2Fmanagement.azure.com%2F";
const VERSION: &str = "version";
pub(super) const TOKEN: &str = "access token";
const DOCUMENT: &str = "attested document";

/// The service of this machine.
pub(super) struct Metadata<'a> {
    connector: &'a Connector,
    base: String,
    version: String,
}

impl<'a> Metadata<'a> {
    /// Asks which versions there are, and takes the newest.
    pub(super) async fn find(connector: &'a Connector, base: Option<String>) -> Result<Self, AzureError> {
        let base = base.unwrap_or_else(|| BASE.to_owned()).trim().trim_end_matches('/').to_owned();
        let request = FetchRequest::get(format!("{base}/versions?format=json"));
        let reply = match ask(connector, request.within(LIMIT)).await {
            Ok(reply) => reply,
            Err(error) if error.is_absence() => return Err(AzureError::Absent { reason: error.to_string() }),
            Err(error) => return Err(AzureError::unanswered(VERSION, &error)),
        };
        if reply.status == 404 {
            return Err(AzureError::Absent { reason: format!("what answers at {base} knows no versions") });
        }
        let version = newest(&accepted(VERSION, reply)?.body)?;
        Ok(Self { connector, base, version })
    }

    /// A token of the managed identity.
    pub(super) async fn access_token(&self, client_id: Option<&str>) -> Result<Secret, AzureError> {
        let client_id =
            client_id.map(|id| format!("&client_id={}", encoded(id).collect::<String>())).unwrap_or_default();
        let path = format!("identity/oauth2/token?api-version={}&resource={RESOURCE}{client_id}", self.version);
        token(&self.get(TOKEN, &path, TOKEN_LIMIT).await?.body)
    }

    /// The document for a nonce, byte for byte.
    pub(super) async fn attested_document(&self, nonce: &str) -> Result<Vec<u8>, AzureError> {
        let nonce: String = encoded(nonce).collect();
        let path = format!("attested/document?api-version={}&format=json&nonce={nonce}", self.version);
        let body = self.get(DOCUMENT, &path, LIMIT).await?.body;
        if body.is_empty() { Err(AzureError::metadata(DOCUMENT, "its answer is empty")) } else { Ok(body.to_vec()) }
    }

    async fn get(&self, what: &'static str, path: &str, limit: Duration) -> Result<FetchReply, AzureError> {
        let request = FetchRequest::get(format!("{}/{path}", self.base)).within(limit);
        let reply = ask(self.connector, request).await;
        accepted(what, reply.map_err(|error| AzureError::unanswered(what, &error))?)
    }
}

async fn ask(connector: &Connector, request: FetchRequest) -> Result<FetchReply, FetchError> {
    // Without this header the service takes a request for one that somebody made this machine send.
    connector.fetch(request.header("metadata", "True")).await
}

fn accepted(what: &'static str, reply: FetchReply) -> Result<FetchReply, AzureError> {
    if reply.status == 200 {
        return Ok(reply);
    }
    let reason = format!("it answers with HTTP {}: {}", reply.status, words(&reply.body));
    Err(AzureError::Metadata { what, reason, transient: reply.is_passing() })
}

/// Why it refuses, `{"error":"…","error_description":"…"}` or `{"error":"…"}`.
fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: Option<String>,
        error_description: Option<String>,
    }
    let refusal = serde_json::from_slice::<Refusal>(body).ok();
    let said = refusal.and_then(|said| said.error_description.or(said.error));
    said.map_or_else(|| error_message(body), |said| error_message(said.as_bytes()))
}

/// The newest version of an answer to `versions`, `{"apiVersions":["2017-03-01",…]}`. Versions are dates: their order is
/// that of the texts.
pub(super) fn newest(body: &[u8]) -> Result<String, AzureError> {
    #[derive(Deserialize)]
    struct Versions {
        #[serde(rename = "apiVersions")]
        all: Vec<String>,
    }
    let versions: Versions = serde_json::from_slice(body)
        .map_err(|error| AzureError::metadata(VERSION, format!("its answer isn't a list of them: {error}")))?;
    let date = |text: &String| text.len() == OLDEST.len() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let newest = versions.all.into_iter().filter(date).max();
    newest
        .filter(|version| version.as_str() >= OLDEST)
        .ok_or_else(|| AzureError::metadata(VERSION, format!("it knows none from {OLDEST} on")))
}

/// The token of an answer, `{"access_token":"…"}`.
pub(super) fn token(body: &[u8]) -> Result<Secret, AzureError> {
    #[derive(Deserialize)]
    struct Token {
        access_token: Secret,
    }
    // The parser's words may repeat what it read.
    let read = serde_json::from_slice::<Token>(body).ok().filter(|read| !read.access_token.expose().is_empty());
    read.map(|read| read.access_token).ok_or_else(|| AzureError::metadata(TOKEN, "its answer holds none"))
}
