//! A storage as tbot leaves it when it is stopped.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::{Cluster, Machine};

/// A machine whose storage is tbot's: what we have joined is written as tbot writes it.
pub fn left_by_tbot(cluster: &Cluster, more: &str) -> Machine {
    let machine = Machine::new(cluster);
    machine.configure(cluster, &cluster.token(), more);
    machine.oneshot().succeeded();
    let ours: Value = serde_json::from_str(&machine.read("bot/identity.json")).unwrap();
    let list = |kind: &str| -> Vec<String> {
        let authorities = &ours["authorities"];
        let all = [&authorities["host"][0], &authorities["user"]];
        all.iter().flat_map(|one| one[kind].as_array().unwrap()).map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let text = |name: &str| ours[name].as_str().unwrap().to_owned();
    std::fs::remove_dir_all(machine.path("bot")).unwrap();
    std::fs::remove_dir_all(machine.path("out")).unwrap();
    std::fs::create_dir(machine.path("bot")).unwrap();
    std::fs::set_permissions(machine.path("bot"), Permissions::from_mode(0o700)).unwrap();
    for (name, contents) in [
        ("key", text("key")),
        ("key.pub", String::new()),
        ("key-cert.pub", text("ssh_certificate")),
        ("tlscert", text("tls_certificate")),
        ("tlscacerts", list("tls_certs").join("$")),
        ("sshcacerts", list("ssh_keys").join("$")),
        ("tokenhash", text("token_hash")),
        ("lock", String::new()),
    ] {
        put(&machine, name, &contents);
    }
    machine
}

/// A file of the storage, for nobody else.
pub fn put(machine: &Machine, name: &str, contents: &str) {
    let path = machine.path("bot").join(name);
    crate::machine::put(&path, contents);
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}
