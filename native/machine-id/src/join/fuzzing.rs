//! Doors for the fuzzer to the readers of this room.

use std::time::SystemTime;

pub use super::azure::fuzz as azure_answers;
use super::bound_keypair::Init;
pub use super::bound_keypair::fuzz_join_state as join_state;
pub use super::iam::fuzz as iam_credentials;
use super::request::JoinRequest;
use super::way;
use crate::connect::HttpReply;
use crate::identity::KeyPair;
use crate::method::JoinMethod;
use crate::secret::Secret;
use crate::version::Version;

/// The answer to a join: the first byte chooses the status.
pub fn join_reply(bytes: &[u8], key: &KeyPair) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let status = [200, 200, 200, 400, 403, 429, 500].get(usize::from(*kind) % 7).copied().unwrap_or(200);
    let token = Secret::new("0123456789abcdef".to_owned());
    let version = Version::default();
    let request = JoinRequest {
        method: JoinMethod::Token,
        token: &token,
        id_token: None,
        secrets: Vec::new(),
        bound: &Init::default(),
        key,
        expires: SystemTime::UNIX_EPOCH,
        version: &version,
    };
    drop(way::read_https(&HttpReply { status, body: body.to_vec(), date: None }, &request));
}
