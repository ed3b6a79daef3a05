//! Fuzz targets: one for each reader of something that comes from outside. `native/fuzz` wraps them for cargo-fuzz,
//! the binary of this crate runs them without it.

mod descriptors;
pub mod mutate;

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use machine_id::config::KeyAlgorithm;
use machine_id::fuzzing;
use machine_id::identity::{Certificates, KeyPair};
use machine_id::issue::{RoleCertificate, Target as Reach};

/// A reader under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, that of its corpus too.
    pub name: &'static str,
    /// Must return, soon, whatever it is given.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident = $run:expr;)+) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $run },)+];
    };
}

targets! {
    tbot_yaml = fuzzing::tbot_yaml;
    bridge_json = fuzzing::bridge_json;
    bridge_messages = machine_id_bridge::fuzzing::messages;
    find_reply = fuzzing::find_reply;
    join_reply = join_reply;
    azure_answers = fuzzing::azure_answers;
    bound_keys = fuzzing::bound_keys;
    join_state = fuzzing::join_state;
    iam_credentials = fuzzing::iam_credentials;
    authority_json = fuzzing::authority_json;
    grpc_message = fuzzing::grpc_message;
    texts = fuzzing::texts;
    certificates = fuzzing::certificates;
    private_key = fuzzing::private_key;
    identity_file = fuzzing::identity_file;
    identity_store = fuzzing::identity_store;
    lease_record = fuzzing::lease_record;
    ssh_target = fuzzing::ssh_target;
    proxy_target = fuzzing::proxy_target;
    ssh_config = ssh_config;
    socket_request = socket_request;
    socket_descriptors = descriptors::run;
    socket_answer = fuzzing::socket_answer;
    agent_messages = fuzzing::agent_messages;
    schedule = fuzzing::schedule;
}

fn join_reply(bytes: &[u8]) {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    if let Some(key) = KEY.get_or_init(|| KeyPair::generate(KeyAlgorithm::EcdsaP256).ok()) {
        fuzzing::join_reply(bytes, key);
    }
}

/// A recorded certificate goes into the files beside what the fuzzer makes up.
fn ssh_config(bytes: &[u8]) {
    static CERTIFICATE: LazyLock<Option<RoleCertificate>> = LazyLock::new(recorded);
    if let Some(certificate) = &*CERTIFICATE {
        fuzzing::ssh_config(bytes, certificate);
    }
}

fn recorded() -> Option<RoleCertificate> {
    /// 2026-11-21T08:45:00Z, when it was valid.
    const THEN: Duration = Duration::from_secs(1_795_250_700);
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!("../../fixtures/teleport-15/tbot/identity/", $name))
        };
    }
    let key = Arc::new(KeyPair::from_pem(file!("key")).ok()?);
    let certificates = Certificates::new(file!("key-cert.pub"), file!("tlscert")).ok()?;
    let reach = Reach::None;
    RoleCertificate::new(key, certificates, reach, "example.test".to_owned(), SystemTime::UNIX_EPOCH + THEN).ok()
}

/// What a client sends in two parts: the first byte says where the first ends.
fn socket_request(bytes: &[u8]) {
    let Some((pause, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(usize::from(*pause).min(bytes.len()));
    let mut messages = Vec::new();
    for part in first.chunks(255).chain(second.chunks(255)) {
        messages.extend([0, u8::try_from(part.len()).unwrap_or(0)]);
        messages.extend_from_slice(part);
    }
    descriptors::run(&messages);
}

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cluster_says_reaches_the_files() {
        let corpus = "../../native/fuzz/corpus/ssh_config";
        let files = |name: &str| {
            let bytes = std::fs::read(std::path::Path::new(corpus).join(name)).unwrap();
            fuzzing::ssh_config(&bytes, &recorded().unwrap())
        };
        assert!(files("v15") > 5);
        assert!(files("v17_without_routing") > files("v15"));
        assert_eq!(files("v12_line_feed"), 0);
    }
}
