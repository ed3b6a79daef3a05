//! Not-renewable methods join again with the certificate at hand, so that one agent stays one instance of its bot
//! (join-methods 1.1); and without it where that can't be.

use std::time::Duration;

use e2e::join::{OFTEN, now, with_aws_keys};
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Process, join};
use nix::sys::signal::Signal;
use teleport_double::{CertificateFault, Fault, IamOptions, Point, Role, Times, TokenOptions};

/// The methods that stand for the ways: one request, and a challenge.
const METHODS: [&str; 2] = ["gitlab", "iam"];
fn by_each_method(version: &str) -> impl Iterator<Item = (&str, &str)> {
    METHODS.into_iter().map(move |method| (version, method))
}

const PROOF: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";

fn cluster(version: &str) -> Cluster {
    Cluster::with(|builder| builder.version(version))
}

/// An agent that renews every second.
fn agent(cluster: &Cluster, method: &str) -> Machine {
    let iam = IamOptions::default();
    let options = match method {
        "iam" => TokenOptions { iam: Some(iam.clone()), ..TokenOptions::default() },
        other => TokenOptions { id_token: Some((other.to_owned(), PROOF.to_owned())), ..TokenOptions::default() },
    };
    let mut machine = join::machine(cluster, &cluster.token_with(options), method, "", OFTEN);
    machine.set("TBOT_GITLAB_JWT", PROOF);
    machine.keep_secret([PROOF.to_owned()]);
    with_aws_keys(&mut machine, &iam.access_key_id, &iam.secret_access_key, "eu-central-1");
    machine
}

/// Runs all cases at once: each waits for renewals, which are seconds apart.
fn each<T: Copy + Send>(cases: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let run = &run;
            scope.spawn(move || run(case));
        }
    });
}

fn start(machine: &Machine) -> Process {
    machine.start(&["start", "-c", "tbot.yaml"])
}

/// Generations of the bot's instances, the least first.
fn generations(cluster: &Cluster) -> Vec<u64> {
    let mut all: Vec<u64> = cluster.bot_instances("api").into_values().collect();
    all.sort_unstable();
    all
}

/// Ends it; it has never failed.
#[track_caller]
fn ends_well(machine: &Machine, agent: Process) {
    agent.signal(Signal::SIGTERM);
    let ended = agent.wait(LONG).succeeded();
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    assert!(machine.path("out/key").exists(), "the outputs stay");
}

#[test]
fn one_agent_stays_one_instance_by_each_way() {
    // REST at the auth server, gRPC, the streams, the new service first and alone.
    let versions = ["16.2.0", "17.4.0", "18.1.0", "18.8.0", "20.0.0"];
    each(versions.into_iter().flat_map(by_each_method), |(version, method)| {
        let cluster = cluster(version);
        let machine = agent(&cluster, method);
        let process = start(&machine);
        until("two renewals", LONG, || generations(&cluster).iter().any(|at| *at >= 3).then_some(()));
        ends_well(&machine, process);
        let seen = generations(&cluster);
        assert_eq!(seen, [cluster.counters().joined], "{method} at {version}");
    });
}

#[test]
fn without_instances_each_join_is_a_new_one() {
    each(["15.0.0", "16.1.0"].into_iter().flat_map(by_each_method), |(version, method)| {
        let cluster = cluster(version);
        let machine = agent(&cluster, method);
        let process = start(&machine);
        until("two renewals", LONG, || (cluster.counters().joined >= 3).then_some(()));
        ends_well(&machine, process);
        assert_eq!((generations(&cluster), cluster.generation("api")), (Vec::new(), None), "{method} at {version}");
    });
}

/// Each version with a method, for each way: REST, gRPC, a stream, the new service.
const WAYS: [(&str, &str); 4] = [("16.2.0", "gitlab"), ("17.4.0", "gitlab"), ("17.4.0", "iam"), ("18.8.0", "gitlab")];

/// What is said where the certificate was shown to no avail.
const AFRESH: &str = "joining without the certificate at hand, as a new instance: ";

/// How often a certificate was shown to no avail by now.
fn in_vain(said: &str) -> usize {
    said.matches(AFRESH).count()
}

/// Runs an agent until after its first join something `happens`, by which it becomes another instance; as that it goes
/// on. Whether it has shown its certificate to no avail.
#[track_caller]
fn becomes_another_instance(cluster: &Cluster, method: &str, happens: impl FnOnce(&Cluster, &str)) -> bool {
    becomes_another(cluster, method, |cluster, first, _| {
        happens(cluster, first);
        0
    })
}

/// The same; `happens` sees the agent, too, and says how often it may have shown its certificate in vain by then.
#[track_caller]
fn becomes_another(cluster: &Cluster, method: &str, happens: impl FnOnce(&Cluster, &str, &Process) -> usize) -> bool {
    let machine = agent(cluster, method);
    let process = start(&machine);
    until("the outputs", LONG, || machine.path("out/key").exists().then_some(()));
    let first = cluster.bot_instances("api").into_keys().next().unwrap();
    let before = happens(cluster, &first, &process);
    until("a renewal of another instance", LONG, || {
        cluster.bot_instances("api").into_iter().any(|(id, generation)| id != first && generation >= 2).then_some(())
    });
    process.signal(Signal::SIGTERM);
    let said = process.wait(LONG).succeeded().stderr;
    assert!(machine.path("out/key").exists(), "the outputs stay");
    let others = cluster.bot_instances("api").into_keys().filter(|id| *id != first).count();
    assert_eq!((others, cluster.counters().locks), (1, 0), "{method} at {}", cluster.version());
    in_vain(&said) > before
}

#[test]
fn a_certificate_without_generation_is_not_shown() {
    each(WAYS, |(version, method)| {
        let cluster = cluster(version);
        // As of a server before its upgrade.
        let before = Fault::Certificate(CertificateFault::NoGeneration);
        cluster.faults().inject(Point::Join, before, Times::Once);
        let in_vain = becomes_another_instance(&cluster, method, |_, _| {});
        assert!(!in_vain);
    });
}

#[test]
fn a_certificate_whose_generation_the_server_misses_is_dropped() {
    each(WAYS, |(version, method)| {
        let in_vain = becomes_another_instance(&cluster(version), method, |cluster, _| {
            let message = "a current identity generation must be provided".to_owned();
            cluster.faults().inject(Point::Join, Fault::Grpc { code: 7, message }, Times::Once);
        });
        assert!(in_vain);
    });
}

#[test]
fn an_instance_whose_record_is_gone_begins_anew() {
    each(WAYS, |(version, method)| {
        let in_vain = becomes_another_instance(&cluster(version), method, |cluster, first| {
            cluster.delete_bot_instance("api", first);
        });
        assert!(!in_vain);
    });
}

#[test]
fn a_way_to_the_auth_server_that_is_cut_leads_to_the_proxy() {
    each(WAYS, |(version, method)| {
        let in_vain = becomes_another_instance(&cluster(version), method, |cluster, _| {
            // From 18.8 on the old service at the auth server stands in for the new one there.
            let ways = if version == "18.8.0" { 2 } else { 1 };
            cluster.faults().inject(Point::Join, Fault::Refuse, Times::Count(ways));
        });
        assert!(in_vain);
    });
    // It gives up on a server that says nothing.
    let in_vain = becomes_another_instance(&cluster("17.4.0"), "gitlab", |cluster, _| {
        cluster.faults().inject(Point::Join, Fault::Hang, Times::Once);
    });
    assert!(in_vain);
}

#[test]
fn an_expired_certificate_is_not_shown() {
    const LIFE: Duration = Duration::from_secs(16);
    let cluster = cluster("17.4.0");
    cluster.set_role(Role::new("bot-api").max_session_ttl(LIFE));
    let in_vain = becomes_another(&cluster, "gitlab", |cluster, _, agent| {
        cluster.open_proxy(false);
        cluster.cut_connections();
        // What was issued last ends by then.
        let end = now() + LIFE + Duration::from_secs(1);
        until("the certificate's end", LONG, || (now() > end).then_some(()));
        // The cut may have met a renewal.
        let before = in_vain(&agent.stderr());
        cluster.open_proxy(true);
        before
    });
    assert!(!in_vain);
}
