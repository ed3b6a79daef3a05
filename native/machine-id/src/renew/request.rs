//! The renewal itself: one `GenerateUserCerts`, sent at most once (protocol E).

use std::time::{Duration, SystemTime};

use teleport_api::auth::UserCertsRequest;

use crate::clock::Clock;
use crate::connect::{AuthClient, ConnectError, Refusal, SetUpError, TransportError, words};
use crate::error::{Code, Fault, Retry};
use crate::identity::{BotIdentity, Certificates, KeyPair};
use crate::version::Version;

const CALL: &str = "the renewal";

/// What a renewal brings.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// Certificates of the next generation, for the same key.
    pub certificates: Certificates,
}

/// A failed renewal, by what it means for the identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RenewError {
    /// The request surely never reached the server: the same identity may be presented again.
    #[error("the renewal was not sent: {0}")]
    NotSent(#[source] ConnectError),
    /// The server may have advanced the generation: the same identity must never be presented again.
    #[error("the renewal has an unknown outcome: {0}")]
    Unknown(#[source] ConnectError),
    /// The server answered that it did nothing.
    #[error("the renewal was refused: {0}")]
    Refused(#[source] ConnectError),
}

impl Fault for RenewError {
    fn code(&self) -> Code {
        match self {
            Self::NotSent(error) | Self::Refused(error) => error.code(),
            Self::Unknown(_) => Code::IdentityNeedsRejoin,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NotSent(error) | Self::Refused(error) => error.hint(),
            Self::Unknown(_) => {
                "the identity serves until it expires; configure a fresh token before, since a second renewal would \
                 lock the bot"
                    .to_owned()
            }
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::NotSent(error) | Self::Refused(error) => error.retry(),
            Self::Unknown(_) => Retry::No,
        }
    }
}

/// A renewal that only has to be sent: all that can fail before has not failed.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    client: &'a AuthClient,
    key: &'a KeyPair,
    user: String,
    version: Version,
    request: UserCertsRequest,
}

/// Prepares the renewal of `identity`, for the same key, over `client`, a connection that presents it. A ping shows
/// that the connection works and that the identity isn't locked; nothing that counts is sent.
///
/// # Errors
/// [`RenewError::NotSent`].
pub(crate) async fn prepare<'a>(
    client: &'a AuthClient,
    identity: &'a BotIdentity,
    lifetime: Duration,
    clock: &dyn Clock,
) -> Result<Prepared<'a>, RenewError> {
    let unusable = |reason: String| RenewError::NotSent(ConnectError::SetUp(SetUpError::CredentialUnusable { reason }));
    let facts = identity.facts().map_err(|error| unusable(error.to_string()))?;
    if !facts.renewable {
        return Err(unusable("its certificate has no renewable flag".to_owned()));
    }
    let version = client.ping().await.map_err(RenewError::NotSent)?.server_version;
    let request = request(&facts.user, &identity.key, &version, clock.now() + lifetime);
    Ok(Prepared { client, key: &identity.key, user: facts.user, version, request })
}

impl Prepared<'_> {
    /// Sends it, once. The intent must be on disk before.
    ///
    /// # Errors
    /// By what the caller may do next: see [`RenewError`].
    pub(crate) async fn send(self, clock: &dyn Clock) -> Result<Renewed, RenewError> {
        let issued = match self.client.user_certs(self.request).await {
            Ok(issued) => issued,
            Err(error) if nothing_was_done(&error, &self.version) => return Err(RenewError::Refused(error)),
            Err(error) => return Err(RenewError::Unknown(error)),
        };
        let unusable = |reason: String| {
            RenewError::Unknown(ConnectError::Transport(TransportError::BadReply { call: CALL, reason }))
        };
        let certificates = Certificates::new(&issued.ssh, &issued.tls).map_err(|error| unusable(error.to_string()))?;
        certificates.check(self.key, clock.now()).map_err(|error| unusable(error.to_string()))?;
        let issued_to = certificates.tls_facts().map_err(|error| unusable(error.to_string()))?.user.clone();
        if issued_to != self.user {
            return Err(unusable(format!("the certificate is for {issued_to:?}, not for {:?}", self.user)));
        }
        Ok(Renewed { certificates })
    }
}

/// Whether a refusal surely comes from before the generation was advanced.
///
/// Up to version 15 the server advances it and then makes the certificates, and that second half checks locks and
/// policies again. So only what is checked before the call is even handled counts: the bare denial of a locked
/// identity, the rate limit, an end of validity in the past, an unknown method, and the failed comparison of the
/// counter itself.
fn nothing_was_done(error: &ConnectError, version: &Version) -> bool {
    match error {
        ConnectError::Refused(Refusal::Locked { message }) => !words::locked(message),
        ConnectError::Refused(Refusal::RateLimited { message, .. }) => words::about_a_rate(message),
        ConnectError::Refused(Refusal::Conflict { .. }) => version.counts_generations_once(),
        ConnectError::Refused(
            Refusal::ClockSkew { .. } | Refusal::Unsupported { .. } | Refusal::GenerationMismatch { .. },
        ) => true,
        _ => false,
    }
}

/// No roles, and no role impersonation: that is what makes it a renewal.
fn request(user: &str, key: &KeyPair, version: &Version, expires: SystemTime) -> UserCertsRequest {
    let mut request = UserCertsRequest {
        username: user.to_owned(),
        expires: Some(expires.into()),
        format: "standard".to_owned(),
        use_role_requests: false,
        ..UserCertsRequest::default()
    };
    let line = format!("{}\n", key.ssh_public_line()).into_bytes();
    if version.takes_separate_keys() {
        request.ssh_public_key = line;
        request.tls_public_key = key.public_pem().as_bytes().to_vec();
    } else {
        request.public_key = line;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn the_request_is_the_recorded_one_but_for_its_time() {
        let recorded = include_bytes!("../../../../tests/fixtures/teleport-15/grpc/renew.request.pb");
        let recorded = UserCertsRequest::decode(recorded.as_slice()).unwrap();
        let key = KeyPair::from_pem(include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key")).unwrap();
        let expires = SystemTime::try_from(recorded.expires.unwrap()).unwrap();
        let mut ours = request("bot-fx1", &key, &Version::parse("15"), expires);
        assert_eq!(ours.public_key.trim_ascii(), recorded.public_key.trim_ascii());
        ours.public_key.clone_from(&recorded.public_key);
        // A Go client always writes these, empty as they are.
        ours.route_to_app = Some(teleport_api::auth::RouteToApp::default());
        ours.route_to_database = Some(teleport_api::auth::RouteToDatabase::default());
        assert_eq!(ours, recorded);
    }

    #[test]
    fn only_refusals_from_before_the_counter_leave_the_identity_as_it_was() {
        let (old, new, unknown) = (Version::parse("15.5.4"), Version::parse("16.0.0"), Version::default());
        let message = |text: &str| text.to_owned();
        let bare = ConnectError::Refused(Refusal::Locked { message: message("even a ping is denied") });
        let late =
            ConnectError::Refused(Refusal::Locked { message: message("lock targeting User:\"bot-x\" is in force") });
        assert!(nothing_was_done(&bare, &old) && !nothing_was_done(&late, &old));
        let limited = ConnectError::Refused(Refusal::RateLimited {
            message: message("max rate reached: retry-in 1s"),
            retry_in: None,
        });
        let too_large =
            ConnectError::Refused(Refusal::RateLimited { message: message("message larger than max"), retry_in: None });
        assert!(nothing_was_done(&limited, &old) && !nothing_was_done(&too_large, &old));
        let conflict =
            ConnectError::Refused(Refusal::Conflict { message: message("Database comparison failed, try again") });
        assert!(
            nothing_was_done(&conflict, &old)
                && !nothing_was_done(&conflict, &new)
                && !nothing_was_done(&conflict, &unknown)
        );
        let refused =
            ConnectError::Refused(Refusal::Other { call: CALL, message: message("private key policy not met") });
        assert!(!nothing_was_done(&refused, &old));
        let cut = ConnectError::Transport(TransportError::Cut {
            address: message("a:1"),
            step: "gRPC",
            reason: message("closed"),
        });
        assert!(!nothing_was_done(&cut, &old));
    }

    #[test]
    fn from_17_on_both_keys_are_sent_apart() {
        let key = KeyPair::from_pem(include_str!("../../../../tests/fixtures/teleport-15/keys/ecdsa.key")).unwrap();
        let ours = request("bot-x", &key, &Version::parse("17"), SystemTime::UNIX_EPOCH);
        assert!(ours.public_key.is_empty());
        assert!(ours.ssh_public_key.starts_with(b"ecdsa-sha2-nistp256 "));
        assert!(ours.tls_public_key.starts_with(b"-----BEGIN PUBLIC KEY-----"));
    }
}
