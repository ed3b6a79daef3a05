//! Everything a bot is: its key, its certificates and the authorities it trusts.

use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::authority::Authorities;
use super::certificates::{CertificateError, Certificates};
use super::key::KeyPair;
use crate::secret::Secret;

/// The bot's own (internal) identity, protocol E: what can renew itself and ask for role certificates.
#[derive(Clone, Debug)]
pub struct BotIdentity {
    /// Its key.
    pub key: Arc<KeyPair>,
    /// Its certificates, both for that key.
    pub certificates: Certificates,
    /// The authorities as last seen.
    pub authorities: Authorities,
    /// [`token_hash`] of the token it joined with; none for methods without a secret.
    pub token_hash: Option<String>,
    /// Name of the root cluster.
    pub cluster: String,
}

impl BotIdentity {
    /// What can be shown of it.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn facts(&self) -> Result<BotFacts, CertificateError> {
        let ssh = self.certificates.ssh_facts()?;
        let tls = self.certificates.tls_facts()?;
        Ok(BotFacts {
            bot_name: bot_name(&tls.user, tls.bot_name.as_deref()),
            user: tls.user.clone(),
            generation: tls.generation.or(ssh.generation),
            renewable: tls.renewable,
            roles: tls.roles.clone(),
            valid_from: ssh.valid_from.max(tls.valid_from),
            valid_until: ssh.valid_until.min(tls.valid_until),
        })
    }
}

/// What can be shown of a bot identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotFacts {
    /// The bot's Teleport user, `bot-…`.
    pub user: String,
    /// The bot's name.
    pub bot_name: String,
    /// Generation, 1 after a join; none for identities that aren't renewable.
    pub generation: Option<u64>,
    /// Whether it can be renewed with itself.
    pub renewable: bool,
    /// Its own roles.
    pub roles: Vec<String>,
    /// From when both certificates are valid.
    pub valid_from: SystemTime,
    /// Until when both certificates are valid.
    pub valid_until: SystemTime,
}

/// Up to version 15 a certificate names no bot: it is the user without `bot-` (protocol F2).
fn bot_name(user: &str, named: Option<&str>) -> String {
    named.unwrap_or_else(|| user.strip_prefix("bot-").unwrap_or(user)).to_owned()
}

/// The hash by which a changed token is noticed: lower hex SHA-256 of its text, as in tbot's `tokenhash`
/// (protocol G2).
#[must_use]
pub(crate) fn token_hash(token: &Secret) -> String {
    hex::encode(Sha256::digest(token.expose()))
}
