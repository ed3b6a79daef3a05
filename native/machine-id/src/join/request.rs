//! What every join says, whichever way it travels.

use std::time::SystemTime;

use teleport_api::types::RegisterUsingTokenRequest;

use super::bound_keypair::Init;
use crate::identity::KeyPair;
use crate::method::JoinMethod;
use crate::secret::Secret;
use crate::version::Version;

/// The system role of a bot; its case matters.
pub(super) const ROLE: &str = "Bot";

/// Everything that a join says from the beginning.
#[derive(Debug)]
pub(super) struct JoinRequest<'a> {
    pub(super) method: JoinMethod,
    pub(super) token: &'a Secret,
    pub(super) id_token: Option<&'a Secret>,
    /// What of the proof no message may repeat.
    pub(super) secrets: Vec<&'a Secret>,
    /// What a bound key begins with; empty for other methods.
    pub(super) bound: &'a Init,
    pub(super) key: &'a KeyPair,
    pub(super) expires: SystemTime,
    /// The version of the server that takes the join; for advice.
    pub(super) version: &'a Version,
}

impl JoinRequest<'_> {
    /// As the message of the old join service (protocol B2). One key for both certificates: up to 15 a second one is
    /// ignored (trap 9).
    pub(super) fn message(&self) -> RegisterUsingTokenRequest {
        RegisterUsingTokenRequest {
            role: ROLE.to_owned(),
            token: self.token.expose().to_owned(),
            public_tls_key: self.key.public_pem().as_bytes().to_vec(),
            public_ssh_key: self.ssh_line().into_bytes(),
            id_token: self.id_token.map(|token| token.expose().to_owned()).unwrap_or_default(),
            expires: Some(self.expires.into()),
            ..RegisterUsingTokenRequest::default()
        }
    }

    /// What a bound key begins with: the registration secret, and the state of the last join.
    pub(super) fn bound_init(&self) -> (String, Vec<u8>) {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default();
        (text(&self.bound.secret), text(&self.bound.state).into_bytes())
    }

    /// A server may repeat token and proof in its message; nobody else shall read them.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let secret_name = self.method.has_secret_token().then_some(self.token);
        let bound = self.bound.secret.iter().chain(&self.bound.state);
        for secret in secret_name.into_iter().chain(self.secrets.iter().copied()).chain(bound) {
            if !secret.expose().is_empty() {
                text = text.replace(secret.expose(), "…");
            }
        }
        text
    }

    /// The public key as an authorized_keys line.
    pub(super) fn ssh_line(&self) -> String {
        format!("{}\n", self.key.ssh_public_line())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::KeyAlgorithm;

    /// Without it a server gives an hour, whatever is configured (join-methods 3.3).
    #[test]
    fn the_end_of_the_certificates_is_in_each_request_of_the_old_service() {
        let (token, version) = (Secret::new("t".to_owned()), Version::default());
        let key = KeyPair::generate(KeyAlgorithm::EcdsaP256).unwrap();
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for method in JoinMethod::ALL {
            let bound = Init::default();
            let request = JoinRequest {
                method: *method,
                token: &token,
                id_token: None,
                secrets: Vec::new(),
                bound: &bound,
                key: &key,
                expires,
                version: &version,
            };
            assert_eq!(request.message().expires.unwrap().seconds, 1_800_000_000, "{method:?}");
        }
    }
}
