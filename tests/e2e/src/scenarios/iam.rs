//! Joining by an AWS identity: the auth server hands the machine's signed request to STS, a fake one.

use serde_json::json;

use super::id_token::{assert_not_renewable, assert_renews, has};
use super::{assert_delivered, bad_proof};
use crate::join::with_aws_keys;
use crate::stage::IamOptions;
use crate::wait::{LONG, until};
use crate::{Machine, Stage, advice};

const REGION: &str = "eu-central-1";

/// A machine whose configuration names a token of method `iam`.
fn machine(stage: &dyn Stage, options: IamOptions) -> (Machine, String) {
    let (bot, machine) = (stage.add_bot(), Machine::new(stage));
    machine.configure(stage, &stage.admit_aws(&bot, options), "");
    machine.configure_method("iam");
    (machine, bot)
}

/// The same with keys in its environment.
fn with_keys(stage: &dyn Stage, options: &IamOptions, secret: &str) -> (Machine, String) {
    let (mut machine, bot) = machine(stage, options.clone());
    with_aws_keys(&mut machine, &options.access_key_id, secret, REGION);
    (machine, bot)
}

fn right(stage: &dyn Stage, options: &IamOptions) -> (Machine, String) {
    with_keys(stage, options, &options.secret_access_key)
}

/// Long-term keys, at the proxy and at the auth server.
pub fn keys_in_the_environment(stage: &dyn Stage) {
    let (machine, _) = right(stage, &IamOptions::default());
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    assert_not_renewable(&machine);
    machine.configure_pin(&stage.ca_pin());
    machine.oneshot().succeeded();
    assert_delivered(&machine);
}

/// Temporary keys of an instance's role; the region, too, is the instance's.
pub fn keys_of_an_instance(stage: &dyn Stage) {
    let options = IamOptions {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        session_token: Some("of+the/session==".to_owned()),
        ..IamOptions::default()
    };
    let (mut machine, _) = machine(stage, options.clone());
    let keys = json!({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": options.access_key_id,
        "SecretAccessKey": options.secret_access_key, "Token": options.session_token,
        "Expiration": "2099-01-01T00:00:00Z", "LastUpdated": "2026-01-01T00:00:00Z"});
    let keys = keys.to_string();
    machine.keep_secret([options.secret_access_key, options.session_token.unwrap(), "of-the-imds".to_owned()]);
    let address = machine.serve(move |head| {
        let path = head[0].split(' ').nth(1)?;
        match path {
            "/latest/api/token" => head[0].starts_with("PUT").then(|| "of-the-imds".to_owned()),
            _ if !has(head, "x-aws-ec2-metadata-token: of-the-imds") => None,
            "/latest/meta-data/placement/region" => Some(REGION.to_owned()),
            "/latest/meta-data/iam/security-credentials/" => Some("jenkins-agent".to_owned()),
            "/latest/meta-data/iam/security-credentials/jenkins-agent" => Some(keys.clone()),
            _ => None,
        }
    });
    machine.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("http://{address}/"));
    machine.oneshot().succeeded();
    assert_delivered(&machine);
}

/// A daemon signs anew for each challenge.
pub fn renews_what_it_proved(stage: &dyn Stage) {
    let (machine, _) = right(stage, &IamOptions::default());
    assert_renews(&machine);
}

/// The server doesn't take that region's host; the global one is taken instead.
pub fn a_region_that_nobody_knows(stage: &dyn Stage) {
    let (mut machine, _) = right(stage, &IamOptions::default());
    machine.set("AWS_REGION", "xx-nowhere-1");
    machine.oneshot().succeeded();
    assert_delivered(&machine);
}

/// STS computes another signature.
pub fn a_wrong_secret(stage: &dyn Stage) {
    let (machine, _) = with_keys(stage, &IamOptions::default(), "another/secret/of/forty/characters/000000");
    bad_proof::refused(&machine, &["403 Forbidden", "SignatureDoesNotMatch"], advice::STS);
}

/// Genuine, but another account's.
pub fn an_account_that_no_rule_allows(stage: &dyn Stage) {
    let options = IamOptions { allowed: false, ..IamOptions::default() };
    let (machine, _) = right(stage, &options);
    // Up to 15 the server doesn't say which instance, or which token.
    bad_proof::refused(&machine, &["instance ", "did not match any allow rules"], advice::RULES);
}

/// A lock stops it, and it goes on once the lock is gone.
pub fn a_lock_meets_it(stage: &dyn Stage) {
    let (machine, bot) = right(stage, &IamOptions::default());
    machine.oneshot().succeeded();
    stage.lock_bot(&bot, "under investigation");
    machine.oneshot().refused(1, "bot_locked", &["lock", "tctl get locks"]);
    stage.unlock_all();
    until("the lock's end", LONG, || (machine.oneshot().status == Some(0)).then_some(()));
}
