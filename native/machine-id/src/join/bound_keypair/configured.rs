//! What is configured about a bound key: settings go before variables.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::BoundKeypairError;
use crate::identity::KeyPair;
use crate::join::proof;
use crate::method::{Lookup, Settings, looked_up};
use crate::secret::Secret;

const SECRET_VARIABLE: &str = "TBOT_REGISTRATION_SECRET";
/// Base64 of the PEM.
const STATIC_KEY_VARIABLE: &str = "TBOT_BOUND_KEYPAIR_STATIC_KEY";

/// What is configured.
#[derive(Debug)]
pub(in crate::join) enum Configured {
    /// A key that is kept in the store, and the secret that registers it.
    Kept(Option<Secret>),
    /// A key that never changes.
    Static(Arc<KeyPair>),
}

/// Whether the key never changes, so that nothing needs to be kept.
pub(in crate::join) fn is_static(settings: &Settings, lookup: Lookup<'_>) -> bool {
    settings.has("static_key_path")
        || settings.has("static_key")
        || settings.is_empty() && looked_up(lookup, STATIC_KEY_VARIABLE).is_some()
}

/// Reads secret and static key; blocks.
pub(in crate::join) fn read(settings: &Settings, lookup: Lookup<'_>) -> Result<Configured, BoundKeypairError> {
    if is_static(settings, lookup) {
        return static_key(settings, lookup).map(|key| Configured::Static(Arc::new(key)));
    }
    let given = settings.secret("registration_secret").map(Secret::duplicate);
    let secret = match settings.path("registration_secret_path") {
        Some(path) => Some(file("the registration secret", path)?),
        None => given.or_else(|| looked_up(lookup, SECRET_VARIABLE)),
    };
    Ok(Configured::Kept(secret))
}

fn static_key(settings: &Settings, lookup: Lookup<'_>) -> Result<KeyPair, BoundKeypairError> {
    let (place, pem) = if let Some(pem) = settings.secret("static_key") {
        ("in the configuration".to_owned(), pem.duplicate())
    } else if let Some(path) = settings.path("static_key_path") {
        (path.display().to_string(), file("the static key", path)?)
    } else {
        let place = format!("in the environment variable {STATIC_KEY_VARIABLE}");
        let pem = looked_up(lookup, STATIC_KEY_VARIABLE).and_then(|encoded| decoded(&encoded));
        let pem = pem.ok_or_else(|| no_key(&place, "it isn't base64 of a PEM"))?;
        (place, pem)
    };
    KeyPair::from_pem(pem.expose()).map_err(|error| no_key(&place, &error.to_string()))
}

fn decoded(encoded: &Secret) -> Option<Secret> {
    let pem = Zeroizing::new(STANDARD.decode(encoded.expose()).ok()?);
    std::str::from_utf8(&pem).ok().map(|pem| Secret::new(pem.to_owned()))
}

fn file(what: &'static str, path: &Path) -> Result<Secret, BoundKeypairError> {
    let place = path.display().to_string();
    match proof::text(path) {
        Ok(text) if text.expose().is_empty() => Err(unreadable(what, place, "it is empty".to_owned())),
        Ok(text) => Ok(text),
        Err(error) => Err(unreadable(what, place, error.to_string())),
    }
}

fn no_key(place: &str, reason: &str) -> BoundKeypairError {
    BoundKeypairError::NoKey { place: place.to_owned(), reason: reason.to_owned() }
}

fn unreadable(what: &'static str, place: String, reason: String) -> BoundKeypairError {
    BoundKeypairError::Unreadable { what, place, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{JoinMethod, Value};

    const PEM: &str = include_str!("../../../../../tests/fixtures/teleport-15/keys/ed25519.key");

    fn with(name: &str, value: Value) -> Settings {
        let mut settings = Settings::default();
        let known = JoinMethod::BoundKeypair.spec().settings;
        settings.set(known.iter().find(|setting| setting.name == name).unwrap(), value);
        settings
    }

    fn variables(name: &str) -> Option<String> {
        match name {
            SECRET_VARIABLE => Some(" from-variable\n".to_owned()),
            STATIC_KEY_VARIABLE => Some(STANDARD.encode(PEM)),
            _ => None,
        }
    }

    fn secret(settings: &Settings, lookup: Lookup<'_>) -> Option<String> {
        match read(settings, lookup).unwrap() {
            Configured::Kept(secret) => secret.map(|secret| secret.expose().to_owned()),
            Configured::Static(_) => panic!("a static key"),
        }
    }

    #[test]
    fn settings_go_before_variables() {
        let none: Lookup<'_> = &|_| None;
        let secret_only: Lookup<'_> = &|name| variables(name).filter(|_| name == SECRET_VARIABLE);
        assert_eq!(secret(&Settings::default(), none), None);
        assert_eq!(secret(&Settings::default(), secret_only).as_deref(), Some("from-variable"));
        let set = with("registration_secret", Value::Secret(Secret::new("set".to_owned())));
        assert_eq!(secret(&set, &variables).as_deref(), Some("set"));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/src/join/bound_keypair/golden/rsa.jws"), &path).unwrap();
        assert!(secret(&with("registration_secret_path", Value::Path(path)), none).unwrap().starts_with("ey"));
    }

    #[test]
    fn a_static_key_is_read_from_setting_file_or_variable() {
        assert!(matches!(read(&Settings::default(), &variables).unwrap(), Configured::Static(_)));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/teleport-15/keys/rsa.key");
        let set = with("static_key_path", Value::Path(path.into()));
        assert!(is_static(&set, &|_| None));
        assert!(matches!(read(&set, &|_| None).unwrap(), Configured::Static(_)));
        let set = with("static_key", Value::Secret(Secret::new(PEM.to_owned())));
        assert!(is_static(&set, &|_| None));
        match read(&set, &variables).unwrap() {
            Configured::Static(key) => {
                assert_eq!(key.ssh_public_line(), KeyPair::from_pem(PEM).unwrap().ssh_public_line())
            }
            Configured::Kept(_) => panic!("no static key"),
        }
    }

    #[test]
    fn what_is_missing_or_none_is_named_and_not_shown() {
        let gone = with("registration_secret_path", Value::Path("/nonexistent/secret".into()));
        let error = read(&gone, &|_| None).unwrap_err().to_string();
        assert!(error.starts_with("the registration secret can't be used (/nonexistent/secret): "), "{error}");
        let junk: Lookup<'_> = &|name| (name == STATIC_KEY_VARIABLE).then(|| "hunter2!".to_owned());
        let error = read(&Settings::default(), junk).unwrap_err().to_string();
        assert!(error.contains(STATIC_KEY_VARIABLE) && !error.contains("hunter2"), "{error}");
        for junk in ["hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"] {
            let set = with("static_key", Value::Secret(Secret::new(junk.to_owned())));
            let error = read(&set, &|_| None).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(error.to_string().starts_with("the static key in the configuration can't be used: "), "{text}");
            assert!(!text.contains("hunter2") && !format!("{set:?}").contains("hunter2"), "{text}");
        }
    }
}
