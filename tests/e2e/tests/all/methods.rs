//! Join methods, by each way that a version has, and what a cluster answers to what is wrong.

use e2e::join::{BY_VARIABLE, with_aws_keys};
use e2e::{Cluster, Machine, Stage};
use teleport_double::{IamOptions, Point, TokenOptions, proof_refusals};

const PROOF: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";

fn id_token(cluster: &Cluster, method: &str) -> String {
    let id_token = Some((method.to_owned(), PROOF.to_owned()));
    cluster.new_token_with("api", TokenOptions { name: "jenkins".to_owned(), id_token, ..TokenOptions::default() })
}

/// A machine that joins by `method`; with a pin the join goes to the auth server, through the proxy.
fn machine(cluster: &Cluster, onboarding: &str, pinned: bool) -> Machine {
    let machine = Machine::new(cluster);
    machine.keep_secret([PROOF.to_owned()]);
    let pin = if pinned { format!(", ca_pins: [\"{}\"]", cluster.ca_pin()) } else { String::new() };
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{token: jenkins, {onboarding}{pin}}}\n\
         storage: {{type: directory, path: {}}}\noutputs:\n\
         - type: identity\n  destination: {{type: directory, path: {}}}\n",
        cluster.proxy_address(),
        machine.path("bot").display(),
        machine.path("out").display(),
    ));
    machine
}

#[test]
fn an_id_token_joins_by_each_way_of_each_version() {
    for (method, variable, since) in BY_VARIABLE {
        let versions = [*since, "18.0.0", "18.5.0", "18.8.0", "20.0.0"];
        for version in versions.into_iter().filter(|version| version >= since) {
            let cluster = Cluster::with(|builder| builder.version(version));
            id_token(&cluster, method);
            for pinned in [false, true] {
                let mut machine = machine(&cluster, &format!("join_method: {method}"), pinned);
                machine.set(variable, PROOF);
                machine.oneshot().succeeded();
            }
            assert_eq!(cluster.counters().joined, 2, "{method} at {version}");
            assert!(cluster.counters().client_versions.is_empty(), "{method} at {version}");
        }
    }
}

#[test]
fn the_new_service_goes_first_from_18_8_on_and_each_stands_in_for_the_other() {
    for (version, stream, legacy, by_stream) in [
        ("18.5.0", true, true, false),
        ("18.5.0", true, false, true),
        ("18.8.0", true, true, true),
        ("18.8.0", false, true, false),
        ("19.0.0", true, false, true),
        ("20.0.0", true, false, true),
    ] {
        for pinned in [false, true] {
            let cluster = Cluster::with(|b| b.version(version).join_stream(stream).legacy_joins(legacy));
            let machine = Machine::new(&cluster);
            let pin = if pinned { format!("\n  ca_pins: [\"{}\"]", cluster.ca_pin()) } else { String::new() };
            machine.configure(&cluster, &format!("{}{pin}", cluster.token()), "");
            machine.oneshot().succeeded();
            let counters = cluster.counters();
            assert_eq!(counters.joined, 1, "{version}");
            assert_eq!(counters.seen(Point::JoinInit) > 0, by_stream, "{version} {stream} {legacy}");
        }
    }
}

#[test]
fn a_cluster_with_no_way_to_join_is_told_so() {
    let cluster = Cluster::with(|builder| builder.version("19.0.0").join_stream(false).legacy_joins(false));
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    machine.configure(&cluster, &token, "");
    machine.oneshot().refused(2, "unsupported", &["the cluster doesn't know the join"]);
    assert!(cluster.token_exists(&token));
}

#[test]
fn any_issuers_token_comes_from_a_variable_or_a_program() {
    let cluster = Cluster::with(|builder| builder.version("18.11.0"));
    id_token(&cluster, "generic_oidc");
    let mut by_variable = machine(&cluster, "join_method: generic_oidc, generic_oidc: {env: CI_JWT}", false);
    by_variable.oneshot().refused(1, "join_proof_missing", &["generic_oidc", "the environment variable CI_JWT"]);
    by_variable.set("CI_JWT", PROOF);
    by_variable.oneshot().succeeded();
    let command = format!("join_method: generic_oidc, generic_oidc: {{command: [/bin/echo, {PROOF}], timeout: 10s}}");
    machine(&cluster, &command, false).oneshot().succeeded();
    let failing = machine(&cluster, "join_method: generic_oidc, generic_oidc: {command: [/bin/false]}", false);
    failing.oneshot().refused(1, "join_proof_missing", &["the program \"/bin/false\"", "ends with"]);
    assert_eq!(cluster.counters().joined, 2);
}

#[test]
fn a_method_of_the_new_service_alone_names_the_version_that_it_needs() {
    let cluster = Cluster::with(|builder| builder.version("17.4.0"));
    let mut machine = machine(&cluster, "join_method: generic_oidc, generic_oidc: {env: CI_JWT}", false);
    machine.set("CI_JWT", PROOF);
    machine.oneshot().refused(2, "unsupported", &["generic_oidc", "17.4.0", "18.11 or newer"]);
}

#[test]
fn each_refusal_of_a_proof_is_final_and_says_what_to_do() {
    for version in ["17.4.0", "18.8.0"] {
        let cluster = Cluster::with(|builder| builder.version(version));
        for refusal in proof_refusals() {
            let options = TokenOptions {
                name: "jenkins".to_owned(),
                id_token: Some(("gitlab".to_owned(), PROOF.to_owned())),
                refusal: Some(refusal),
                ..TokenOptions::default()
            };
            let _named = cluster.new_token_with("api", options);
            let mut machine = machine(&cluster, "join_method: gitlab", false);
            machine.set("TBOT_GITLAB_JWT", PROOF);
            let outcome = machine.oneshot();
            outcome.refused(1, "join_rejected", &["join with method gitlab"]);
            assert!(!outcome.stderr.contains("log") && !outcome.stderr.contains("later"), "{}", outcome.stderr);
        }
    }
}

fn aws(cluster: &Cluster) -> IamOptions {
    let options = IamOptions {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: "aws-secret-key".to_owned(),
        session_token: Some("aws-session-token".to_owned()),
        account: "111122223333".to_owned(),
        arn: "arn:aws:sts::111122223333:assumed-role/jenkins/i-0abc".to_owned(),
        allowed: true,
    };
    let token = TokenOptions { name: "jenkins".to_owned(), iam: Some(options.clone()), ..TokenOptions::default() };
    let _named = cluster.new_token_with("api", token);
    options
}

fn aws_machine(cluster: &Cluster, pinned: bool, secret: &str) -> Machine {
    let mut machine = machine(cluster, "join_method: iam", pinned);
    machine.keep_secret(["aws-session-token".to_owned()]);
    with_aws_keys(&mut machine, "AKIAEXAMPLE", secret, "eu-central-1");
    machine.set("AWS_SESSION_TOKEN", "aws-session-token");
    machine
}

#[test]
fn aws_keys_join_by_the_regional_host_and_by_the_global_one_where_the_server_knows_no_other() {
    for version in ["9.3.26", "10.3.16", "12.4.11", "15.4.0", "17.7.0", "18.0.0", "18.8.0", "20.0.0"] {
        let cluster = Cluster::with(|builder| builder.version(version));
        aws(&cluster);
        for pinned in [false, true] {
            aws_machine(&cluster, pinned, "aws-secret-key").oneshot().succeeded();
        }
        assert_eq!(cluster.counters().joined, 2, "{version}");
    }
}

#[test]
fn aws_keys_that_are_wrong_or_not_allowed_are_refused_with_the_reason() {
    for version in ["15.4.0", "18.8.0"] {
        let cluster = Cluster::with(|builder| builder.version(version));
        let options = aws(&cluster);
        let wrong = aws_machine(&cluster, false, "another-secret-key").oneshot();
        wrong.refused(1, "join_rejected", &["aws sts api returned status", "AWS credentials"]);
        let allowed = IamOptions { allowed: false, ..options };
        let token = TokenOptions { name: "jenkins".to_owned(), iam: Some(allowed), ..TokenOptions::default() };
        let _named = cluster.new_token_with("api", token);
        let other = aws_machine(&cluster, false, "aws-secret-key").oneshot();
        other.refused(1, "join_rejected", &["did not match any allow rules", "no allow rule"]);
    }
    let fips = Cluster::with(|builder| builder.version("17.4.0").fips());
    aws(&fips);
    aws_machine(&fips, false, "aws-secret-key").oneshot().refused(1, "join_rejected", &["FIPS", "setting fips"]);
    let cluster = Cluster::start();
    aws(&cluster);
    let mut without = machine(&cluster, "join_method: iam", false);
    without.set("AWS_EC2_METADATA_DISABLED", "true");
    without.oneshot().refused(1, "join_proof_missing", &["no AWS credentials", "AWS_ACCESS_KEY_ID"]);
    let wrong_method = machine(&cluster, "join_method: circleci", false);
    let mut wrong_method = wrong_method;
    wrong_method.set("CIRCLE_OIDC_TOKEN", PROOF);
    wrong_method.oneshot().refused(1, "join_rejected", &["iam join method", "configure the join method"]);
}

/// Google's metadata service, on this machine.
fn google(machine: &mut Machine, status: u16, body: &'static str) {
    let address = machine.serve(move |head| {
        let right = head[0].contains("audience=teleport.cluster.local")
            && head.iter().any(|line| line.to_lowercase() == "metadata-flavor: google");
        Some(if right { (status, body) } else { (403, "") })
    });
    machine.set("GCE_METADATA_HOST", &address);
}

#[test]
fn google_vouches_for_its_machines() {
    for version in ["14.3.0", "18.0.0", "18.8.0"] {
        let cluster = Cluster::with(|builder| builder.version(version));
        id_token(&cluster, "gcp");
        let mut machine = machine(&cluster, "join_method: gcp", false);
        google(&mut machine, 404, "no account");
        machine.oneshot().refused(1, "join_proof_missing", &["Google's metadata service", "HTTP 404: no account"]);
        google(&mut machine, 200, PROOF);
        machine.oneshot().succeeded();
    }
}

#[test]
fn a_joining_uri_joins_wherever_a_token_can_stand() {
    let cluster = Cluster::start();
    let uri = |token: &str| format!("tbot+proxy+token://{token}@{}", cluster.proxy_address());
    let written = Machine::new(&cluster);
    let lines = |machine: &Machine, more: &str| {
        machine.write_config(&format!(
            "version: v2\n{more}storage: {{type: directory, path: {}}}\noutputs:\n\
             - type: identity\n  destination: {{type: directory, path: {}}}\n",
            machine.path("bot").display(),
            machine.path("out").display()
        ));
    };
    lines(&written, &format!("onboarding: {{join_uri: '{}'}}\n", uri(&cluster.token())));
    written.oneshot().succeeded();
    let proxy = format!("proxy_server: {}\n", cluster.proxy_address());
    let in_a_file = Machine::new(&cluster);
    let file = in_a_file.path("token");
    lines(&in_a_file, &format!("{proxy}onboarding: {{token: {}}}\n", file.display()));
    e2e::machine::put(&file, "tbot+proxy+token://t0ken@other.example.com:443\n");
    in_a_file.oneshot().refused(2, "config_invalid", &["joining URI of another cluster, at other.example.com:443"]);
    e2e::machine::put(&file, &format!("tbot+proxy+gitlab://ci@{}\n", cluster.proxy_address()));
    in_a_file.oneshot().refused(2, "config_invalid", &["joining URI for method gitlab, and token is configured"]);
    let other = cluster.add_bot();
    e2e::machine::put(&file, &format!("{}\n", uri(&cluster.new_token(&other))));
    in_a_file.oneshot().succeeded();
    // What came of it is used on: the file is as it was.
    in_a_file.oneshot().succeeded();
    assert_eq!(cluster.counters().joined, 2);
}
