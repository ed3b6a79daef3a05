//! Method `iam`: what a client can run into of join-methods 3.2, by the old stream (15.4) and by the new service (18.8).

use std::time::Duration;

use e2e::advice::{CHALLENGE, FIPS, METHOD, NAME as CHECK_NAME, RULES, STS, STS_HOST, TIMED_OUT};
use e2e::join::with_aws_keys;
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{Denied, Plain};
use teleport_double::{Fault, IamOptions, Point, Refusal, RefusalKind, Times, TokenOptions};

use super::row::{self, Made, cluster, id_token, rejected, row, set_token, show};

const REGION: &str = "eu-central-1";

/// On a cluster, with what is changed about the token and in a region.
fn on(cluster: Cluster, region: &str, edit: impl FnOnce(&mut IamOptions, &mut TokenOptions)) -> (Cluster, Machine) {
    let mut iam = IamOptions::default();
    let mut machine = row::machine(&cluster, "iam", "");
    with_aws_keys(&mut machine, &iam.access_key_id, &iam.secret_access_key, region);
    let mut token = TokenOptions::default();
    edit(&mut iam, &mut token);
    set_token(&cluster, TokenOptions { iam: Some(iam), ..token });
    (cluster, machine)
}

fn told(version: &str, kind: RefusalKind, text: &str) -> (Cluster, Machine) {
    on(cluster(version), REGION, |_, token| token.refusal = Some(Refusal::new(kind, text)))
}

fn aws(code: &str, message: &str) -> String {
    let body = format!(r#"{{\"Error\":{{\"Code\":\"{code}\",\"Message\":\"{message}\",\"Type\":\"Sender\"}}}}"#);
    let said = format!(r#"aws sts api returned status: "403 Forbidden" body: "{body}""#);
    rejected("iam", &said, STS)
}

const BOTH: &[&str] = &["15.4.0", "18.8.0"];

#[test]
fn what_aws_says() {
    let wrong_secret: Made =
        |version| on(cluster(version), REGION, |iam, _| iam.secret_access_key = "another".to_owned());
    let wrong_key: Made = |version| on(cluster(version), REGION, |iam, _| iam.access_key_id = "AKIAANOTHER".to_owned());
    let no_session: Made =
        |version| on(cluster(version), REGION, |iam, _| iam.session_token = Some("of-the-session".to_owned()));
    let clock: Made = |version| {
        told(
            version,
            Denied,
            r#"aws sts api returned status: "403 Forbidden" body: "{\"Error\":{\"Code\":\"SignatureDoesNotMatch\",\"Message\":\"Signature expired: 20261128T064329Z is now earlier than 20261128T070143Z (20261128T071643Z - 15 min.)\",\"Type\":\"Sender\"}}""#,
        )
    };
    let expired: Made = |version| {
        told(
            version,
            Denied,
            r#"aws sts api returned status: "403 Forbidden" body: "{\"Error\":{\"Code\":\"ExpiredToken\",\"Message\":\"The security token included in the request is expired\",\"Type\":\"Sender\"}}""#,
        )
    };
    let unknown = "The security token included in the request is invalid.";
    show([
        row(
            "another secret",
            BOTH,
            wrong_secret,
            aws(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ),
        ),
        row("an unknown key", BOTH, wrong_key, aws("InvalidClientTokenId", unknown)),
        row("temporary keys without their session token", BOTH, no_session, aws("InvalidClientTokenId", unknown)),
        row(
            "a clock that is wrong",
            BOTH,
            clock,
            aws(
                "SignatureDoesNotMatch",
                "Signature expired: 20261128T064329Z is now earlier than 20261128T070143Z (20261128T071643Z - 15 min.)",
            ),
        ),
        row(
            "keys that have expired",
            BOTH,
            expired,
            aws("ExpiredToken", "The security token included in the request is expired"),
        ),
        row(
            "AWS can't be reached",
            BOTH,
            |version| told(version, Plain, "Post \"https://sts.eu-central-1.amazonaws.com/\": dial tcp: i/o timeout"),
            rejected(
                "iam",
                "Post \"https://sts.eu-central-1.amazonaws.com/\": dial tcp: i/o timeout",
                "the auth server can't reach AWS' STS: check its network, and its proxy's settings",
            ),
        ),
    ]);
}

#[test]
fn what_the_cluster_says() {
    let instance = "instance arn:aws:sts::111122223333:assumed-role/jenkins-agent/i-0abc did not match any allow rules in \
                    token jenkins";
    let challenge = "sts identity request does not include challenge header or it does not match";
    show([
        row(
            "no rule that allows it",
            BOTH,
            |version| on(cluster(version), REGION, |iam, _| iam.allowed = false),
            rejected("iam", instance, RULES),
        ),
        row(
            "another challenge's answer",
            BOTH,
            |version| {
                told(version, Denied, "sts identity request does not include challenge header or it does not match")
            },
            rejected("iam", challenge, CHALLENGE),
        ),
        row(
            "a minute and no answer",
            &["15.4.0"],
            |version| {
                let cluster = Cluster::with(|builder| builder.version(version).stream_limit(Duration::from_secs(1)));
                cluster.faults().inject(Point::JoinSolution, Fault::Hang, Times::Always);
                on(cluster, REGION, |_, _| {})
            },
            rejected(
                "iam",
                "RegisterUsingIAMMethod timed out after 1s, terminating the stream on the server",
                TIMED_OUT,
            ),
        ),
        row(
            "an unknown token",
            &["15.4.0"],
            unknown,
            rejected("iam", "\"\" can not join the cluster with role \"Bot\", token expired or not found", CHECK_NAME),
        ),
        row(
            "an unknown token",
            &["18.8.0"],
            unknown,
            rejected("iam", "can not join the cluster with role Bot, token expired or not found", CHECK_NAME),
        ),
        row(
            "a token for kubernetes",
            &["15.4.0"],
            for_kubernetes,
            rejected("iam", "this token does not support the IAM join method", METHOD),
        ),
        row(
            "a token for kubernetes",
            &["18.8.0"],
            for_kubernetes,
            rejected(
                "iam",
                "client requested join method iam, provision token only supports method kubernetes",
                METHOD,
            ),
        ),
    ]);
}

fn unknown(version: &str) -> (Cluster, Machine) {
    let cluster = cluster(version);
    let iam = IamOptions::default();
    let mut machine = row::machine(&cluster, "iam", "");
    with_aws_keys(&mut machine, &iam.access_key_id, &iam.secret_access_key, REGION);
    (cluster, machine)
}

fn for_kubernetes(version: &str) -> (Cluster, Machine) {
    let (cluster, machine) = unknown(version);
    set_token(&cluster, id_token("kubernetes", None));
    (cluster, machine)
}

#[test]
fn hosts_of_sts() {
    // The global host stands in for a region that the server doesn't know; China's keys aren't good there.
    for version in ["10.3.16", "15.4.0", "18.8.0"] {
        let (_cluster, machine) = on(cluster(version), "xx-nowhere-1", |_, _| {});
        machine.oneshot().succeeded();
    }
    let fips: Made = |version| on(Cluster::with(|builder| builder.version(version).fips()), REGION, |_, _| {});
    let said = "node selected non-FIPS STS endpoint (sts.eu-central-1.amazonaws.com) for the IAM join method";
    show([
        row(
            "China's region, for a server that takes the global host alone",
            &["10.3.16"],
            |version| on(cluster(version), "cn-north-1", |_, _| {}),
            rejected("iam", "sts identity request is for unknown host \"sts.cn-north-1.amazonaws.com.cn\"", STS_HOST),
        ),
        row(
            "China's region that the server doesn't know",
            &["18.8.0"],
            |version| on(cluster(version), "cn-south-9", |_, _| {}),
            rejected("iam", "rejecting IAM join request using STS host \"sts.cn-south-9.amazonaws.com.cn\"", STS_HOST),
        ),
        row(
            "a host that the global one can't stand in for, either",
            &["15.4.0"],
            |version| {
                told(version, Denied, "IAM join request uses unknown STS host \"sts.eu-central-1.amazonaws.com\"")
            },
            rejected("iam", "IAM join request uses unknown STS host \"sts.eu-central-1.amazonaws.com\"", STS_HOST),
        ),
        row("a FIPS cluster", &["15.4.0", "18.8.0"], fips, rejected("iam", said, FIPS)),
    ]);
    // The setting cures it, and does no harm elsewhere.
    for fips in [true, false] {
        let cluster = Cluster::with(|builder| if fips { builder.fips() } else { builder });
        let (cluster, mut machine) = on(cluster, REGION, |_, _| {});
        machine.set("AWS_USE_FIPS_ENDPOINT", "true");
        machine.oneshot().succeeded();
        drop(cluster);
    }
}

#[test]
fn no_keys_on_the_machine() {
    let cluster = cluster("15.4.0");
    let mut machine = row::machine(&cluster, "iam", "");
    machine.set("AWS_EC2_METADATA_DISABLED", "true");
    row::refused(
        "no keys",
        &machine,
        "join method iam has no proof: this machine has no AWS credentials; looked in the environment (AWS_ACCESS_KEY_ID \
         isn't set); a web identity (AWS_WEB_IDENTITY_TOKEN_FILE isn't set); the profile \"default\" (neither file has it); \
         a container's endpoint (neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is \
         set); the EC2 metadata service (AWS_EC2_METADATA_DISABLED is set); give the machine, pod or task an IAM role (it \
         needs no permissions), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY [join_proof_missing]",
    );
    machine.set("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    machine.set("AWS_SECRET_ACCESS_KEY", "x");
    machine.set("AWS_REGION", "Frankfurt");
    row::refused(
        "no region",
        &machine,
        "join method iam has no proof: AWS_REGION names no AWS region; set AWS_REGION to the \
         region's name, as in eu-central-1 [join_proof_missing]",
    );
}
