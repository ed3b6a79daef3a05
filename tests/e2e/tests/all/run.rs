//! `run -- COMMAND`: certificates of its own, removed whatever happens.

use e2e::wait::{LONG, PROMPT, until};
use e2e::{Cluster, Machine, Process, secrets};
use nix::sys::signal::Signal;

fn ready() -> (Cluster, Machine) {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    (cluster, machine)
}

fn run<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [&["run", "-c", "tbot.yaml", "--"], command].concat()
}

#[track_caller]
fn assert_removed(machine: &Machine) {
    assert_eq!(machine.names("tmp"), [""; 0], "the certificates are still there");
    assert!(!machine.path("out").exists(), "the standing output was written");
    let leases = machine.names("bot/leases");
    assert!(!leases.iter().any(|name| name.ends_with(".json")), "{leases:?}");
}

#[test]
fn the_command_finds_its_certificates_and_its_exit_status_is_passed_on() {
    let (_cluster, machine) = ready();
    let script = "test -O \"$MACHINE_ID_DIR\" && test \"$(stat -c %a \"$MACHINE_ID_DIR\")\" = 700 && \
                  ssh-keygen -L -f \"$MACHINE_ID_DIR/key-cert.pub\" > /dev/null && \
                  ssh -F \"$MACHINE_ID_SSH_CONFIG\" $(whoami)@node1.example.test 'echo there' && env && exit 23";
    let ended = machine.machine_id(&run(&["sh", "-c", script]));
    assert_eq!(ended.status, Some(23), "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.starts_with("there\n"), "{}", ended.stdout);
    for name in
        ["MACHINE_ID_DIR", "MACHINE_ID_EXPIRES_AT", "TELEPORT_PROXY", "TELEPORT_IDENTITY_FILE", "GIT_SSH_COMMAND"]
    {
        assert!(ended.stdout.contains(&format!("\n{name}=")), "{name} is missing: {}", ended.stdout);
    }
    assert_removed(&machine);
}

#[test]
fn git_works_in_it_without_any_option() {
    let (_cluster, machine) = ready();
    machine.tool("git", &["init", "-q", "--bare", "source"]).succeeded();
    let url = format!("ssh://{}@node1.example.test{}", e2e::users::login(), machine.path("source").display());
    machine.machine_id(&run(&["git", "clone", "-q", &url, "copy"])).succeeded();
    assert!(machine.path("copy/.git").exists());
    assert_removed(&machine);
}

#[test]
fn a_kubernetes_output_is_chosen_by_its_type() {
    let cluster = Cluster::with(|builder| builder.kube("kube1"));
    let machine = Machine::new(&cluster);
    let directory = machine.path("kube");
    let output = format!(
        "- type: kubernetes\n  kubernetes_cluster: kube1\n  destination: {{type: directory, path: {}}}\n",
        directory.display()
    );
    machine.configure(&cluster, &cluster.token(), &output);
    let ended = machine
        .machine_id(&["run", "-c", "tbot.yaml", "--output", "kubernetes", "--", "kubectl", "get", "pods"])
        .succeeded();
    assert!(ended.stdout.contains("Running"), "{}", ended.stdout);
    assert_removed(&machine);
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--output", "nosuch", "--", "true"]);
    ended.refused(2, "request_invalid", &["nosuch", "kubernetes", "out"]);
}

/// A command that says it is there, then waits for its end.
fn started(machine: &Machine, script: &str) -> Process {
    let process = machine.start(&run(&["sh", "-c", script]));
    until("the command's start", LONG, || process.stdout().contains("here").then_some(()));
    // What it has now is gone later, and must not have been shown.
    machine.keep_secret(secrets::keys_below(&machine.path("tmp")));
    secrets::assert_ps_is_clean(&machine.secrets());
    process
}

#[test]
fn signals_are_passed_on_and_the_command_decides() {
    let (_cluster, machine) = ready();
    let script =
        "trap 'echo got USR1' USR1; trap 'echo got TERM; exit 9' TERM; echo here; while :; do sleep 0.05; done";
    let process = started(&machine, script);
    process.signal(Signal::SIGUSR1);
    until("USR1 at the command", LONG, || process.stdout().contains("got USR1").then_some(()));
    process.signal(Signal::SIGTERM);
    let ended = process.wait(LONG);
    assert_eq!(ended.status, Some(9), "{ended:?}");
    assert!(ended.stdout.contains("got TERM"));
    assert_removed(&machine);
}

#[test]
fn a_command_that_is_killed_gives_128_and_the_signal_and_leaves_nothing() {
    let (_cluster, machine) = ready();
    let ended = machine.machine_id(&run(&["sh", "-c", "kill -KILL $$"]));
    assert_eq!(ended.status, Some(128 + 9), "{ended:?}");
    assert_removed(&machine);
    let process = started(&machine, "echo here; exec sleep 600");
    process.signal(Signal::SIGINT);
    assert_eq!(process.wait(LONG).status, Some(128 + 2));
    assert_removed(&machine);
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next_one() {
    let (_cluster, machine) = ready();
    let process = started(&machine, "echo here; exec sleep 600");
    let child = child_of(process.id());
    process.signal(Signal::SIGKILL);
    let _ = process;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL).unwrap();
    assert_eq!(machine.names("tmp").len(), 1);
    machine.machine_id(&run(&["true"])).succeeded();
    assert_removed(&machine);
}

fn child_of(process: u32) -> i32 {
    let path = format!("/proc/{process}/task/{process}/children");
    std::fs::read_to_string(path).unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_command_that_cannot_be_run_leaves_nothing() {
    let (_cluster, machine) = ready();
    let ended = machine.machine_id(&run(&["/nosuch/command"]));
    ended.refused(2, "request_invalid", &["/nosuch/command", "No such file"]);
    assert_removed(&machine);
}

#[test]
fn without_certificates_the_command_is_not_run_and_nothing_is_left() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, "wrong-token", "");
    let ended = machine.machine_id(&run(&["sh", "-c", "touch ran"]));
    ended.refused(1, "join_rejected", &[]);
    assert!(!machine.path("ran").exists());
    assert_removed(&machine);
}

#[test]
fn a_signal_while_certificates_are_awaited_ends_it_at_once() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let points = teleport_double::Point::Impersonate;
    cluster.faults().inject(points, teleport_double::Fault::Hang, teleport_double::Times::Always);
    let process = machine.start(&run(&["sh", "-c", "touch ran"]));
    until("the request", LONG, || (cluster.counters().seen(points) > 0).then_some(()));
    process.signal(Signal::SIGTERM);
    let ended = process.wait(PROMPT);
    assert_eq!(ended.status, Some(128 + 15), "{ended:?}");
    assert!(!machine.path("ran").exists());
    assert_removed(&machine);
}

/// We let ourselves not be dumped; that isn't the command's affair.
#[test]
fn the_command_has_the_limit_of_core_files_that_run_was_started_with() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    if machine.tool("sh", &["-c", "ulimit -Sc 12"]).status != Some(0) {
        e2e::users::skipped("no core files are allowed here at all, so their limit can't be passed on");
        return;
    }
    let program = e2e::program::program().display();
    let script = format!("ulimit -Sc 12; exec {program} run -c tbot.yaml -- sh -c 'ulimit -Sc'");
    assert_eq!(machine.tool("sh", &["-c", &script]).succeeded().stdout.trim(), "12");
}
