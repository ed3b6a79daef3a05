//! Fuzz targets: one for each reader of something that comes from outside. `native/fuzz` wraps them for cargo-fuzz,
//! the binary of this crate runs them without it.

pub mod mutate;

use std::sync::OnceLock;

use machine_id::config::KeyAlgorithm;
use machine_id::fuzzing;
use machine_id::identity::KeyPair;

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
    find_reply = fuzzing::find_reply;
    join_reply = join_reply;
    authority_json = fuzzing::authority_json;
    grpc_message = fuzzing::grpc_message;
    texts = fuzzing::texts;
    certificates = fuzzing::certificates;
    private_key = fuzzing::private_key;
    identity_file = fuzzing::identity_file;
    identity_store = fuzzing::identity_store;
    lease_record = fuzzing::lease_record;
    ssh_target = fuzzing::ssh_target;
    schedule = fuzzing::schedule;
}

fn join_reply(bytes: &[u8]) {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    if let Some(key) = KEY.get_or_init(|| KeyPair::generate(KeyAlgorithm::EcdsaP256).ok()) {
        fuzzing::join_reply(bytes, key);
    }
}

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
