//! tbot's storage as a way to make us somebody else.

use e2e::Cluster;
use e2e::left_by_tbot::left_by_tbot;
use teleport_double::Point;

use crate::agent::chmod;

#[test]
fn a29_tbots_identity_that_others_could_have_written_is_not_taken_over() {
    for file in ["key", "key-cert.pub", "tlscert", "tlscacerts", "sshcacerts"] {
        let cluster = Cluster::start();
        let machine = left_by_tbot(&cluster, "");
        chmod(&machine.path("bot"), 0o777);
        chmod(&machine.path("bot").join(file), 0o666);
        let (joins, uses) = (cluster.counters().seen(Point::Join), cluster.counters().seen(Point::Impersonate));
        let refused = machine.oneshot();
        assert_eq!(refused.status, Some(1), "{file}: {}", refused.stderr);
        assert!(refused.stderr.contains(file), "{file}: {}", refused.stderr);
        assert_eq!(cluster.counters().seen(Point::Join), joins, "{file}");
        assert_eq!(cluster.counters().seen(Point::Impersonate), uses, "{file}");
        assert!(machine.path("bot/key").exists() && !machine.path("bot/identity.json").exists(), "{file}");
    }
}
