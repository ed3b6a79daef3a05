//! The join request (protocol B1 and B2).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use teleport_api::types::RegisterUsingTokenRequest;
use zeroize::Zeroizing;

use crate::config::JoinMethod;
use crate::identity::KeyPair;
use crate::secret::Secret;

use super::error::JoinError;

/// The system role of a bot; its case matters.
const ROLE: &str = "Bot";

/// Everything a join says.
pub(super) struct JoinRequest<'a> {
    pub(super) method: JoinMethod,
    pub(super) token: &'a Secret,
    pub(super) proof: Option<&'a Secret>,
    pub(super) key: &'a KeyPair,
    pub(super) expires: SystemTime,
}

#[derive(Serialize)]
struct Body<'a> {
    token: &'a str,
    role: &'a str,
    public_ssh_key: String,
    public_tls_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    expires: String,
}

impl JoinRequest<'_> {
    /// As JSON. One key for both certificates: up to 15 a second one is ignored (trap 9).
    pub(super) fn body(&self) -> Result<Zeroizing<Vec<u8>>, JoinError> {
        let body = Body {
            token: self.token.expose(),
            role: ROLE,
            public_ssh_key: STANDARD.encode(self.ssh_line()),
            public_tls_key: STANDARD.encode(self.key.public_pem()),
            id_token: self.proof.map(Secret::expose),
            expires: humantime::format_rfc3339_seconds(self.expires).to_string(),
        };
        // Large enough never to be moved: a move would leave a copy of the token behind.
        let secrets = self.token.expose().len() + self.proof.map_or(0, |proof| proof.expose().len());
        let mut text = Zeroizing::new(Vec::with_capacity(2 * secrets + 8192));
        serde_json::to_writer(&mut *text, &body).map_err(|error| JoinError::Internal { reason: error.to_string() })?;
        Ok(text)
    }

    /// As a protobuf message.
    pub(super) fn message(&self) -> RegisterUsingTokenRequest {
        RegisterUsingTokenRequest {
            role: ROLE.to_owned(),
            token: self.token.expose().to_owned(),
            public_tls_key: self.key.public_pem().as_bytes().to_vec(),
            public_ssh_key: self.ssh_line().into_bytes(),
            id_token: self.proof.map(|proof| proof.expose().to_owned()).unwrap_or_default(),
            expires: Some(self.expires.into()),
            ..RegisterUsingTokenRequest::default()
        }
    }

    /// A server may repeat the token in its message; nobody else shall read it.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.method == JoinMethod::Token {
            text = text.replace(self.token.expose(), "…");
        }
        match self.proof {
            Some(proof) => text.replace(proof.expose(), "…"),
            None => text,
        }
    }

    fn ssh_line(&self) -> String {
        format!("{}\n", self.key.ssh_public_line())
    }
}
