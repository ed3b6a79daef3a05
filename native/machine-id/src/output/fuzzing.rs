//! A door for the fuzzer to the files that hold texts of others.

use std::path::Path;

use super::{ClusterFacts, OutputRequest, artifacts};
use crate::config::{IdentityOutput, OutputKind};
use crate::identity::{Authorities, Authority, AuthorityKind, KeySet, Rotation};
use crate::issue::RoleCertificate;
use crate::version::Version;

/// What may begin a line of `ssh_config`.
const OPTIONS: [&str; 10] = [
    "#",
    "Host ",
    "UserKnownHostsFile \"",
    "GlobalKnownHostsFile \"",
    "IdentityFile \"",
    "CertificateFile \"",
    "HostKeyAlgorithms ",
    "ProxyUseFdpass yes",
    "ProxyCommand ",
    "Port 3022",
];

/// Names, addresses, paths and a CA key that end up in `ssh_config` and `known_hosts`, separated by zero bytes; the
/// first byte holds what can only be yes or no. Returns how many files were made of them.
pub fn ssh_config(bytes: &[u8], certificate: &RoleCertificate) -> usize {
    let Some((flags, rest)) = bytes.split_first() else { return 0 };
    let text = String::from_utf8_lossy(rest);
    let mut parts = text.split('\0');
    let mut part = || parts.next().unwrap_or_default();
    let (root, leaf, key) = (part(), part(), part());
    let cluster = ClusterFacts {
        name: root.to_owned(),
        server_version: Version::parse(&(flags >> 3).to_string()),
        proxy_host: part().to_owned(),
        proxy_address: part().to_owned(),
        ssh_address: part().to_owned(),
        kube_address: part().to_owned(),
        tls_routing: flags & 1 == 0,
        connection_upgrade: flags & 2 == 0,
    };
    let (directory, helper) = (part(), part());
    let keys = KeySet { ssh: key.split('\u{1}').map(str::to_owned).collect(), tls: Vec::new() };
    let authority =
        |name| Authority::from_parts(AuthorityKind::Host, name, &keys, &KeySet::default(), Rotation::default()).ok();
    let (Some(root), Some(leaf)) = (authority(root), authority(leaf)) else { return 0 };
    let user = Authority { kind: AuthorityKind::User, ..root.clone() };
    let request = OutputRequest {
        kind: &OutputKind::Identity(IdentityOutput::default()),
        certificate,
        kubernetes: &[],
        authorities: &Authorities { host: vec![root, leaf], user, database: None },
        cluster: &cluster,
        helper: Path::new(helper),
        directory: Path::new(directory),
        ssh: None,
        multiplexed: flags & 4 == 0,
    };
    let files = artifacts(&request).unwrap_or_default();
    for file in &files {
        let known: &[&str] = match &*file.name {
            name if name.ends_with("ssh_config") => &OPTIONS,
            name if name.ends_with("known_hosts") => &["@cert-authority ", "# Host CA of Teleport cluster "],
            _ => continue,
        };
        for line in file.contents.expose().lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(known.iter().any(|word| line.starts_with(word)), "a line that nobody wrote: {line}");
            assert!(!line.contains(char::is_control), "a control character: {line:?}");
        }
    }
    files.len()
}
