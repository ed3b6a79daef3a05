//! Method `token`: the secret itself is the proof; also the token's name of every other method.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::config::{AddressKind, JoinConfig, TokenSource, parse_address, uri_setting};
use crate::connect::Connector;
use crate::method::{JoinUri, Settings};
use crate::secret::Secret;

use super::error::JoinError;
use super::proof;

/// A token that was found.
#[derive(Debug)]
pub(super) struct Token {
    /// The secret, or the token resource's name.
    pub(super) text: Secret,
    /// The joining URI of a token's file, where it holds one.
    pub(super) uri: Option<UriInFile>,
}

/// A joining URI in a file: it has to fit what is configured.
#[derive(Debug)]
pub(super) struct UriInFile {
    path: PathBuf,
    uri: JoinUri,
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
        Some(Ok(uri)) => {
            Ok(Some(Token { text: uri.token.duplicate(), uri: Some(UriInFile { path: path.clone(), uri }) }))
        }
        Some(Err(fault)) => Err(unreadable(format!("what it holds {fault}"))),
    }
}

fn plain(text: Secret) -> Option<Token> {
    Some(Token { text, uri: None }).filter(|token| !token.text.expose().is_empty())
}

impl UriInFile {
    /// The configured settings, and what the URI says beside them; its method has to be the configured one.
    pub(super) fn settings(&self, join: &JoinConfig) -> Result<Option<Settings>, JoinError> {
        if self.uri.method != join.method {
            let (theirs, ours) = (self.uri.method.as_str(), join.method.as_str());
            return Err(self.unfit(format!("it holds a joining URI for method {theirs}, and {ours} is configured")));
        }
        let said = uri_setting(&self.uri, &join.settings);
        let said = said.map_err(|message| self.unfit(format!("it holds a joining URI {message}")))?;
        Ok(said.map(|(setting, value)| join.settings.with(setting, value)))
    }

    /// Whether the URI is for the configured cluster.
    pub(super) fn check_address(&self, connector: &Connector) -> Result<(), JoinError> {
        let kind = if self.uri.auth { AddressKind::AuthOrProxy } else { AddressKind::Proxy };
        match parse_address(&self.uri.address, kind.default_port()) {
            Err(message) => Err(self.unfit(format!("it holds a joining URI whose address {message}"))),
            Ok((host, port)) if connector.is_for(kind, &host, port) => Ok(()),
            Ok((host, port)) => Err(self.unfit(format!("it holds a joining URI of another cluster, at {host}:{port}"))),
        }
    }

    fn unfit(&self, reason: String) -> JoinError {
        JoinError::TokenUnfit { path: self.path.clone(), reason }
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
