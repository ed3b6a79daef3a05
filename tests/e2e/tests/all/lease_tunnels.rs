//! Databases and applications of a block: stock clients by the variables of its lease, as long as the lease lives.

#![allow(clippy::disallowed_methods, reason = "a test's own files, not destinations")]

mod block;

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::given::Agent;
use e2e::wait::{LONG, until};
use e2e::{Cluster, Database, Process, users};
use machine_id::error::Code;
use serde_json::json;
use teleport_double::{Role, TokenOptions};

use block::{
    LINES, STATEMENT, active, agent, end_queries, held, long_query, postgres, query, run, stage, status, tunnels,
};

#[test]
fn stock_clients_work_by_the_blocks_variables_until_its_end() {
    let Some((cluster, _database)) = stage() else { return };
    let www = tempfile::tempdir().unwrap();
    std::fs::write(www.path().join("health"), "fine\n").unwrap();
    let port = teleport_double::free_port().to_string();
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", "--bind", "127.0.0.1", "-d"]).arg(www.path()).arg(&port);
    let _server = Process::spawn(server);
    cluster.add_app("grafana", &format!("http://127.0.0.1:{port}"));
    let agent = agent(&cluster);
    let both = tunnels(&[postgres(None), json!({"type": "application", "app": "grafana"})]);
    let acquired = agent.acquire_with(&both, None).unwrap();
    let opened: Vec<_> = acquired.tunnels.iter().map(|one| (one.protocol.as_str(), one.port)).collect();
    assert_eq!(opened, [("postgres", 0), ("http", 0)]);
    assert_eq!(held(&acquired), ["identity ", "database pg", "application grafana"]);

    assert_eq!(query(&acquired, "select current_user || ' ' || 6 * 7").succeeded().stdout, "orders 42\n");
    let url = acquired.environment["MACHINE_ID_DATABASE_PG"].clone();
    assert_eq!(run(&acquired, &["psql", &url, "-X", "-A", "-t", "-c", "select 43"]).succeeded().stdout, "43\n");
    // Identity, database, application, and one by which the cluster is asked what there is.
    assert_eq!(cluster.counters().impersonated, 4);
    let socket = acquired.environment["MACHINE_ID_APPLICATION_GRAFANA"].clone();
    let curl = ["curl", "-sS", "--fail", "--unix-socket", &socket, "http://grafana/health"];
    until("the server", LONG, || (run(&acquired, &curl).stdout == "fine\n").then_some(()));
    for name in [".s.PGSQL.5432", "app-1.sock"] {
        let facts = std::fs::symlink_metadata(agent.lease().join(name)).unwrap();
        assert!(facts.file_type().is_socket());
        assert_eq!(facts.permissions().mode() & 0o777, 0o600, "{name}");
    }

    let running = long_query(&acquired, "select pg_sleep(600)");
    agent.release();
    assert_ne!(running.wait(LONG).status, Some(0));
    assert!(!agent.lease().exists());
    assert_ne!(query(&acquired, "select 1").status, Some(0));
}

#[test]
fn mysqls_own_variable_leads_its_client() {
    let Some(database) = Database::mariadb() else { return };
    let cluster = Cluster::start();
    cluster.add_database("my", "mysql", &database.address);
    let agent = agent(&cluster);
    let mut tunnel = json!({"type": "database", "service": "my", "username": "orders", "database": "orders"});
    for port in [None, Some(0)] {
        if let Some(port) = port {
            tunnel["port"] = json!(port);
        }
        let acquired = agent.acquire_with(&tunnels(&[tunnel.clone()]), None).unwrap();
        let client = ["mysql", "--no-defaults", "--user=orders", "-N", "-B", "orders", "-e", "select 6 * 7"];
        assert_eq!(run(&acquired, &client).succeeded().stdout, "42\n", "{port:?}");
        agent.release();
    }
}

#[test]
fn a_renewal_of_a_lease_that_is_vouched_for_leaves_its_connections_alone() {
    let Some((cluster, _database)) = stage() else { return };
    let id_token = Some(("kubernetes".to_owned(), STATEMENT.to_owned()));
    let options = TokenOptions { name: "jenkins".to_owned(), id_token, ..TokenOptions::default() };
    let _name = cluster.new_token_with("api", options);
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &json!({"given": true}));
    let acquired = agent.acquire_with(&tunnels(&[postgres(Some(0))]), Some(STATEMENT)).unwrap();
    let port = acquired.tunnels[0].port;
    assert!(port >= 1024);
    // One holds what the other waits for, so that the end of the query is ours to choose.
    let holding = long_query(&acquired, "select pg_advisory_lock(7), pg_sleep(600)");
    let waiting = long_query(&acquired, "select pg_advisory_lock(7), 'do' || 'ne'");
    // As the plugin does: it names the port that the block knows.
    for again in [0, port, port] {
        let renewed = agent.acquire_with(&tunnels(&[postgres(Some(again))]), Some(STATEMENT)).unwrap();
        assert_eq!((renewed.tunnels[0].port, renewed.tunnels[0].kept), (port, true));
    }
    let after = agent.acquire_with(&tunnels(&[postgres(Some(port))]), Some(STATEMENT)).unwrap();
    assert_eq!(held(&after).iter().filter(|held| *held == "database pg").count(), 5, "each is told");
    assert_eq!(active(&acquired), 2, "both queries go on");
    end_queries(&acquired, "pg_sleep(600)");
    assert_ne!(holding.wait(LONG).status, Some(0));
    assert!(waiting.wait(LONG).succeeded().stdout.contains("done"));
    assert_eq!(query(&acquired, "select 1").succeeded().stdout, "1\n");
    agent.release();
    assert_ne!(query(&acquired, "select 1").status, Some(0));
}

#[test]
fn a_lease_that_is_taken_again_listens_where_its_block_looks() {
    for port in [None, Some(0)] {
        let Some((cluster, _database)) = stage() else { return };
        let agent = agent(&cluster);
        let acquired = agent.acquire_with(&tunnels(&[postgres(port)]), None).unwrap();
        assert_eq!(query(&acquired, "select 1").succeeded().stdout, "1\n");
        let agent = agent.restarted();
        assert_ne!(query(&acquired, "select 1").status, Some(0), "nobody listens");
        let before = acquired.tunnels[0].port;
        let again = postgres(port.map(|_| before));
        let taken = agent.acquire_with(&tunnels(&[again]), None).unwrap();
        assert_eq!(taken.tunnels[0].port, before);
        assert_eq!(query(&acquired, "select 2").succeeded().stdout, "2\n");
        agent.release();
    }
}

/// A directory of so many bytes below the agent's.
fn directory(agent: &Agent, length: usize) -> PathBuf {
    let root = agent.directory().canonicalize().unwrap();
    let parent = root.join("w".repeat(length - root.as_os_str().len() - "//machine-id-lease".len()));
    std::fs::create_dir_all(&parent).unwrap();
    std::fs::set_permissions(&parent, std::fs::Permissions::from_mode(0o711)).unwrap();
    parent.join("machine-id-lease")
}

#[test]
fn a_workspace_whose_path_is_too_long_for_a_socket_is_none_for_its_clients() {
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    let comma = agent.directory().canonicalize().unwrap().join("a,b");
    std::fs::create_dir(&comma).unwrap();
    std::fs::set_permissions(&comma, std::fs::Permissions::from_mode(0o711)).unwrap();
    let long = [93, 94, 120, 230].map(|length| directory(&agent, length));
    // libpq takes what follows a comma for another host.
    for directory in [comma.join("machine-id-lease")].into_iter().chain(long) {
        let length = directory.as_os_str().len();
        let members = json!({"directory": directory, "tunnels": [postgres(None)]});
        let acquired = agent.acquire_with(&members, None).unwrap();
        let host = acquired.environment["PGHOST"].clone();
        assert!(host.len() + "/.s.PGSQL.5432".len() <= 107 && !host.contains(','), "{host}");
        assert_eq!(query(&acquired, "select 1").succeeded().stdout, "1\n", "{length}");
        // Where only the workspace is to be seen, a link of one's own does.
        let short = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&directory, short.path().join("m")).unwrap();
        let own = short.path().join("m").display().to_string();
        let psql = [&LINES[..], &["-h", &own, "-c", "select 2"]].concat();
        assert_eq!(run(&acquired, &psql).succeeded().stdout, "2\n", "{length}");
        agent.release();
        assert!(!directory.exists() && std::fs::symlink_metadata(&host).is_err(), "{host}");
        let left: Vec<_> = std::fs::read_dir(directory.parent().unwrap()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(!Path::new("/tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8").exists());
}

#[test]
fn wrong_names_are_answered_with_those_that_the_roles_see_before_the_block_begins() {
    let cluster = Cluster::with(|builder| builder.database("pg", "postgres").database("my", "mysql"));
    cluster.add_app("grafana", "http://127.0.0.1:1");
    cluster.set_role(Role::new("api-workers").only_databases(&["orders", "audit"], &["orders"]));
    let agent = agent(&cluster);
    let database = |service: &str, username: &str, database: &str| json!({"type": "database", "service": service, "username": username, "database": database});
    let two = tunnels(&[database("pgg", "orders", "orders"), database("mi", "orders", "orders")]);
    let error = agent.acquire_with(&two, None).unwrap_err().to_string();
    assert!(error.contains(r#"databases "pgg", "mi" are not among"#) && error.contains("see: my, pg"), "{error}");
    for (tunnel, wrong, seen) in [
        (database("pgg", "orders", "orders"), "pgg", "these roles see: my, pg"),
        (json!({"type": "application", "app": "grafan"}), "grafan", "these roles see: grafana"),
        (database("pg", "admin", "orders"), "database user \"admin\"", "they allow: audit, orders"),
        (database("pg", "orders", "payroll"), "database name \"payroll\"", "they allow: orders"),
    ] {
        let error = agent.acquire_with(&tunnels(&[tunnel]), None).unwrap_err();
        assert_eq!(error.code(), Code::TargetUnknown, "{error}");
        let text = error.to_string();
        assert!(text.contains(wrong) && text.contains(seen), "{text}");
        assert!(!agent.lease().exists(), "{text}");
    }
    // MySQL's databases are looked at by nobody.
    agent.acquire_with(&tunnels(&[database("my", "orders", "payroll")]), None).unwrap();
    agent.release();
}

/// As the README shows it: the certificate alone says where a request goes to.
#[test]
fn the_files_of_an_application_are_enough_for_curl_where_the_proxy_routes_by_tls() {
    let cluster = Cluster::start();
    let www = tempfile::tempdir().unwrap();
    std::fs::write(www.path().join("health"), "fine\n").unwrap();
    let port = teleport_double::free_port().to_string();
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", "--bind", "127.0.0.1", "-d"]).arg(www.path()).arg(&port);
    let _server = Process::spawn(server);
    cluster.add_app("grafana", &format!("http://127.0.0.1:{port}"));
    let agent = agent(&cluster);
    let outputs = json!({"outputs": [{"type": "identity"}, {"type": "application", "app": "grafana"}]});
    let acquired = agent.acquire_with(&outputs, None).unwrap();
    let url = format!("https://{}/health", acquired.environment["TELEPORT_PROXY"]);
    let ca = cluster.web_ca_pem().display().to_string();
    let file = |name: &str| agent.lease().join("application-grafana").join(name).display().to_string();
    let (certificate, key) = (file("tlscert"), file("key"));
    let files = ["curl", "-sS", "--fail", "--http1.1", "--cacert", &ca, "--cert", &certificate, "--key", &key, &url];
    until("the server", LONG, || (run(&acquired, &files).stdout == "fine\n").then_some(()));
    // Without them it is somebody who wants the proxy's own page.
    let stranger = ["curl", "-sS", "--http1.1", "--cacert", &ca, &url];
    assert_ne!(run(&acquired, &stranger).stdout, "fine\n");
    agent.release();
}

#[test]
fn a_port_that_is_taken_is_said_and_leaves_nothing() {
    let cluster = Cluster::start();
    cluster.add_app("grafana", "http://127.0.0.1:1");
    let agent = agent(&cluster);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let wanted = json!({"type": "application", "app": "grafana", "port": port});
    let error = agent.acquire_with(&tunnels(&[wanted]), None).unwrap_err();
    assert_eq!(error.code(), Code::DestinationDenied, "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(!agent.lease().exists());
}

#[test]
fn only_the_agents_user_and_readers_connect() {
    if !users::root_for("other users at a block's socket") {
        return;
    }
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    std::fs::set_permissions(agent.directory(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let as_daemon = ["setpriv", "--reuid", "daemon", "--regid", "65534", "--clear-groups"];
    let psql = [&as_daemon[..], &LINES[..], &["-c", "select 1"]].concat();
    for length in [90, 110, 200] {
        let directory = directory(&agent, length);
        let mut members = json!({"directory": directory, "tunnels": [postgres(None)]});
        let acquired = agent.acquire_with(&members, None).unwrap();
        assert_ne!(run(&acquired, &psql).status, Some(0), "{length}");
        // Nor where somebody has widened the permissions.
        for path in [directory.clone(), directory.join(".s.PGSQL.5432")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        assert_ne!(run(&acquired, &psql).status, Some(0), "{length}");
        agent.release();
        members["readers"] = json!(["daemon"]);
        let acquired = agent.acquire_with(&members, None).unwrap();
        assert_eq!(run(&acquired, &psql).succeeded().stdout, "1\n", "{length}");
        agent.release();
    }
}

/// A changed configuration is another engine of the same JVM, and the block's clients know its port.
#[test]
fn a_changed_configuration_takes_a_blocks_listeners_on() {
    let Some((cluster, _database)) = stage() else { return };
    let id_token = Some(("kubernetes".to_owned(), STATEMENT.to_owned()));
    let options = TokenOptions { name: "jenkins".to_owned(), id_token, ..TokenOptions::default() };
    let _name = cluster.new_token_with("api", options);
    for (port, given) in [(Some(0), true), (None, true), (Some(0), false)] {
        let (statement, agent) = if given {
            (Some(STATEMENT), Agent::of(&cluster, "kubernetes", "jenkins", &json!({"given": true})))
        } else {
            (None, self::agent(&cluster))
        };
        let acquired = agent.acquire_with(&tunnels(&[postgres(port)]), statement).unwrap();
        let before = acquired.tunnels[0].port;
        let mut running = long_query(&acquired, "select pg_sleep(600)");
        // Those of the rounds before may take a while to see that nobody waits for them.
        let queries = active(&acquired);
        let second = agent.reconfigured();
        let again = tunnels(&[postgres(port.map(|_| before))]);
        let taken = agent.acquire_on(&second, &again, statement).unwrap();
        assert_eq!((taken.tunnels[0].port, taken.tunnels[0].kept), (before, true));
        assert!((1..=queries).contains(&active(&acquired)), "what was connected goes on");
        // One that can't be filled takes nothing away.
        let wrong = tunnels(&[postgres(port.map(|_| before)), json!({"type": "application", "app": "nowhere"})]);
        agent.acquire_on(&agent.reconfigured(), &wrong, statement).unwrap_err();
        assert_eq!(query(&acquired, "select 1").succeeded().stdout, "1\n");
        assert!(running.runs(), "{}", running.stderr());
        // The old one ends, as the plugin has it: the lease is given back to both.
        agent.release();
        agent.runtime.block_on(second.release(e2e::given::LEASE)).unwrap();
        assert_ne!(running.wait(LONG).status, Some(0));
        assert_ne!(query(&acquired, "select 1").status, Some(0));
    }
}

#[test]
fn one_tunnel_that_fails_leaves_its_lease_and_the_others_alone() {
    let Some((cluster, _database)) = stage() else { return };
    cluster.add_app("grafana", "http://127.0.0.1:1");
    let agent = agent(&cluster);
    let application = |port: u16| json!({"type": "application", "app": "grafana", "port": port});
    let acquired = agent.acquire_with(&tunnels(&[postgres(Some(0)), application(0)]), None).unwrap();
    let ports: Vec<u16> = acquired.tunnels.iter().map(|one| one.port).collect();
    let key = agent.key();
    let agent = agent.restarted();
    let squatter = std::net::TcpListener::bind(("127.0.0.1", ports[1])).unwrap();
    let again = tunnels(&[postgres(Some(ports[0])), application(ports[1])]);
    let taken = agent.acquire_with(&again, None).unwrap();
    assert_eq!(taken.tunnels.iter().map(|one| one.port).collect::<Vec<_>>(), ports);
    assert_ne!(agent.key(), key, "its files are fresh");
    assert_eq!(query(&acquired, "select 1").succeeded().stdout, "1\n");
    let problem = status(&agent)[0].problem.clone();
    for words in ["application \"grafana\"", "ss -ltnp", "run the build again"] {
        assert!(problem.contains(words), "{problem}");
    }
    drop(squatter);
    // It is tried again by itself.
    until("the port", LONG, || status(&agent)[0].problem.is_empty().then_some(()));
    assert!(std::net::TcpStream::connect(("127.0.0.1", ports[1])).is_ok());
    agent.release();
}

#[test]
fn a_lock_and_a_lost_proxy_in_the_middle_of_a_query_are_told() {
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    let acquired = agent.acquire_with(&tunnels(&[postgres(None)]), None).unwrap();
    let running: Vec<_> = (0..3).map(|_| long_query(&acquired, "select pg_sleep(600)")).collect();
    assert_eq!(status(&agent)[0].failures, Vec::<String>::new());
    cluster.cut_proxy();
    for query in running {
        assert_ne!(query.wait(LONG).status, Some(0));
    }
    until("the connection after it", LONG, || (query(&acquired, "select 1").status == Some(0)).then_some(()));
    let told = until("what is told", LONG, || Some(status(&agent)[0].failures.clone()).filter(|all| !all.is_empty()));
    assert!(told.len() == 1 && told[0].contains("database \"pg\": a connection was cut"), "{told:?}");
    let running = long_query(&acquired, "select pg_sleep(600)");
    cluster.lock_user("bot-api", "maintenance");
    assert_ne!(running.wait(LONG).status, Some(0));
    until("the lock", LONG, || status(&agent)[0].problem.contains("[bot_locked]").then_some(()));
    cluster.unlock_all();
    until("the tunnel after the lock", LONG, || (query(&acquired, "select 1").status == Some(0)).then_some(()));
    let released = agent.runtime.block_on(agent.engine.release(e2e::given::LEASE)).unwrap();
    assert!(released.failures[0].contains("a connection was cut"), "{released:?}");
}

#[test]
fn an_engine_that_goes_without_a_word_leaves_no_listener_beside_one_that_stays() {
    let Some((cluster, _database)) = stage() else { return };
    let mut agent = agent(&cluster);
    let acquired = agent.acquire_with(&tunnels(&[postgres(Some(0))]), None).unwrap();
    assert_eq!(query(&acquired, "select 1").status, Some(0));
    let stays = agent.reconfigured();
    drop(std::mem::replace(&mut agent.engine, stays));
    until("the end of its listeners", LONG, || (query(&acquired, "select 1").status != Some(0)).then_some(()));
}

#[test]
fn blocks_beside_and_inside_each_other_have_their_own() {
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    let members = |number: usize| {
        let directory = agent.directory().canonicalize().unwrap().join(format!("block-{number}"));
        json!({"lease": format!("{number:032x}"), "directory": directory, "tunnels": [postgres(None)]})
    };
    let outer = agent.acquire_with(&members(1), None).unwrap();
    let running = long_query(&outer, "select pg_sleep(600)");
    std::thread::scope(|scope| {
        for number in 2..6 {
            let (agent, members) = (&agent, members(number));
            scope.spawn(move || {
                let inner = agent.acquire_with(&members, None).unwrap();
                assert_eq!(query(&inner, "select 6 * 7").succeeded().stdout, "42\n");
                agent.runtime.block_on(agent.engine.release(&format!("{number:032x}"))).unwrap();
                assert_ne!(query(&inner, "select 1").status, Some(0), "its block is over");
            });
        }
    });
    assert_eq!(active(&outer), 1, "the block around goes on");
    agent.runtime.block_on(agent.engine.release(&format!("{:032x}", 1))).unwrap();
    assert_ne!(running.wait(LONG).status, Some(0));
}

#[test]
fn two_hundred_connections_at_once_through_a_blocks_socket() {
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    let acquired = agent.acquire_with(&tunnels(&[postgres(None)]), None).unwrap();
    let script = agent.directory().join("script");
    std::fs::write(&script, "select pg_sleep(0.2);\n").unwrap();
    let script = script.display().to_string();
    let ended = run(&acquired, &["pgbench", "-n", "-c", "200", "-j", "2", "-t", "3", "-f", &script]).succeeded();
    assert!(ended.stdout.contains("600/600"), "{}", ended.stdout);
    agent.release();
}

/// Only the agent's connection to its controller was lost: its listeners are as they were.
#[test]
fn a_lease_that_is_taken_again_in_the_same_process_keeps_its_connections() {
    let Some((cluster, _database)) = stage() else { return };
    let agent = agent(&cluster);
    let acquired = agent.acquire_with(&tunnels(&[postgres(None)]), None).unwrap();
    assert!(!acquired.tunnels[0].kept);
    let running = long_query(&acquired, "select pg_sleep(600)");
    let again = agent.acquire_with(&tunnels(&[postgres(None)]), None).unwrap();
    assert!(again.tunnels[0].kept);
    assert_eq!(active(&acquired), 1);
    agent.release();
    assert_ne!(running.wait(LONG).status, Some(0));
}
