//! Recorded replies of a real cluster, for tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Authorities, Authority, AuthorityKind, BotIdentity, Certificates, KeyPair, KeySet, Rotation, token_hash};
use crate::secret::Secret;

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/teleport-15").join(name)
}

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// A time at which every recorded certificate is valid.
pub(crate) fn now() -> SystemTime {
    humantime::parse_rfc3339("2026-11-21T08:45:00Z").unwrap()
}

/// The parts of a recorded join reply.
pub(crate) struct JoinReply {
    pub(crate) certificates: Certificates,
    pub(crate) tls_cas: Vec<String>,
    pub(crate) ssh_cas: Vec<String>,
}

pub(crate) fn join_reply(name: &str) -> JoinReply {
    let text = read(&format!("http/{name}.response.txt"));
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(&unchunked(body)).unwrap();
    let decode =
        |value: &serde_json::Value| String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap();
    let list = |name: &str| body[name].as_array().unwrap().iter().map(decode).collect();
    JoinReply {
        certificates: Certificates::new(&decode(&body["ssh"]), &decode(&body["tls"])).unwrap(),
        tls_cas: list("tls_ca_certs"),
        ssh_cas: list("ssh_ca_certs"),
    }
}

/// The certificates of a recorded gRPC reply.
pub(crate) fn grpc_reply(name: &str) -> Certificates {
    let body: serde_json::Value = serde_json::from_str(&read(&format!("grpc/{name}.response.json"))).unwrap();
    let decode = |name: &str| String::from_utf8(STANDARD.decode(body[name].as_str().unwrap()).unwrap()).unwrap();
    Certificates::new(&decode("SSH"), &decode("TLS")).unwrap()
}

/// The key and certificates in a recorded directory of tbot.
pub(crate) fn tbot_directory(name: &str) -> (Arc<KeyPair>, Certificates) {
    let key = KeyPair::from_pem(&read(&format!("tbot/{name}/key"))).unwrap();
    let certificates =
        Certificates::new(&read(&format!("tbot/{name}/key-cert.pub")), &read(&format!("tbot/{name}/tlscert"))).unwrap();
    (Arc::new(key), certificates)
}

/// The recorded cluster's authorities, from the files that tbot wrote.
pub(crate) fn authorities() -> Authorities {
    let known_hosts = read("tbot/identity/known_hosts");
    let host_key = known_hosts.split(' ').skip(2).take(2).collect::<Vec<_>>().join(" ");
    let authority = |kind, ssh: Vec<String>, file: &str| {
        let active = KeySet { ssh, tls: vec![read(&format!("tbot/identity/{file}"))] };
        Authority::from_parts(kind, "example.test", &active, &KeySet::default(), Rotation::default()).unwrap()
    };
    let user_key = read("tbot/storage/sshcacerts").lines().next().unwrap().to_owned();
    Authorities {
        host: vec![authority(AuthorityKind::Host, vec![host_key], "teleport-host-ca.crt")],
        user: authority(AuthorityKind::User, vec![user_key], "teleport-user-ca.crt"),
        database: Some(authority(AuthorityKind::Database, Vec::new(), "teleport-database-ca.crt")),
    }
}

/// A bot's identity with a recorded key.
pub(crate) fn identity(key: &str, certificates: Certificates) -> BotIdentity {
    BotIdentity {
        key: Arc::new(KeyPair::from_pem(&read(&format!("keys/{key}.key"))).unwrap()),
        certificates,
        authorities: authorities(),
        token_hash: Some(token_hash(&Secret::new("626f774b728356775df26c56b5c58bb9".to_owned()))),
        cluster: "example.test".to_owned(),
    }
}

fn unchunked(body: &str) -> String {
    let (mut rest, mut text) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        text.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    text
}
