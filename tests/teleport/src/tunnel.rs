//! Tunnels to a real database and a real application.

use std::process::Command;

use e2e::given::Agent;
use e2e::stage::Kind;
use e2e::wait::{LONG, until};
use e2e::{Database, Machine, Outcome, Process, Stage};
use machine_id::engine::Acquired;
use serde_json::{Value, json};

use crate::cluster::{PATIENCE, Teleport};

/// A daemon with one service, and whose bot.
fn start(teleport: &Teleport, machine: &Machine, service: &str) -> (Process, String) {
    let bot = teleport.add_bot();
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
         storage: {{type: directory, path: {}}}\nservices:\n{service}",
        teleport.proxy_address(),
        teleport.issue(&bot, Kind::Usual),
        machine.path("bot").display(),
    ));
    let mut daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the tunnel", LONG, || {
        assert!(daemon.runs(), "{}", daemon.stderr());
        (daemon.stderr().contains("tunnel to ") || daemon.stderr().contains("HTTP proxy to ")).then_some(())
    });
    (daemon, bot)
}

fn until_known(teleport: &Teleport, kind: &str) {
    until(kind, PATIENCE, || teleport.tctl.json(&["get", kind])[0].is_object().then_some(()));
}

/// The server behind the cluster's database service, with certificates of the cluster's; none: it isn't installed.
fn postgres(teleport: &Teleport) -> Option<Database> {
    let scratch = Machine::new(teleport);
    let prefix = scratch.path("server").display().to_string();
    teleport.tctl.run(&["auth", "sign", "--format=db", "--host=localhost", "--ttl=24h", &format!("--out={prefix}")]);
    let file = |ending: &str| scratch.read(&format!("server.{ending}"));
    let server = Database::postgres_with(teleport.ports.postgres, &file("crt"), &file("key"), &file("cas"))?;
    until_known(teleport, "db_server");
    Some(server)
}

pub(crate) fn a_database_by_psql(teleport: &Teleport) {
    let Some(_server) = postgres(teleport) else { return teleport.skip("PostgreSQL isn't installed") };
    let machine = Machine::new(teleport);
    let socket = machine.path("run/.s.PGSQL.5432").display().to_string();
    let service = format!(
        "- type: database-tunnel\n  service: pg\n  username: orders\n  database: orders\n  listen: unix://{socket}\n"
    );
    let (daemon, bot) = start(teleport, &machine, &service);
    let run = machine.path("run").display().to_string();
    let psql = |user: &str, statement: &str| {
        machine.tool("psql", &["-h", &run, "-U", user, "-d", "orders", "-X", "-A", "-t", "-c", statement])
    };
    assert_eq!(psql("orders", "select current_user || ' ' || 6 * 7").succeeded().stdout, "orders 42\n");
    psql("orders", "create table big as select repeat(md5(g::text), 32) as text from generate_series(1, 100000) g")
        .succeeded();
    assert_eq!(psql("orders", "select text from big").succeeded().stdout.len(), 102_500_000);
    assert_ne!(psql("postgres", "select 1").status, Some(0), "a user that the role doesn't have");
    // A query is ended on the way, too.
    let running =
        machine.start_tool("psql", &["-h", &run, "-U", "orders", "-d", "orders", "-c", "select pg_sleep(600)"]);
    until("the query", LONG, || {
        let count = psql("orders", "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'");
        (count.succeeded().stdout == "1\n").then_some(())
    });
    teleport.lock_bot(&bot, "maintenance");
    let cut = running.wait(LONG);
    println!("  a lock ends a query so: {}", cut.stderr.trim().replace('\n', " / "));
    assert_ne!(cut.status, Some(0));
    until("the reason in the log", LONG, || daemon.stderr().contains("connections are ended").then_some(()));
    assert_ne!(psql("orders", "select 1").status, Some(0));
    teleport.unlock_all();
}

/// What a block has: a lease with tunnels, and commands with its variables.
struct Block {
    agent: Agent,
    acquired: Acquired,
}

impl Block {
    fn of(teleport: &Teleport, tunnel: &Value) -> (Self, String) {
        let bot = teleport.add_bot();
        let agent = Agent::of(teleport, "token", &teleport.issue(&bot, Kind::Usual), &json!({}));
        let acquired = agent.acquire_with(&json!({ "tunnels": [tunnel] }), None).unwrap();
        (Self { agent, acquired }, bot)
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir("/").env("HOME", "/nonexistent");
        for (name, value) in &self.acquired.environment {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        Process::spawn(command).wait(LONG)
    }
}

pub(crate) fn a_blocks_database_by_psql(teleport: &Teleport) {
    let Some(_server) = postgres(teleport) else { return teleport.skip("PostgreSQL isn't installed") };
    let database = |port: Option<u16>| {
        let mut tunnel = json!({"type": "database", "service": "pg", "username": "orders", "database": "orders"});
        if let Some(port) = port {
            tunnel["port"] = json!(port);
        }
        tunnel
    };
    for port in [None, Some(0)] {
        let (block, _) = Block::of(teleport, &database(port));
        let psql = |statement: &str| block.run(&["psql", "-X", "-A", "-t", "-c", statement]);
        assert_eq!(psql("select current_user || ' ' || 6 * 7").succeeded().stdout, "orders 42\n");
        let url = block.acquired.environment["MACHINE_ID_DATABASE_PG"].clone();
        assert_eq!(block.run(&["psql", &url, "-X", "-A", "-t", "-c", "select 43"]).succeeded().stdout, "43\n");
        let text = "select repeat(md5(g::text), 32) from generate_series(1, 100000) g";
        assert_eq!(psql(text).succeeded().stdout.len(), 102_500_000);
        block.agent.release();
        assert_ne!(psql("select 1").status, Some(0), "the block is over");
    }
    // A user that the roles don't have is told before the block begins.
    let bot = teleport.add_bot();
    let agent = Agent::of(teleport, "token", &teleport.issue(&bot, Kind::Usual), &json!({}));
    let wrong = json!({"type": "database", "service": "pgg", "username": "orders", "database": "orders"});
    let error = agent.acquire_with(&json!({ "tunnels": [wrong] }), None).unwrap_err().to_string();
    assert!(error.contains("pgg") && error.contains("these roles see: pg"), "{error}");
}

/// The server behind the cluster's application service, with a small file and one of 100 MB.
fn web(teleport: &Teleport, machine: &Machine) -> Process {
    std::fs::create_dir(machine.path("www")).unwrap();
    std::fs::write(machine.path("www/small"), "an application\n").unwrap();
    std::fs::write(machine.path("www/big"), vec![7; 100_000_000]).unwrap();
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", "--bind", "127.0.0.1", &teleport.ports.web.to_string()]);
    server.current_dir(machine.path("www"));
    let server = Process::spawn(server);
    until_known(teleport, "app_server");
    server
}

pub(crate) fn a_blocks_application_by_curl(teleport: &Teleport) {
    let machine = Machine::new(teleport);
    let _server = web(teleport, &machine);
    let (block, _) = Block::of(teleport, &json!({"type": "application", "app": "web"}));
    let socket = block.acquired.environment["MACHINE_ID_APPLICATION_WEB"].clone();
    let curl = || block.run(&["curl", "-sS", "--fail", "--unix-socket", &socket, "http://web/small"]);
    until("the application", LONG, || (curl().status == Some(0)).then_some(()));
    assert_eq!(curl().succeeded().stdout, "an application\n");
    block.agent.release();
    assert_ne!(curl().status, Some(0), "the block is over");
}

pub(crate) fn an_application_by_curl(teleport: &Teleport) {
    let machine = Machine::new(teleport);
    let _server = web(teleport, &machine);
    let socket = machine.path("run/web").display().to_string();
    let service = format!("- type: application-tunnel\n  app_name: web\n  listen: unix://{socket}\n");
    let (daemon, _) = start(teleport, &machine, &service);
    let curl = |rest: &[&str]| machine.tool("curl", &[&["-sS", "--fail", "--unix-socket", &socket], rest].concat());
    let small = || curl(&["http://web/small"]);
    until("the application", LONG, || {
        let ended = small();
        assert!(!ended.stderr.contains("(52)"), "{}{}{}", ended.stdout, ended.stderr, daemon.stderr());
        (ended.status == Some(0)).then_some(())
    });
    assert_eq!(small().succeeded().stdout, "an application\n");
    curl(&["-o", "got", "http://web/big"]).succeeded();
    assert_eq!(std::fs::metadata(machine.path("got")).unwrap().len(), 100_000_000);
}

pub(crate) fn all_applications_by_a_proxy(teleport: &Teleport) {
    let machine = Machine::new(teleport);
    let _server = web(teleport, &machine);
    let (daemon, bot) = start(teleport, &machine, "- {type: application-proxy, listen: 'tcp://127.0.0.1:0'}\n");
    let log = daemon.stderr();
    let address = log.split("tcp://").nth(1).unwrap().split([' ', '"', '\n']).next().unwrap();
    let proxy = format!("http://{address}");
    let curl = |rest: &[&str]| machine.tool("curl", &[&["-sS", "--proxy", &proxy], rest].concat());
    until("the application", LONG, || (curl(&["--fail", "http://web/small"]).status == Some(0)).then_some(()));
    assert_eq!(curl(&["--fail", "http://web/small"]).succeeded().stdout, "an application\n");
    assert_eq!(curl(&["--fail", "--proxytunnel", "http://web/small"]).succeeded().stdout, "an application\n");
    curl(&["--fail", "-o", "got", "http://web/big"]).succeeded();
    assert_eq!(std::fs::metadata(machine.path("got")).unwrap().len(), 100_000_000);
    let unknown = curl(&["-i", "http://wiki/"]).succeeded().stdout;
    assert!(unknown.starts_with("HTTP/1.1 404") && unknown.contains("these roles see: web"), "{unknown}");
    teleport.lock_bot(&bot, "maintenance");
    until("the reason in the log", LONG, || {
        let answer = curl(&["-i", "http://web/small"]);
        println!("  a lock answers so: {}", answer.stdout.lines().next().unwrap_or_default());
        daemon.stderr().contains("[bot_locked]").then_some(())
    });
    teleport.unlock_all();
}
