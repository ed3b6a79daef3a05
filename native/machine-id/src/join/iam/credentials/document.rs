//! The JSON in which containers, instances and programs hand out credentials.

use serde::Deserialize;

use crate::secret::Secret;

use crate::join::iam::keys::Credentials;

/// All members that one of them has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    /// Of a program: 1.
    pub(super) version: Option<u64>,
    /// Of an instance: `Success`.
    pub(super) code: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<Secret>,
    /// Of services.
    token: Option<Secret>,
    /// Of programs.
    session_token: Option<Secret>,
    /// RFC 3339.
    pub(super) expiration: Option<String>,
}

impl Document {
    pub(super) fn credentials(&self) -> Result<Credentials, String> {
        let missing = |name: &str| format!("its answer has no {name}");
        let key = self.access_key_id.as_deref().ok_or_else(|| missing("AccessKeyId"))?;
        let secret = self.secret_access_key.as_ref().ok_or_else(|| missing("SecretAccessKey"))?;
        Credentials::new(key, secret, self.token.as_ref().or(self.session_token.as_ref()))
    }
}

/// Reads one. The JSON library's words may hold parts of it, so that they aren't repeated.
pub(super) fn read(bytes: &[u8]) -> Result<Document, String> {
    serde_json::from_slice(bytes).map_err(|_| "its answer isn't the JSON of credentials".to_owned())
}
