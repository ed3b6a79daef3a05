//! Databases and applications through tunnels, with stock clients and real servers.

#![allow(clippy::disallowed_methods, reason = "a test's own files, not destinations")]

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Database, Machine, Outcome, Process, users};
use nix::sys::signal::Signal;
use teleport_double::{Point, Role};

const POSTGRES: &str = "run/.s.PGSQL.5432";

/// A daemon with tunnels and nothing else.
struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
}

/// The lines of a tunnel to PostgreSQL.
fn postgres(machine: &Machine) -> String {
    let socket = machine.path(POSTGRES).display().to_string();
    format!(
        "- type: database-tunnel\n  service: pg\n  username: orders\n  database: orders\n  listen: unix://{socket}\n"
    )
}

fn configure(cluster: &Cluster, machine: &Machine, services: &str) {
    configure_as(cluster, machine, &cluster.token(), services);
}

fn configure_as(cluster: &Cluster, machine: &Machine, token: &str, services: &str) {
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {token}}}\n\
         storage: {{type: directory, path: {}}}\nservices:\n{services}",
        cluster.proxy_address(),
        machine.path("bot").display(),
    ));
}

/// Starts the daemon and waits until it has said of `tunnels` that they are open.
fn start(cluster: Cluster, machine: Machine, services: &str, tunnels: usize) -> Stage {
    configure(&cluster, &machine, services);
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the tunnels", LONG, || (daemon.stderr().matches("tunnel to ").count() >= tunnels).then_some(()));
    Stage { cluster, machine, daemon }
}

impl Stage {
    fn psql(&self, statement: &str) -> Command {
        let mut psql = self.machine.command("psql");
        psql.arg("-h").arg(self.machine.path("run"));
        psql.args(["-U", "orders", "-d", "orders", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]);
        psql
    }

    fn query(&self, statement: &str) -> Outcome {
        self.machine.spawn(self.psql(statement)).wait(LONG)
    }

    /// A query that runs until somebody ends it.
    fn long_query(&self, statement: &str) -> Process {
        let marked = format!("{statement} /* mark */");
        let running = Process::spawn(self.psql(&marked));
        let count = "select count(*) from pg_stat_activity where query like '%/* ma' || 'rk */%' and state = 'active'";
        until("the query", LONG, || (self.query(count).succeeded().stdout.trim() != "0").then_some(()));
        running
    }

    /// The address that the daemon has said of a tunnel by TCP.
    fn address(&self, of: &str) -> String {
        let log = self.daemon.stderr();
        let line = log.lines().find(|line| line.contains("tunnel to ") && line.contains(of)).unwrap();
        line.split("tcp://").nth(1).unwrap().split([' ', '"']).next().unwrap().trim().to_owned()
    }

    fn said(&self, text: &str) -> usize {
        self.daemon.stderr().matches(text).count()
    }
}

fn database() -> Option<(Cluster, Database)> {
    let cluster = Cluster::start();
    let database = Database::postgres(&cluster)?;
    cluster.add_database("pg", "postgres", &database.address);
    Some((cluster, database))
}

fn postgres_stage() -> Option<(Stage, Database)> {
    let (cluster, database) = database()?;
    let machine = Machine::new(&cluster);
    let lines = postgres(&machine);
    Some((start(cluster, machine, &lines, 1), database))
}

#[test]
fn stock_postgresql_clients_work_and_a_hundred_megabytes_go_both_ways() {
    let Some((stage, _database)) = postgres_stage() else { return };
    assert_eq!(stage.query("select current_user || ' ' || 6 * 7").succeeded().stdout, "orders 42\n");
    let socket = std::fs::symlink_metadata(stage.machine.path(POSTGRES)).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(stage.machine.path("run")).unwrap().permissions().mode() & 0o777, 0o700);

    stage.query("create table big as select g, repeat(md5(g::text), 32) as text from generate_series(1, 100000) g");
    let run = stage.machine.path("run").display().to_string();
    let client = |program: &str, arguments: &[&str]| {
        let common = ["-h", &run, "-U", "orders", "-d", "orders"];
        stage.machine.tool(program, &[&common, arguments].concat()).succeeded()
    };
    client("pg_dump", &["-Fc", "-Z0", "-f", "dump"]);
    assert!(std::fs::metadata(stage.machine.path("dump")).unwrap().len() > 100_000_000);
    client("pg_restore", &["--clean", "dump"]);
    assert_eq!(stage.query("select count(*), sum(length(text)) from big").succeeded().stdout, "100000|102400000\n");
}

#[test]
fn two_hundred_connections_at_once() {
    let Some((stage, _database)) = postgres_stage() else { return };
    std::fs::write(stage.machine.path("script"), "select pg_sleep(0.2);\n").unwrap();
    let run = stage.machine.path("run").display().to_string();
    let arguments = ["-n", "-h", &run, "-U", "orders", "-c", "200", "-j", "2", "-t", "3", "-f", "script", "orders"];
    let ended = stage.machine.tool("pgbench", &arguments).succeeded();
    assert!(ended.stdout.contains("600/600"), "{}", ended.stdout);
}

#[test]
fn a_certificate_is_renewed_under_a_running_query() {
    let Some((cluster, _database)) = database() else { return };
    let machine = Machine::new(&cluster);
    // New connections take a certificate that is no older than a part of the interval.
    let lines = format!("{}renewal_interval: 1s\n", postgres(&machine));
    let stage = start(cluster, machine, &lines, 1);
    let running = stage.long_query("select pg_sleep(4), 'done'");
    let before = stage.cluster.counters().impersonated;
    until("a further certificate", LONG, || {
        assert_eq!(stage.query("select 1").succeeded().stdout, "1\n");
        (stage.cluster.counters().impersonated > before).then_some(())
    });
    assert!(running.wait(LONG).succeeded().stdout.contains("done"));
}

#[test]
fn an_idle_tunnel_asks_for_nothing() {
    let Some((cluster, _database)) = database() else { return };
    let machine = Machine::new(&cluster);
    let lines = format!("{}renewal_interval: 1s\n", postgres(&machine));
    let stage = start(cluster, machine, &lines, 1);
    // What the roles allow may still be looked up; then nothing is asked for, while the bot itself is renewed.
    until("two renewals without a certificate", LONG, || {
        let before = stage.cluster.counters().impersonated;
        let generation = stage.cluster.generation("api");
        until("two renewals", LONG, || {
            (stage.cluster.generation("api") > generation.map(|count| count + 1)).then_some(())
        });
        (stage.cluster.counters().impersonated == before).then_some(())
    });
    assert_eq!(stage.query("select 1").succeeded().stdout, "1\n");
}

#[test]
fn the_daemons_end_closes_everything() {
    let Some((stage, _database)) = postgres_stage() else { return };
    let running = stage.long_query("select pg_sleep(600)");
    stage.daemon.signal(Signal::SIGTERM);
    assert_ne!(running.wait(LONG).status, Some(0));
    assert_eq!(stage.daemon.wait(LONG).status, Some(0));
    assert!(!stage.machine.path(POSTGRES).exists());
}

#[test]
fn a_lock_and_a_restart_of_the_proxy_cut_what_runs_and_are_told_once() {
    let Some((stage, _database)) = postgres_stage() else { return };
    stage.query("select 1").succeeded();
    let running: Vec<_> = (0..5).map(|_| stage.long_query("select pg_sleep(600)")).collect();
    stage.cluster.cut_proxy();
    for query in running {
        assert_ne!(query.wait(LONG).status, Some(0));
    }
    assert_eq!(stage.query("select 'again'").succeeded().stdout, "again\n");
    assert_eq!(stage.said("a connection was cut"), 1, "{}", stage.daemon.stderr());

    let running = stage.long_query("select pg_sleep(600)");
    stage.cluster.lock_user("bot-api", "maintenance");
    assert_ne!(running.wait(LONG).status, Some(0));
    until("the reason in the log", LONG, || (stage.said("connections are ended") > 0).then_some(()));
    assert_ne!(stage.query("select 1").status, Some(0));
    assert_eq!(stage.said("connections are ended"), 1, "{}", stage.daemon.stderr());
    assert!(stage.daemon.stderr().contains("[bot_locked]"), "{}", stage.daemon.stderr());
    stage.cluster.unlock_all();
    until("the tunnel after the lock", LONG, || (stage.query("select 1").status == Some(0)).then_some(()));
}

#[test]
fn wrong_names_are_answered_with_those_that_the_roles_see() {
    let cluster = Cluster::with(|builder| builder.database("pg", "postgres").database("my", "mysql"));
    cluster.add_app("grafana", "http://127.0.0.1:1");
    let machine = Machine::new(&cluster);
    for (lines, wrong, seen) in [
        ("type: database-tunnel\n  service: pgg\n  username: u\n  database: d\n", "pgg", "these roles see: my, pg"),
        ("type: application-tunnel\n  app_name: grafan\n", "grafan", "these roles see: grafana"),
    ] {
        configure(&cluster, &machine, &format!("- {lines}  listen: tcp://127.0.0.1:0\n"));
        let ended = machine.machine_id(&["start", "-c", "tbot.yaml"]);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains(wrong) && ended.stderr.contains(seen), "{}", ended.stderr);
        assert!(ended.stderr.contains("can be connected to by every user of this machine"), "{}", ended.stderr);
    }
}

/// A port is warned of before.
#[track_caller]
fn fails(machine: &Machine, command: &[&str], status: i32, words: &[&str]) {
    let ended = machine.machine_id(command);
    assert_eq!(ended.status, Some(status), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "{word:?} is missing: {}", ended.stderr);
    }
}

#[test]
fn where_a_tunnel_cannot_begin_is_known_before_a_token_is_sent() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", taken.local_addr().unwrap());
    std::fs::write(machine.path("file"), "").unwrap();
    std::fs::create_dir(machine.path("open")).unwrap();
    std::fs::write(machine.path("open/README"), "of the team").unwrap();
    std::fs::set_permissions(machine.path("open"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let socket = |name: &str| format!("unix://{}", machine.path(name).display());
    for (listen, code, words) in [
        (port, "destination_denied", "ss -ltnp"),
        ("tcp://192.0.2.1:0".to_owned(), "destination_denied", "an address of this machine"),
        (socket("file/s"), "destination_unsafe", "a regular file, not a directory"),
        (socket("open/s"), "destination_unsafe", "0777"),
        (socket("tmp/.lock"), "destination_denied", "the name is reserved"),
    ] {
        let lines = format!("- type: application-tunnel\n  app_name: a\n  listen: {listen}\n");
        configure_as(&cluster, &machine, &token, &lines);
        for command in [&["start", "-c", "tbot.yaml"][..], &["run", "-c", "tbot.yaml", "--", "true"]] {
            fails(&machine, command, 1, &["tbot.yaml:", "services[0].listen", words, code]);
            assert!(cluster.token_exists(&token), "the token is used up: {listen}");
        }
    }
    let twice = "- {type: application-tunnel, app_name: a, listen: 'tcp://127.0.0.1:5432'}\n\
                 - {type: application-tunnel, app_name: b, listen: 'tcp://0.0.0.0:5432'}\n";
    configure_as(&cluster, &machine, &token, twice);
    fails(&machine, &["start", "-c", "tbot.yaml"], 2, &["services[1]: listens where services[0] does"]);
    configure_as(
        &cluster,
        &machine,
        &token,
        "- {type: application-tunnel, app_name: a, listen: 'tcp://127.0.0.1:0'}\n",
    );
    fails(&machine, &["run", "-c", "tbot.yaml", "--", "no-such-program"], 2, &["cannot run no-such-program"]);
    assert_eq!(cluster.counters().seen(Point::Join), 0, "a token was sent");
}

#[test]
fn a_configuration_that_is_read_again_takes_over_the_places_of_its_tunnels() {
    let cluster = Cluster::start();
    cluster.add_app("raw", "tcp://127.0.0.1:1");
    let machine = Machine::new(&cluster);
    let port = teleport_double::free_port();
    let socket = machine.path("run/raw").display().to_string();
    let lines = format!(
        "- type: application-tunnel\n  app_name: raw\n  listen: tcp://127.0.0.1:{port}\n\
         - type: application-tunnel\n  app_name: raw\n  listen: unix://{socket}\n"
    );
    let stage = start(cluster, machine, &lines, 2);
    stage.daemon.signal(Signal::SIGHUP);
    until("the tunnels again", LONG, || (stage.said("tunnel to ") >= 4).then_some(()));
    assert_eq!(stage.said("can't be used"), 0, "{}", stage.daemon.stderr());
}

#[test]
fn a_user_whom_the_roles_dont_allow_is_named_with_those_that_they_do() {
    let Some((cluster, _database)) = database() else { return };
    cluster.set_role(Role::new("api-workers").only_databases(&["orders", "audit"], &["orders"]));
    let machine = Machine::new(&cluster);
    let lines = postgres(&machine).replace("username: orders", "username: admin");
    let stage = start(cluster, machine, &lines, 1);
    let doubt = "the roles don't allow database user \"admin\"; they allow: audit, orders";
    until("the doubt", LONG, || stage.daemon.stderr().contains(doubt).then_some(()));
    let run = stage.machine.path("run").display().to_string();
    let refused = stage.machine.tool("psql", &["-h", &run, "-U", "admin", "-d", "orders", "-c", "select 1"]);
    assert!(refused.stderr.contains("access to db denied"), "{}", refused.stderr);
}

#[test]
fn what_is_no_socket_of_ours_stays_and_one_that_nobody_serves_is_replaced() {
    let Some((cluster, _database)) = database() else { return };
    let machine = Machine::new(&cluster);
    configure(&cluster, &machine, &postgres(&machine));
    std::fs::create_dir(machine.path("run")).unwrap();
    std::fs::set_permissions(machine.path("run"), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(machine.path(POSTGRES), "precious").unwrap();
    let ended = machine.machine_id(&["start", "-c", "tbot.yaml"]);
    assert!(ended.stderr.contains("no socket of this user"), "{}", ended.stderr);
    assert_eq!(machine.read(POSTGRES), "precious");
    std::fs::remove_file(machine.path(POSTGRES)).unwrap();
    drop(UnixListener::bind(machine.path(POSTGRES)).unwrap());
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the tunnel", LONG, || UnixStream::connect(machine.path(POSTGRES)).is_ok().then_some(()));
    // Another one leaves it alone.
    let second = Machine::new(&cluster);
    cluster.add_bot("other", &["api-workers"]);
    configure_as(&cluster, &second, &cluster.new_token("other"), &postgres(&machine));
    let ended = second.machine_id(&["start", "-c", "tbot.yaml"]);
    assert!(ended.stderr.contains("another process serves it"), "{}", ended.stderr);
    drop(daemon);
}

#[test]
fn another_user_of_the_machine_is_refused() {
    if !users::root_for("other users at a tunnel") {
        return;
    }
    let Some((stage, _database)) = postgres_stage() else { return };
    let run = stage.machine.path("run").display().to_string();
    let psql =
        ["--reuid", "daemon", "--regid", "65534", "--clear-groups", "psql", "-h", &run, "-U", "orders", "orders"];
    let refused = stage.machine.tool("setpriv", &psql);
    assert_ne!(refused.status, Some(0));
    // Nor where somebody has widened the permissions.
    for path in ["run", POSTGRES] {
        std::fs::set_permissions(stage.machine.path(path), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let refused = stage.machine.tool("setpriv", &psql);
    assert_ne!(refused.status, Some(0));
    until("the refusal in the log", LONG, || stage.daemon.stderr().contains("may not connect").then_some(()));
}

#[test]
fn a_command_gets_the_tunnels_of_its_configuration() {
    let Some((cluster, _database)) = database() else { return };
    let machine = Machine::new(&cluster);
    let lines =
        postgres(&machine).replace(&format!("unix://{}", machine.path(POSTGRES).display()), "tcp://127.0.0.1:0");
    configure(&cluster, &machine, &lines);
    let script =
        "psql -X -A -t -c 'select 6 * 7' && psql -X -A -t -d \"$MACHINE_ID_DATABASE_PG\" -c 'select current_user'";
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", script]).succeeded();
    assert_eq!(ended.stdout, "42\norders\n");
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ended.status, Some(7));
}

#[test]
fn stock_mysql_clients_work_and_a_hundred_megabytes_go_through() {
    let Some(database) = Database::mariadb() else { return };
    let cluster = Cluster::start();
    cluster.add_database("my", "mysql", &database.address);
    let machine = Machine::new(&cluster);
    let lines =
        "- type: database-tunnel\n  service: my\n  username: orders\n  database: orders\n  listen: tcp://127.0.0.1:0\n";
    let stage = start(cluster, machine, lines, 1);
    let address = stage.address("my");
    let port = format!("-P{}", address.rsplit_once(':').unwrap().1);
    let mysql = |statement: &str| {
        let arguments = ["--no-defaults", "-h127.0.0.1", &port, "-uorders", "-N", "-B", "orders", "-e", statement];
        stage.machine.tool("mysql", &arguments)
    };
    assert_eq!(mysql("select 6 * 7").succeeded().stdout, "42\n");
    let big = mysql(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) \
                     select repeat('x', 100000) from n",
    );
    assert_eq!(big.succeeded().stdout.len(), 100_001_000);
}

#[test]
fn applications_are_reached_by_curl_by_tcp_and_behind_a_balancer() {
    for balanced in [false, true] {
        let cluster = Cluster::with(|builder| if balanced { builder.behind_balancer() } else { builder });
        let machine = Machine::new(&cluster);
        std::fs::create_dir(machine.path("www")).unwrap();
        std::fs::write(machine.path("www/big"), vec![7; 100_000_000]).unwrap();
        std::fs::write(machine.path("www/small"), "grafana\n").unwrap();
        let port = teleport_double::free_port().to_string();
        let mut server = machine.command("python3");
        server.args(["-m", "http.server", "--bind", "127.0.0.1", "-d", "www", &port]);
        let _server = Process::spawn(server);
        cluster.add_app("grafana", &format!("http://127.0.0.1:{port}"));
        cluster.add_app("raw", &format!("tcp://127.0.0.1:{port}"));
        let socket = machine.path("run/raw").display().to_string();
        let lines = format!(
            "- type: application-tunnel\n  app_name: grafana\n  listen: tcp://127.0.0.1:0\n\
             - type: application-tunnel\n  app_name: raw\n  listen: unix://{socket}\n"
        );
        let stage = start(cluster, machine, &lines, 2);
        let url = format!("http://{}", stage.address("grafana"));
        let curl = |arguments: &[&str]| stage.machine.tool("curl", &[&["-sS", "--fail"], arguments].concat());
        until("the server", LONG, || (curl(&[&format!("{url}/small")]).status == Some(0)).then_some(()));
        assert_eq!(curl(&[&format!("{url}/small")]).succeeded().stdout, "grafana\n");
        assert_eq!(curl(&["--unix-socket", &socket, "http://raw/small"]).succeeded().stdout, "grafana\n");
        assert_eq!(stage.said("every user of this machine can use application \"grafana\" at 127.0.0.1:"), 1);
        assert_eq!(stage.said("can use application \"raw\""), 0, "only its user can");
        curl(&["-o", "got", &format!("{url}/big")]).succeeded();
        assert_eq!(std::fs::metadata(stage.machine.path("got")).unwrap().len(), 100_000_000);
    }
}
