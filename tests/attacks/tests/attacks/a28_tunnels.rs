//! Another user of the machine at a tunnel.

use std::fs;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Process};
use teleport_double::Point;

use crate::agent::chmod;

const SOCKET: &str = "run/app";

/// To one application, and to all of them by their names.
const KINDS: [&str; 2] = ["type: application-tunnel, app_name: app", "type: application-proxy"];

fn configure(cluster: &Cluster, machine: &Machine, kind: &str) {
    let socket = machine.path(SOCKET).display().to_string();
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
         storage: {{type: directory, path: {}}}\nservices:\n\
         - {{{kind}, listen: \"unix://{socket}\"}}\n",
        cluster.proxy_address(),
        cluster.token(),
        machine.path("bot").display(),
    ));
}

#[test]
fn a28_another_user_is_refused_also_where_the_modes_let_him_in() {
    if !e2e::users::root_for("a28_another_user_is_refused_also_where_the_modes_let_him_in") {
        return;
    }
    for kind in KINDS {
        let cluster = Cluster::start();
        let machine = Machine::new(&cluster);
        fs::create_dir(machine.path("www")).unwrap();
        e2e::machine::put(&machine.path("www/secret"), "for the bot alone\n");
        let port = teleport_double::free_port().to_string();
        let mut server = machine.command("python3");
        server.args(["-m", "http.server", "--bind", "127.0.0.1", "-d", "www", &port]);
        let _server = Process::spawn(server);
        cluster.add_app("app", &format!("http://127.0.0.1:{port}"));
        configure(&cluster, &machine, kind);
        let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
        let socket = machine.path(SOCKET).display().to_string();
        let curl = ["curl", "-sS", "--fail", "--max-time", "60", "--unix-socket", &socket, "http://app/secret"];
        until("the application", LONG, || {
            (machine.tool(curl[0], &curl[1..]).stdout == "for the bot alone\n").then_some(())
        });
        let somebody = [&["--reuid", "65533", "--regid", "65534", "--clear-groups"], &curl[..]].concat();
        for mode in [0o700, 0o777] {
            for path in ["run", SOCKET] {
                chmod(&machine.path(path), mode);
            }
            let outcome = machine.tool("setpriv", &somebody);
            assert!(outcome.status != Some(0) && outcome.stdout.is_empty(), "{mode:o}: {}", outcome.stdout);
        }
        until("the refusal in the log", LONG, || daemon.stderr().contains("may not connect").then_some(()));
    }
}

#[test]
fn a28_where_others_could_exchange_it_there_is_no_socket() {
    let cluster = Cluster::start();
    cluster.add_app("app", "http://127.0.0.1:1");
    let machine = Machine::new(&cluster);
    configure(&cluster, &machine, KINDS[0]);
    fs::create_dir(machine.path("run")).unwrap();
    e2e::machine::put(&machine.path("run/theirs"), "precious");
    chmod(&machine.path("run"), 0o777);
    let refused = machine.machine_id(&["start", "-c", "tbot.yaml"]);
    refused.refused(1, "destination_unsafe", &["run"]);
    assert!(!machine.path(SOCKET).exists());
    assert_eq!(cluster.counters().seen(Point::Join), 0, "the token was used up");
}
