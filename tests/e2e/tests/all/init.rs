//! `init`: ACLs for a reader, as `tbot init` grants them.

use e2e::{Cluster, Machine, users};

/// Users that every Debian has.
const READER: &str = "daemon";
const OTHER: &str = "bin";

#[test]
fn the_reader_can_read_what_is_written_later_and_nobody_else_can() {
    if !users::root_for("a reader user really reads, another one doesn't") {
        return;
    }
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let out = machine.path("out");
    let ended = machine.machine_id(&["init", "--destination-dir", out.to_str().unwrap(), "--reader-user", READER]);
    assert!(ended.succeeded().stdout.contains("is ready"));
    let bot = machine.path("bot");
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
         storage: {{type: directory, path: {}}}\noutputs:\n- type: identity\n  \
         destination: {{type: directory, path: {}, acls: required, readers: [{{user: {READER}}}]}}\n",
        cluster.proxy_address(),
        cluster.token(),
        bot.display(),
        out.display(),
    ));
    for round in 1..=2 {
        machine.oneshot().succeeded();
        for name in ["key", "key-cert.pub", "ssh_config", "known_hosts", "identity"] {
            assert!(users::can_read(READER, &out.join(name)), "round {round}: the reader can't read {name}");
            assert!(!users::can_read(OTHER, &out.join(name)), "round {round}: another user can read {name}");
        }
        assert!(!users::can_read(READER, &bot.join("identity.json")), "the bot's own identity is readable");
    }
    let status = machine.machine_id(&["status", "-c", "tbot.yaml"]).succeeded();
    assert!(status.stdout.contains("as asked"), "{}", status.stdout);
}

#[test]
fn the_reader_uses_ssh_with_the_files() {
    if !users::root_for("a reader user uses ssh") {
        return;
    }
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    let out = machine.path("out");
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml").replace("path: ", "acls: required, path: ").replacen(
        &format!("acls: required, path: {}}}", out.display()),
        &format!("acls: required, readers: [{{user: {READER}}}], path: {}}}", out.display()),
        1,
    );
    machine.write_config(&config);
    machine.oneshot().succeeded();
    // The program must be where that user can run it.
    let program = e2e::program::program();
    let reachable = std::process::Command::new("setpriv")
        .args(["--reuid", READER, "--regid", "65534", "--clear-groups", "test", "-x"])
        .arg(program)
        .status()
        .unwrap();
    assert!(reachable.success(), "{} can't be run by {READER}", program.display());
    let config = out.join("ssh_config");
    let ended = machine.tool(
        "setpriv",
        &[
            "--reuid",
            READER,
            "--regid",
            "65534",
            "--clear-groups",
            "ssh",
            "-F",
            config.to_str().unwrap(),
            "-o",
            "BatchMode=yes",
            "root@node1.example.test",
            "echo read",
        ],
    );
    assert_eq!(ended.succeeded().stdout, "read\n");
}

#[test]
fn a_destination_that_was_written_before_goes_on_working() {
    if !users::root_for("init gives readers what is already there") {
        return;
    }
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let target = format!("{}@node1.example.test", users::login());
    let ssh = ["-F", "out/ssh_config", "-o", "BatchMode=yes", &*target, "echo", "here"];
    assert_eq!(machine.tool("ssh", &ssh).succeeded().stdout, "here\n");
    let config = machine.path("tbot.yaml");
    let before = machine.read("out/ssh_config");
    machine.machine_id(&["init", "-c", config.to_str().unwrap()]).succeeded();
    assert_eq!(machine.read("out/ssh_config"), before);
    assert_eq!(machine.tool("ssh", &ssh).succeeded().stdout, "here\n");
    machine.oneshot().succeeded();
    assert_eq!(machine.tool("ssh", &ssh).succeeded().stdout, "here\n");
}

#[test]
fn a_dry_run_changes_nothing_and_its_commands_do_the_same() {
    if !users::root_for("the commands of a dry run equal what init does") {
        return;
    }
    let machine = Machine::new(&Cluster::start());
    let plan = |path: &str| {
        let path = machine.path(path).display().to_string();
        let arguments =
            ["init", "--destination-dir", &path, "--bot-user", "root", "--reader-user", READER, "--dry-run"];
        machine.machine_id(&arguments).succeeded().stdout
    };
    let commands = plan("by-hand");
    assert!(!machine.path("by-hand").exists(), "a dry run has made something");
    assert!(commands.contains("setfacl"), "{commands}");
    assert!(commands.contains("chown root:root "), "{commands}");
    machine.tool("sh", &["-ec", &commands]).succeeded();
    let path = machine.path("by-init").display().to_string();
    machine
        .machine_id(&["init", "--destination-dir", &path, "--bot-user", "root", "--reader-user", READER])
        .succeeded();
    let acl = |name: &str| {
        let listed = machine.tool("getfacl", &["--omit-header", "--absolute-names", name]).succeeded().stdout;
        let owner = machine.tool("stat", &["-c", "%U:%G %a", name]).succeeded().stdout;
        listed + &owner
    };
    assert_eq!(acl("by-hand"), acl("by-init"));
    assert!(acl("by-init").contains(&format!("user:{READER}:r-x")), "{}", acl("by-init"));
}

#[test]
fn an_unknown_user_and_a_missing_directory_are_named() {
    let machine = Machine::new(&Cluster::start());
    let ended = machine.machine_id(&["init", "--destination-dir", "out", "--reader-user", "nosuchuser"]);
    assert!(ended.stderr.contains("nosuchuser"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(!machine.path("out").exists());
    machine.machine_id(&["init"]).refused(2, "request_invalid", &["--destination-dir"]);
}
