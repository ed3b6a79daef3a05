//! The join state: a JWT of the cluster's own that names where a bound key was left (join-methods 3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier};
use serde_json::{Value, json};

use crate::control::{BoundKeypair, BoundKeypairOptions, RecoveryMode};

/// What a join state says.
#[derive(Debug)]
pub(super) struct Claims {
    cluster: String,
    bot: String,
    instance: String,
    sequence: u32,
    limit: u32,
    pub(super) mode: RecoveryMode,
}

impl Claims {
    pub(super) fn of(cluster: &str, bot: &str, stored: &BoundKeypair, options: &BoundKeypairOptions) -> Self {
        Self {
            cluster: cluster.to_owned(),
            bot: bot.to_owned(),
            instance: stored.bot_instance.clone(),
            sequence: stored.recovery_count,
            limit: options.recovery_limit,
            mode: options.recovery_mode,
        }
    }

    pub(super) fn sign(&self, key: &SigningKey) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": hex::encode(key.verifying_key().as_bytes()) });
        let claims = json!({
            "iss": self.cluster,
            "aud": [self.cluster],
            "sub": self.bot,
            "bot_instance_id": self.instance,
            "recovery_sequence": self.sequence,
            "recovery_limit": self.limit,
            "recovery_mode": self.mode.as_str(),
        });
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }

    /// Whether `sent` is of this cluster and says the same; limit and mode may have been changed since.
    pub(super) fn matches(&self, key: &SigningKey, sent: &[u8]) -> bool {
        self.read(key, sent).is_some_and(|claims| {
            claims["iss"] == self.cluster
                && claims["sub"] == self.bot
                && claims["bot_instance_id"] == self.instance
                && claims["recovery_sequence"] == self.sequence
        })
    }

    fn read(&self, key: &SigningKey, sent: &[u8]) -> Option<Value> {
        let text = std::str::from_utf8(sent).ok()?;
        let (signed, signature) = text.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        key.verifying_key().verify(signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}
