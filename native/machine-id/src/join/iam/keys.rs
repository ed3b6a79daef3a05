//! AWS keys.

use crate::secret::Secret;

/// Keys, and whose they are is known by STS alone.
#[derive(Debug)]
pub(super) struct Credentials {
    /// Public.
    pub(super) access_key: String,
    pub(super) secret: Secret,
    /// Temporary credentials have one.
    pub(super) token: Option<Secret>,
}

impl Credentials {
    /// From texts, which become parts of headers: they must be what AWS makes.
    ///
    /// # Errors
    /// Which of them can't be one.
    pub(super) fn new(access_key: &str, secret: &Secret, token: Option<&Secret>) -> Result<Self, String> {
        let graphic = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        let access_key = access_key.trim();
        let in_keys = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !(1..=128).contains(&access_key.len()) || !access_key.chars().all(in_keys) {
            return Err("its access key id isn't one".to_owned());
        }
        if !graphic(secret.expose().trim()) {
            return Err("its secret access key isn't one".to_owned());
        }
        let token = token.map(|token| token.expose().trim()).filter(|token| !token.is_empty());
        if token.is_some_and(|token| !graphic(token)) {
            return Err("its session token isn't one".to_owned());
        }
        let owned = |text: &str| Secret::new(text.to_owned());
        let secret = owned(secret.expose().trim());
        Ok(Self { access_key: access_key.to_owned(), secret, token: token.map(owned) })
    }
}
