//! What a Teleport user's SSH certificate says (protocol F1).

use std::time::SystemTime;

use serde::Deserialize;
use ssh_key::certificate::CertType;
use ssh_key::public::KeyData;
use ssh_key::{Certificate, HashAlg, PublicKey};

use super::certificates::{CertificateError, MAX_TEXT, Which};
use super::key::KeyPair;

/// What an SSH certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshFacts {
    /// Key id: the Teleport user, `bot-…`.
    pub key_id: String,
    /// Serial number; Teleport always writes 0.
    pub serial: u64,
    /// Principals: logins and Teleport's own markers.
    pub principals: Vec<String>,
    /// Start of validity.
    pub valid_from: SystemTime,
    /// End of validity (exclusive).
    pub valid_until: SystemTime,
    /// Roles.
    pub roles: Vec<String>,
    /// Cluster that requests are routed to.
    pub route_to_cluster: Option<String>,
    /// Generation of a renewable identity.
    pub generation: Option<u64>,
    /// Whether it can be renewed with itself.
    pub renewable: bool,
    /// The bot user behind an impersonated certificate.
    pub impersonator: Option<String>,
    /// Whether no further certificate may be made from it.
    pub disallow_reissue: bool,
    /// Name of the bot (clusters from version 16).
    pub bot_name: Option<String>,
    /// Id of the bot instance (clusters from version 16).
    pub bot_instance: Option<String>,
    /// `SHA256:` and base64 of the certified key, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The key of the CA that signed it, as a line without comment: the cluster's **user** CA.
    pub signed_by: String,
    key: KeyData,
}

impl SshFacts {
    /// Reads a line of `authorized_keys` form.
    ///
    /// # Errors
    /// When it isn't an SSH user certificate.
    pub fn parse(line: &str) -> Result<Self, CertificateError> {
        if line.len() > MAX_TEXT {
            return Err(malformed(format!("{} bytes are too long", line.len())));
        }
        let certificate = Certificate::from_openssh(line.trim()).map_err(|e| malformed(e.to_string()))?;
        if certificate.cert_type() != CertType::User {
            return Err(malformed("it is a host's, not a user's".to_owned()));
        }
        let extension = |name: &str| certificate.extensions().get(name).cloned();
        let generation = match extension("generation") {
            Some(text) => Some(text.parse().map_err(|_| malformed(format!("generation {text:?} is no number")))?),
            None => None,
        };
        let roles = match extension("teleport-roles") {
            Some(text) if !text.is_empty() => parse_roles(&text)?,
            _ => Vec::new(),
        };
        Ok(Self {
            key_id: certificate.key_id().to_owned(),
            serial: certificate.serial(),
            principals: certificate.valid_principals().to_vec(),
            valid_from: certificate.valid_after_time(),
            valid_until: certificate.valid_before_time(),
            roles,
            route_to_cluster: extension("teleport-route-to-cluster"),
            generation,
            renewable: extension("renewable").is_some(),
            impersonator: extension("impersonator"),
            disallow_reissue: extension("disallow-reissue").is_some(),
            bot_name: extension("bot-name@goteleport.com"),
            bot_instance: extension("bot-instance-id@goteleport.com"),
            fingerprint: certificate.public_key().fingerprint(HashAlg::Sha256).to_string(),
            signed_by: line_of(certificate.signature_key())?,
            key: certificate.public_key().clone(),
        })
    }

    pub(super) fn is_for(&self, key: &KeyPair) -> bool {
        PublicKey::from_openssh(key.ssh_public_line()).is_ok_and(|ours| *ours.key_data() == self.key)
    }
}

/// `{"version":"v1","roles":["a","b"]}`; other keys may follow.
#[derive(Deserialize)]
struct RolesExtension {
    #[serde(default)]
    roles: Option<Vec<String>>,
}

fn parse_roles(text: &str) -> Result<Vec<String>, CertificateError> {
    let parsed: RolesExtension =
        serde_json::from_str(text).map_err(|e| malformed(format!("extension teleport-roles: {e}")))?;
    Ok(parsed.roles.unwrap_or_default())
}

fn line_of(key: &KeyData) -> Result<String, CertificateError> {
    PublicKey::new(key.clone(), "").to_openssh().map_err(|e| malformed(e.to_string()))
}

fn malformed(reason: String) -> CertificateError {
    CertificateError::Malformed { which: Which::Ssh, reason }
}
