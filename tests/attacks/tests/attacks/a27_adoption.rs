//! Directories that are taken over although somebody else may have filled them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use e2e::{Cluster, Machine};
use teleport_double::Point;

use crate::agent::chmod;

const SOMEBODY: u32 = 65533;

fn joined() -> (Cluster, Machine) {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    (cluster, machine)
}

#[test]
fn a27_an_identity_that_others_could_have_written_is_never_presented() {
    let (cluster, machine) = joined();
    chmod(&machine.path("bot"), 0o777);
    chmod(&machine.path("bot/identity.json"), 0o666);
    let before = (cluster.counters().seen(Point::Renew), cluster.counters().seen(Point::Impersonate));
    let refused = machine.oneshot();
    assert_eq!(refused.status, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("identity.json has mode 0666"), "{}", refused.stderr);
    assert!(refused.stderr.contains("others could have changed it"), "{}", refused.stderr);
    assert_eq!((cluster.counters().seen(Point::Renew), cluster.counters().seen(Point::Impersonate)), before);
    assert_eq!(cluster.counters().seen(Point::Join), 1, "nor is another one made in its place");
}

#[test]
fn a27_a_directory_that_others_could_fill_is_left_to_them() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    fs::create_dir_all(machine.path("out")).unwrap();
    e2e::machine::put(&machine.path("out/theirs"), "precious");
    chmod(&machine.path("out"), 0o777);
    machine.oneshot().refused(1, "destination_unsafe", &["out"]);
    assert_eq!(cluster.counters().seen(Point::Join), 0, "the token was used up");
    assert_eq!(machine.read("out/theirs"), "precious");
    assert_eq!(fs::metadata(machine.path("out")).unwrap().permissions().mode() & 0o7777, 0o777);
}

#[test]
fn a27_a_file_that_somebody_else_has_put_under_our_name_is_no_reason_to_take_over() {
    if !e2e::users::root_for("a27_a_file_that_somebody_else_has_put_under_our_name_is_no_reason_to_take_over") {
        return;
    }
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    fs::create_dir_all(machine.path("out")).unwrap();
    e2e::machine::put(&machine.path("out/ssh_config"), "Host *\n  ProxyCommand evil\n");
    chown(machine.path("out/ssh_config"), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    chmod(&machine.path("out"), 0o777);
    machine.oneshot().refused(1, "destination_unsafe", &["out"]);
    assert_eq!(cluster.counters().seen(Point::Join), 0, "the token was used up");
}
