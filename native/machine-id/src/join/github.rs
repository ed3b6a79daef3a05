//! Method `github`: an ID token that GitHub Actions issues on request.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::config::JoinMethod;
use crate::connect::{Connector, error_message};
use crate::secret::Secret;

use super::error::JoinError;
use super::proof::{self, Lookup};

const URL_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const BEARER_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// The audience that Teleport expects (protocol C).
const AUDIENCE: &str = "teleport.cluster.local";

#[derive(Deserialize)]
struct Reply {
    value: Secret,
}

pub(super) async fn proof(connector: &Connector, lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    let url = proof::variable(JoinMethod::Github, URL_VARIABLE, lookup)?;
    let bearer = proof::variable(JoinMethod::Github, BEARER_VARIABLE, lookup)?;
    let separator = if url.expose().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}audience={AUDIENCE}", url.expose());
    let reply = connector.fetch_with_bearer(&url, bearer.expose()).await?;
    let missing = |reason: String| JoinError::ProofMissing {
        method: JoinMethod::Github,
        place: "GitHub's ID token service".to_owned(),
        reason,
    };
    if reply.status != 200 {
        return Err(missing(format!("it answers with HTTP {}: {}", reply.status, error_message(&reply.body))));
    }
    let body = Zeroizing::new(reply.body);
    let parsed: Reply = serde_json::from_slice(&body).map_err(|_| missing("its answer holds no token".to_owned()))?;
    Ok(parsed.value)
}
