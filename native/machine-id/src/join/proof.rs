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
use crate::method::{Absent, IdTokenPlace, JoinMethod, Lookup, Proof, Service, Verb};
use crate::secret::Secret;

use super::azure;
use super::bound_keypair;
use super::command;
use super::error::JoinError;
use super::iam::{self, Iam, IamSettings};
use super::token::{self, Token};

/// Longest token or proof.
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
}

/// Gets token and proof from where they are.
pub(super) async fn gather<'a>(
    connector: &'a Connector,
    join: &Arc<JoinConfig>,
    clock: &dyn Clock,
) -> Result<AtHand<'a>, JoinError> {
    let given = Arc::clone(join);
    // Files may lie on a disk that hangs.
    let found = blocking::run(Lane::Store, move || on_disk(&given, &of_process)).await;
    let (token, found) = found.map_err(|error| JoinError::Internal { reason: error.to_string() })??;
    if let Some(uri) = &token.uri {
        token::check(uri, &join.token, join.method, connector)?;
    }
    let evidence = match found {
        Found::Nothing => Evidence::Nothing,
        Found::BoundKey(configured) => Evidence::BoundKey(configured),
        Found::Text(text) => Evidence::IdToken(text),
        Found::Service(service) => Evidence::IdToken(ask(connector, join.method, service).await?),
        Found::Command { words, limit } => Evidence::IdToken(printed(join.method, words, limit).await?),
        Found::Aws { fips } => Evidence::Aws(Iam::prepare(connector, IamSettings { fips }, &of_process, clock).await?),
        Found::Azure => {
            let client_id = join.settings.text("client_id");
            Evidence::Azure(azure::prepare(connector, client_id, &of_process).await?)
        }
    };
    Ok(AtHand { token: token.text, evidence })
}

/// What the method says, and what of it could be read at once.
#[derive(Debug)]
enum Found {
    Nothing,
    Text(Secret),
    Service(Service),
    Command { words: Vec<String>, limit: Duration },
    Aws { fips: bool },
    Azure,
    BoundKey(bound_keypair::Configured),
}

pub(super) fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn on_disk(join: &JoinConfig, lookup: Lookup<'_>) -> Result<(Token, Found), JoinError> {
    let token = token::read(&join.token)?.ok_or_else(|| token::missing(&join.token))?;
    let place = match join.method.spec().proof {
        Proof::Token => return Ok((token, Found::Nothing)),
        Proof::BoundKey => {
            let secret = token.uri.as_ref().and_then(|uri| uri.parameter.as_ref());
            let configured = bound_keypair::read(&join.settings, lookup)?.registered_by(secret);
            return Ok((token, Found::BoundKey(configured)));
        }
        Proof::Aws => return Ok((token, Found::Aws { fips: join.settings.flag("fips") })),
        Proof::Azure => return Ok((token, Found::Azure)),
        Proof::IdToken(place) => place,
    };
    let missing = |absent| JoinError::missing(join.method, absent);
    let found = match place(&join.settings, lookup).map_err(missing)? {
        IdTokenPlace::Variable(name) => Found::Text(variable(&name, lookup).map_err(missing)?),
        IdTokenPlace::File(path) => Found::Text(file(&path).map_err(missing)?),
        IdTokenPlace::Service(service) => Found::Service(service),
        IdTokenPlace::Command { words, limit } => Found::Command { words, limit },
    };
    Ok((token, found))
}

fn variable(name: &str, lookup: Lookup<'_>) -> Result<Secret, Absent> {
    let value = Zeroizing::new(lookup(name).unwrap_or_default());
    match value.trim() {
        "" => Err(Absent { place: format!("the environment variable {name}"), reason: "it isn't set".to_owned() }),
        text => Ok(Secret::new(text.to_owned())),
    }
}

fn file(path: &Path) -> Result<Secret, Absent> {
    let absent = |reason: String| Absent { place: format!("the file {}", path.display()), reason };
    match text(path) {
        Ok(text) if text.expose().is_empty() => Err(absent("it is empty".to_owned())),
        Ok(text) => Ok(text),
        Err(error) => Err(absent(error.to_string())),
    }
}

/// A file's text without surrounding white space.
pub(super) fn text(path: &Path) -> std::io::Result<Secret> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(Secret::new(text.trim().to_owned()))
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
        return Err(missing(format!("it answers with HTTP {}{said}", reply.status)));
    }
    (service.read)(&reply.body).ok_or_else(|| missing("its answer holds no token".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Fault};

    #[test]
    fn an_id_token_is_trimmed_and_an_empty_or_missing_one_is_named() {
        let set = |asked: &str| (asked == "JWT").then(|| " proof\n".to_owned());
        assert_eq!(variable("JWT", &set).unwrap().expose(), "proof");
        assert_eq!(variable("OTHER", &set).unwrap_err().place, "the environment variable OTHER");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), &path).unwrap();
        let found = file(&path).unwrap();
        assert!(found.expose().starts_with("[package]") && !found.expose().ends_with('\n'));
        assert_eq!(file(Path::new("/dev/null")).unwrap_err().reason, "it is empty");
        let absent = file(Path::new("/nonexistent/token")).unwrap_err();
        let error = JoinError::missing(JoinMethod::Kubernetes, absent);
        assert_eq!(error.code(), Code::JoinProofMissing);
        assert!(error.to_string().contains("/nonexistent/token"), "{error}");
    }
}
