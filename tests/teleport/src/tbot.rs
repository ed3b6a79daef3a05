//! What a real tbot has left in its storage, taken over. Only where the folder of binaries has a `tbot`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::stage::Kind;
use e2e::{Machine, Stage};

use crate::cluster::Teleport;

/// The real one, where it reads what ours does; else says why not.
pub(crate) fn program(teleport: &Teleport) -> Option<PathBuf> {
    let tbot = PathBuf::from(std::env::var_os("TELEPORT_BIN").unwrap()).join("tbot");
    if !tbot.exists() {
        teleport.skip("the folder of binaries has no tbot");
        return None;
    }
    // It names every key that it doesn't know, and doesn't start.
    let machine = Machine::new(teleport);
    machine.write_config("version: v2\nproxy_server: localhost:1\nno_such_key: 1\n");
    let mut command: Command = machine.command(tbot.to_str().unwrap());
    command.args(["start", "--oneshot", "-c", "tbot.yaml"]).stdin(Stdio::null());
    let said = String::from_utf8_lossy(&command.output().unwrap().stderr).into_owned();
    if said.contains("field proxy_server not found") {
        teleport.skip("this tbot is older than its key proxy_server");
        return None;
    }
    assert!(said.contains("no_such_key"), "{said}");
    Some(tbot)
}

/// tbot joins, renews, is stopped; `machine-id start` goes on with the same file, renews, and tbot can't lock the bot.
pub(crate) fn its_storage_is_taken_over(teleport: &Teleport) {
    let Some(tbot) = program(teleport) else { return };
    let machine = Machine::new(teleport);
    let bot = teleport.add_bot();
    let token = teleport.issue(&bot, Kind::Usual);
    machine.configure(teleport, &token, "");
    let out = machine.path("out");
    let tbots = || {
        let mut command: Command = machine.command(tbot.to_str().unwrap());
        command.args(["start", "--oneshot", "-c", "tbot.yaml"]).stdin(Stdio::null());
        command.output().unwrap()
    };
    // It renews what it has at each start: the generation is 2 then.
    for _ in 0..2 {
        let ended = tbots();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    assert!(machine.path("bot/key").exists() && machine.path("bot/tokenhash").exists());
    // Only the storage matters here: how a directory of tbot's is adopted, other tests show.
    std::fs::remove_dir_all(&out).unwrap();

    let first = machine.oneshot().succeeded();
    assert!(first.stderr.contains("tbot's identity in") && !first.stderr.contains("joining"), "{}", first.stderr);
    assert!(!machine.path("bot/key").exists() && out.join("ssh_config").exists());
    let config = machine.read("tbot.yaml");
    machine.write_config(&format!("{config}certificate_ttl: 1m\nrenewal_interval: 1s\n"));
    e2e::wait::until("a renewal", e2e::wait::LONG, || {
        let ended = machine.oneshot().succeeded();
        ended.stderr.contains("renewed").then_some(())
    });
    machine.write_config(&config);

    // tbot finds nothing that it could renew, and its token is used up.
    assert!(!tbots().status.success());
    let again = machine.oneshot().succeeded();
    assert!(!again.stderr.contains("joining"), "{}", again.stderr);
    let status = machine.machine_id(&["status", "-c", "tbot.yaml"]).succeeded();
    assert!(status.stdout.contains("all is fresh"), "{}", status.stdout);
}
