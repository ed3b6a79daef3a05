//! Which files an output of a kind always has, so that a missing one is noticed. Pure.

use crate::config::OutputKind;

const COMMON: [&str; 7] =
    ["key", "key.pub", "key-cert.pub", "tlscert", "teleport-host-ca.crt", "teleport-user-ca.crt", "identity"];

/// Names below the output's directory.
#[must_use]
pub fn expected_files(kind: &OutputKind) -> Vec<&'static str> {
    let mut names = COMMON.to_vec();
    if kind.has_ssh_config() {
        names.extend(["known_hosts", "ssh_config"]);
    }
    if matches!(kind, OutputKind::Kubernetes(_)) {
        names.push("kubeconfig.yaml");
    }
    names
}
