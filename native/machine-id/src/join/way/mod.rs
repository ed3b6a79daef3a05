//! The ways in which a join travels, one file each, and which of them are tried.

mod https;
mod legacy;
mod v1;

use std::time::SystemTime;

use crate::clock::Clock;
use crate::connect::{IssuedCerts, JoinDoor};
use crate::method::Legacy;
use crate::version::Version;

use super::challenge::Prover;
use super::error::JoinError;
use super::request::JoinRequest;

#[cfg(any(test, feature = "fuzzing"))]
pub(super) use https::read as read_https;

/// A way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A JSON body over HTTPS: to the proxy's web API, or to an old auth server's REST.
    Https,
    /// gRPC `proto.JoinService`: a single call, or a stream for methods with a challenge.
    Legacy,
    /// gRPC `teleport.join.v1`.
    V1,
}

/// Who takes the join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The proxy, at its web port.
    Proxy,
    /// The auth server.
    Auth,
}

/// The ways to try, in this order. A later one is tried only where the one before has surely done nothing.
///
/// `teleport.join.v1` is there from 18.2 on, and its messages are stable from about 18.8 on; before that the old ways go
/// first. At an auth server a join in one request is REST up to 17 and gRPC from 17 on. A server whose version isn't
/// known answers an unknown way without having done anything.
pub(super) fn ways(at: At, version: &Version, legacy: Legacy) -> Vec<Way> {
    let old: &[Way] = match (legacy, at, version.joins_over_grpc(), version.joins_over_rest()) {
        (Legacy::None, ..) => &[],
        (Legacy::Stream, ..) => &[Way::Legacy],
        (Legacy::Request, At::Proxy, ..) | (Legacy::Request, At::Auth, false, _) => &[Way::Https],
        (Legacy::Request, At::Auth, true, true) => &[Way::Legacy, Way::Https],
        (Legacy::Request, At::Auth, true, false) => &[Way::Legacy],
    };
    let new: &[Way] = if version.has_join_v1() { &[Way::V1] } else { &[] };
    if version.prefers_join_v1() { [new, old].concat() } else { [old, new].concat() }
}

/// What a join brought.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Certificates and CAs.
    pub(super) certs: IssuedCerts,
    /// The server's time, where the way tells it.
    pub(super) date: Option<SystemTime>,
    /// What a bound key has to keep.
    pub(super) bound: Option<Bound>,
}

/// What comes with the certificates of a bound key.
#[derive(Debug)]
pub(super) struct Bound {
    /// The join state, to be shown at the next join.
    pub(super) join_state: Vec<u8>,
    /// The key that the cluster knows from now on, as an authorized_keys line.
    pub(super) public_key: String,
}

/// Why a way brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server doesn't have this way, or it surely did nothing: another one may be tried.
    NotTaken(JoinError),
    /// The server's answer, or an outcome that isn't known.
    Final(JoinError),
}

/// Joins by the first way that the server takes.
pub(super) async fn send(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
    prover: &mut Prover<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, JoinError> {
    let at = if door.is_proxy() { At::Proxy } else { At::Auth };
    let mut refused: Option<JoinError> = None;
    for way in ways(at, door.server_version(), request.method.spec().legacy) {
        let outcome = match way {
            Way::Https => https::send(door, request).await,
            Way::Legacy => legacy::send(door, request, prover, clock).await,
            Way::V1 => v1::send(door, request, prover, clock).await,
        };
        match outcome {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::NotTaken(error)) => {
                tracing::debug!(?way, "the join isn't taken this way: {error}");
                // The first reason is that of the way which should have worked.
                refused.get_or_insert(error);
            }
        }
    }
    Err(refused.unwrap_or_else(|| JoinError::too_old(request.method, door.server_version())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_joined_by_what_it_knows() {
        use Way::{Https, Legacy as Old, V1};
        let table: &[(&str, At, [&[Way]; 3])] = &[
            // Version, who takes it; a method in one request, one with a challenge, one of the new service alone.
            ("9.3.26", At::Proxy, [&[Https], &[Old], &[]]),
            ("9.3.26", At::Auth, [&[Https], &[Old], &[]]),
            ("10.3.16", At::Auth, [&[Https], &[Old], &[]]),
            ("12.4.11", At::Proxy, [&[Https], &[Old], &[]]),
            ("15.0.0-dev", At::Auth, [&[Https], &[Old], &[]]),
            ("16.4.0", At::Auth, [&[Https], &[Old], &[]]),
            ("16.4.0", At::Proxy, [&[Https], &[Old], &[]]),
            ("17.2.1", At::Auth, [&[Old, Https], &[Old], &[]]),
            ("17.7.3", At::Proxy, [&[Https], &[Old], &[]]),
            ("18.0.0-dev", At::Auth, [&[Old], &[Old], &[]]),
            ("18.1.5", At::Proxy, [&[Https], &[Old], &[]]),
            ("18.2.0", At::Proxy, [&[Https, V1], &[Old, V1], &[V1]]),
            ("18.7.9", At::Auth, [&[Old, V1], &[Old, V1], &[V1]]),
            ("18.8.0", At::Proxy, [&[V1, Https], &[V1, Old], &[V1]]),
            ("18.8.0", At::Auth, [&[V1, Old], &[V1, Old], &[V1]]),
            ("19.1.0", At::Proxy, [&[V1, Https], &[V1, Old], &[V1]]),
            ("20.0.0", At::Auth, [&[V1, Old], &[V1, Old], &[V1]]),
            ("unknown", At::Auth, [&[Old, Https, V1], &[Old, V1], &[V1]]),
            ("unknown", At::Proxy, [&[Https, V1], &[Old, V1], &[V1]]),
        ];
        for (version, at, expected) in table {
            let version = Version::parse(version);
            for (legacy, expected) in [Legacy::Request, Legacy::Stream, Legacy::None].into_iter().zip(expected) {
                assert_eq!(ways(*at, &version, legacy), *expected, "{version} {at:?} {legacy:?}");
            }
        }
    }
}
