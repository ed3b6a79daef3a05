//! One door for each reader of something that comes from outside; only with feature `fuzzing`. A call must neither
//! panic nor take long, whatever it is given.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::config::{AcquireRequest, DiscardRequest, EngineConfig, TbotConfig};
pub use crate::connect::fuzzing::{authority_json, find_reply, grpc_message, texts};
use crate::identity::{Authorities, Certificates, IdentityFile, KeyPair, ca_pin};
pub use crate::identity::{fuzz_bound_keys as bound_keys, fuzz_store as identity_store};
pub use crate::join::fuzzing::{azure_answers, iam_credentials, join_reply, join_state};
pub use crate::lease::fuzz_record as lease_record;
pub use crate::output::fuzzing::ssh_config;
pub use crate::proxy::multiplex::fuzzing::{agent_messages, socket_answer, socket_request};
use crate::proxy::{Destination, resolve};
pub use crate::tunnel::fuzz_target as proxy_target;

/// tbot's configuration.
pub fn tbot_yaml(bytes: &[u8]) {
    drop(TbotConfig::from_yaml("tbot.yaml", bytes, Path::new("/etc")));
}

/// The JSON of the bridge.
pub fn bridge_json(bytes: &[u8]) {
    drop(AcquireRequest::from_json(bytes));
    drop(EngineConfig::from_json(bytes));
    drop(DiscardRequest::from_json(bytes));
    drop(EngineConfig::check_from_json(bytes));
}

/// An SSH certificate line and an X.509 certificate, as they come in one reply: separated by a zero byte.
pub fn certificates(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (ssh, tls) = text.split_once('\0').unwrap_or((&text, ""));
    if let Ok(certificates) = Certificates::new(ssh, tls) {
        let _ = (certificates.ssh_facts().is_ok(), certificates.tls_facts().is_ok());
        let _ = certificates.expires_at().is_ok();
        drop(Authorities::from_reply("c", &certificates, &[tls.to_owned()], &[ssh.to_owned()]));
    }
    drop(ca_pin(tls));
    drop(ca_pin(&text));
}

/// Private keys.
pub fn private_key(bytes: &[u8]) {
    drop(KeyPair::from_pem(&String::from_utf8_lossy(bytes)));
}

/// tbot's `identity` file.
pub fn identity_file(bytes: &[u8]) {
    drop(IdentityFile::parse(&String::from_utf8_lossy(bytes)));
}

/// What ssh hands to its ProxyCommand: host, cluster and proxy, separated by line feeds.
pub fn ssh_target(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut words = text.split('\n');
    let mut word = || words.next().unwrap_or_default();
    let wanted = Destination { host: word(), port: 3022, cluster: word(), proxy_host: word() };
    if let Ok(target) = resolve(&wanted) {
        assert!(!target.host_port.is_empty(), "a target without a host");
    }
}

/// Times and lifetimes of certificates that nobody would make.
pub fn schedule(bytes: &[u8]) {
    use crate::renew::schedule::{Validity, renewal_point};
    let number = |at: usize| {
        let part: Option<[u8; 8]> = bytes.get(at..at + 8).and_then(|part| part.try_into().ok());
        part.map_or(0, u64::from_le_bytes)
    };
    let time = |at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(number(at) >> 2));
    let (Some(from), Some(until)) = (time(0), time(8)) else { return };
    let interval = bytes.len().is_multiple_of(2).then(|| Duration::from_secs(number(16)));
    let unit = f64::from(bytes.first().copied().unwrap_or(0)) / 256.0;
    let validity = Validity::of_certificate(from, until);
    let point = renewal_point(validity, interval, unit);
    assert!(point >= validity.from && point <= until.max(validity.from), "renewed outside its life");
}
