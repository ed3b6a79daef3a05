//! Hosts by their labels.

use super::joined;
use crate::{Machine, Stage};

fn ready(stage: &dyn Stage) -> Machine {
    let mut machine = joined(stage);
    machine.set("MACHINE_ID_DIR", machine.path("out").to_str().unwrap());
    machine.set("TELEPORT_PROXY", &stage.proxy_address());
    machine
}

/// And where none has the label, those that there are are named.
pub fn are_listed_by_label(stage: &dyn Stage) {
    let machine = ready(stage);
    for arguments in [&["hosts"][..], &["hosts", "group=api"]] {
        assert_eq!(machine.machine_id(arguments).succeeded().stdout, "node1.example.test\n", "{arguments:?}");
    }
    machine.machine_id(&["hosts", "group=none"]).refused(1, "target_unknown", &["group=none", "group=api"]);
}

/// Labels in place of a name.
pub fn are_reached_by_label(stage: &dyn Stage) {
    let machine = ready(stage);
    let alias = ["-o", "HostKeyAlias=node1.example.test"];
    assert_eq!(machine.ssh_echo(&alias, "group=api.example.test").succeeded().stdout, "here\n");
    let none = machine.ssh_echo(&alias, "group=none.example.test");
    assert!(none.stderr.contains("[target_unknown]"), "{}", none.stderr);
}
