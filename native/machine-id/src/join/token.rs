//! Method `token`: the secret itself is the proof; also the token's name of every other method.

use std::io::ErrorKind;

use crate::config::{AddressKind, TokenSource, parse_address};
use crate::connect::Connector;
use crate::method::{JoinMethod, JoinUri};
use crate::secret::Secret;

use super::error::JoinError;
use super::proof;

/// A token that was found.
#[derive(Debug)]
pub(super) struct Token {
    /// The secret, or the token resource's name.
    pub(super) text: Secret,
    /// What a joining URI in a token's file says beside it.
    pub(super) uri: Option<JoinUri>,
}

/// The configured token; `None` when there is none (any more). A file may hold a joining URI; one in the configuration
/// was taken apart when that was read.
pub(super) fn read(source: &TokenSource) -> Result<Option<Token>, JoinError> {
    let path = match source {
        TokenSource::Absent | TokenSource::Used => return Ok(None),
        TokenSource::Value(token) => return Ok(plain(Secret::new(token.expose().trim().to_owned()))),
        TokenSource::File(path) => path,
    };
    let unreadable = |reason: String| JoinError::TokenUnreadable { path: path.clone(), reason };
    let text = match proof::text(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| unreadable(error.to_string()))?,
    };
    match JoinUri::read(text.expose()) {
        None => Ok(plain(text)),
        Some(Ok(uri)) => Ok(Some(Token { text: uri.token.duplicate(), uri: Some(uri) })),
        Some(Err(fault)) => Err(unreadable(format!("what it holds {fault}"))),
    }
}

fn plain(text: Secret) -> Option<Token> {
    Some(Token { text, uri: None }).filter(|token| !token.text.expose().is_empty())
}

/// Whether a joining URI from the file `source` fits what is configured: the method, and the cluster's address.
pub(super) fn check(
    uri: &JoinUri,
    source: &TokenSource,
    method: JoinMethod,
    connector: &Connector,
) -> Result<(), JoinError> {
    let TokenSource::File(path) = source else { return Ok(()) };
    let unfit = |reason: String| Err(JoinError::TokenUnreadable { path: path.clone(), reason });
    if uri.method != method {
        return unfit(format!(
            "it holds a joining URI for method {}, and {} is configured",
            uri.method.as_str(),
            method.as_str()
        ));
    }
    let kind = if uri.auth { AddressKind::AuthOrProxy } else { AddressKind::Proxy };
    match parse_address(&uri.address, kind.default_port()) {
        Err(message) => unfit(format!("it holds a joining URI whose address {message}")),
        Ok((host, port)) if connector.is_for(kind, &host, port) => Ok(()),
        Ok((host, port)) => unfit(format!("it holds a joining URI of another cluster, at {host}:{port}")),
    }
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
