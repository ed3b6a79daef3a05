//! Getting what proves a join, before anything is sent.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::blocking::{self, Lane};
use crate::clock::Clock;
use crate::config::JoinConfig;
use crate::connect::{Connector, FetchRequest, error_message};
use crate::method::{Absent, IdTokenPlace, JoinMethod, Lookup, Proof, Service, Verb, required};
use crate::secret::Secret;

use super::azure;
use super::bound_keypair;
use super::command;
use super::error::JoinError;
use super::iam;
use super::token::{self, Token};

/// Longest token, proof or key in a file.
const LONGEST: u64 = 64 << 10;

/// All that a join takes.
#[derive(Debug)]
pub(super) struct AtHand<'a> {
    /// The secret, or the token resource's name.
    pub(super) token: Secret,
    /// What proves it.
    pub(super) evidence: Evidence<'a>,
}

/// What proves a join, ready to be used.
#[derive(Debug)]
pub(super) enum Evidence<'a> {
    /// The token is enough.
    Nothing,
    /// An ID token.
    IdToken(Secret),
    /// AWS credentials.
    Aws(iam::Prepared),
    /// Azure's metadata service, and a token of it.
    Azure(azure::Prepared<'a>),
    /// A bound key, or what makes one.
    BoundKey(bound_keypair::Configured),
}

impl Evidence<'_> {
    pub(super) const fn id_token(&self) -> Option<&Secret> {
        match self {
            Self::IdToken(token) => Some(token),
            Self::Nothing | Self::Aws(_) | Self::Azure(_) | Self::BoundKey(_) => None,
        }
    }

    /// What a server is shown of it and may repeat.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::IdToken(token) => vec![token],
            Self::Azure(prepared) => vec![prepared.access_token()],
            // Of AWS' a signature is shown, and what a bound key begins with is part of the request.
            Self::Nothing | Self::Aws(_) | Self::BoundKey(_) => Vec::new(),
        }
    }
}

/// Gets token and proof from where they are.
pub(super) async fn gather<'a>(
    connector: &'a Connector,
    join: &Arc<JoinConfig>,
    clock: &dyn Clock,
) -> Result<AtHand<'a>, JoinError> {
    let config = Arc::clone(join);
    // Files may lie on a disk that hangs.
    let found = blocking::run(Lane::Store, move || on_disk(&config, &of_process)).await;
    let (token, found) = found.map_err(|error| JoinError::Internal { reason: error.to_string() })??;
    if let Some(uri) = &token.uri {
        uri.check_address(connector)?;
    }
    let evidence = match found {
        Found::Nothing => Evidence::Nothing,
        Found::BoundKey(configured) => Evidence::BoundKey(configured),
        Found::Given => Evidence::IdToken(given(join)?),
        Found::Text(text) => Evidence::IdToken(text),
        Found::Service(service) => Evidence::IdToken(ask(connector, join.method, service).await?),
        Found::Command { words, limit } => Evidence::IdToken(printed(join.method, words, limit).await?),
        Found::Aws { fips } => Evidence::Aws(iam::prepare(connector, fips, &of_process, clock).await?),
        Found::Azure { client_id } => {
            Evidence::Azure(azure::prepare(connector, client_id.as_deref(), &of_process).await?)
        }
    };
    Ok(AtHand { token: token.text, evidence })
}

/// What the method says, and what of it could be read at once.
#[derive(Debug)]
enum Found {
    Nothing,
    Given,
    Text(Secret),
    Service(Service),
    Command { words: Vec<String>, limit: Duration },
    Aws { fips: bool },
    Azure { client_id: Option<String> },
    BoundKey(bound_keypair::Configured),
}

pub(super) fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn on_disk(join: &JoinConfig, lookup: Lookup<'_>) -> Result<(Token, Found), JoinError> {
    let token = token::read(&join.token)?.ok_or_else(|| token::missing(&join.token))?;
    let completed = token.uri.as_ref().map(|uri| uri.settings(join)).transpose()?.flatten();
    let settings = completed.as_ref().unwrap_or(&join.settings);
    let place = match join.method.spec().proof {
        Proof::Token => return Ok((token, Found::Nothing)),
        Proof::BoundKey => {
            // That a key never changes was decided by the configuration alone: then nothing is kept.
            let fixed = bound_keypair::is_static(&join.settings, lookup);
            let settings = if fixed { &join.settings } else { settings };
            return Ok((token, Found::BoundKey(bound_keypair::read(settings, lookup)?)));
        }
        Proof::Aws => return Ok((token, Found::Aws { fips: settings.flag("fips") })),
        Proof::Azure => {
            let client_id = settings.text("client_id").map(str::to_owned);
            return Ok((token, Found::Azure { client_id }));
        }
        Proof::IdToken(place) => place,
    };
    let missing = |absent| JoinError::missing(join.method, absent);
    let found = match place(settings, lookup).map_err(missing)? {
        IdTokenPlace::Given => Found::Given,
        IdTokenPlace::Variable(name) => Found::Text(required(lookup, &name).map_err(missing)?),
        IdTokenPlace::File(path) => Found::Text(file(&path).map_err(missing)?),
        IdTokenPlace::Service(service) => Found::Service(service),
        IdTokenPlace::Command { words, limit } => Found::Command { words, limit },
    };
    Ok((token, found))
}

/// What came with the request for a lease.
fn given(join: &JoinConfig) -> Result<Secret, JoinError> {
    let given = join.given.as_ref().map(Secret::duplicate);
    given.ok_or_else(|| {
        let (place, reason) = ("the request for a lease", "it brings none");
        JoinError::missing(join.method, Absent { place: place.to_owned(), reason: reason.to_owned() })
    })
}

fn file(path: &Path) -> Result<Secret, Absent> {
    let absent = |reason: String| Absent { place: format!("the file {}", path.display()), reason };
    match text(path) {
        Ok(text) if text.expose().is_empty() => Err(absent("it is empty".to_owned())),
        Ok(text) => Ok(text),
        Err(error) => Err(absent(error.to_string())),
    }
}

/// The text of a file with a token, a proof or a key, without surrounding white space.
pub(super) fn text(path: &Path) -> std::io::Result<Secret> {
    Ok(Secret::new(file_text(path, LONGEST)?.expose().trim().to_owned()))
}

/// A file's text, of at most `longest` bytes; blocks.
pub(super) fn file_text(path: &Path, longest: u64) -> std::io::Result<Secret> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(longest + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).map_or(true, |length| length > longest) {
        return Err(std::io::Error::other(format!("it exceeds {longest} bytes")));
    }
    Ok(Secret::new(std::mem::take(&mut *text)))
}

/// What a program prints.
async fn printed(method: JoinMethod, words: Vec<String>, limit: Duration) -> Result<Secret, JoinError> {
    let place = format!("the program {:?}", words.first().map_or("", String::as_str));
    let missing = |reason: String| JoinError::missing(method, Absent { place: place.clone(), reason });
    let bytes = command::run(words, limit).await.map_err(|reason| missing(format!("it {reason}")))?;
    match std::str::from_utf8(&bytes).map(str::trim) {
        Ok("") => Err(missing("it prints nothing".to_owned())),
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(missing("what it prints isn't text".to_owned())),
    }
}

async fn ask(connector: &Connector, method: JoinMethod, service: Service) -> Result<Secret, JoinError> {
    let missing = |reason: String| JoinError::missing(method, Absent { place: service.name.to_owned(), reason });
    let request = match service.verb {
        Verb::Get => FetchRequest::get(service.url),
        Verb::Post => FetchRequest::post(service.url, Vec::new()),
    };
    let with = |request: FetchRequest, (name, value): &(&'static str, Secret)| request.header(name, value.expose());
    let request = service.headers.iter().fold(request, with);
    let reply = connector.fetch(request).await.map_err(|error| JoinError::Service { method, error })?;
    if reply.status != 200 {
        let said = error_message(&reply.body);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let reason = format!("it answers with HTTP {}{said}", reply.status);
        let place = service.name.to_owned();
        return Err(JoinError::ProofMissing { method, place, reason, transient: reply.is_passing() });
    }
    let token = (service.read)(&reply.body).filter(|token| !token.expose().trim().is_empty());
    token.ok_or_else(|| missing("its answer holds no token".to_owned()))
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
