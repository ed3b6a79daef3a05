//! Method `token`: the secret itself is the proof; also the token's name of every other method.

use std::io::ErrorKind;

use crate::config::TokenSource;
use crate::secret::Secret;

use super::error::JoinError;
use super::proof;

/// The configured token; `None` when there is none (any more).
pub(super) fn read(source: &TokenSource) -> Result<Option<Secret>, JoinError> {
    match source {
        TokenSource::Absent | TokenSource::Used => Ok(None),
        TokenSource::Value(token) => Ok(Some(Secret::new(token.expose().trim().to_owned())).filter(is_there)),
        TokenSource::File(path) => match proof::text(path) {
            Ok(token) => Ok(Some(token).filter(is_there)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JoinError::TokenUnreadable { path: path.clone(), reason: error.to_string() }),
        },
    }
}

fn is_there(token: &Secret) -> bool {
    !token.expose().is_empty()
}

/// The error for a token that is needed and not there.
pub(super) fn missing(source: &TokenSource) -> JoinError {
    match source {
        TokenSource::File(path) => {
            JoinError::TokenUnreadable { path: path.clone(), reason: "it is missing or empty".to_owned() }
        }
        TokenSource::Used => JoinError::TokenUsed,
        TokenSource::Value(_) | TokenSource::Absent => JoinError::TokenMissing,
    }
}
