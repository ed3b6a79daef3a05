use std::sync::Arc;

use super::*;
use crate::clock::FixedClock;
use crate::connect::fake_service::connector;
use crate::error::Fault;

async fn prepared(fips: bool, variables: &'static [(&str, &str)]) -> Result<Prepared, IamError> {
    let lookup = |name: &str| {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
        let mut all = variables.iter().chain(&keys);
        all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let clock = Arc::new(FixedClock::at(SystemTime::UNIX_EPOCH));
    prepare(&connector(), fips, &lookup, &*clock).await
}

fn names(prepared: &Prepared) -> Vec<&str> {
    prepared.hosts().iter().map(StsHost::name).collect()
}

#[tokio::test]
async fn the_regional_host_comes_first_and_each_answer_is_for_one_host() {
    let prepared = prepared(false, &[("AWS_REGION", "eu-central-1")]).await.unwrap();
    assert_eq!(names(&prepared), ["sts.eu-central-1.amazonaws.com", "sts.amazonaws.com"]);
    for (host, scope) in prepared.hosts().iter().zip(["eu-central-1", "us-east-1"]) {
        let bytes = prepared.answer("a+/b", SystemTime::UNIX_EPOCH, host).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.contains(&format!("\r\nHost: {}\r\n", host.name())), "{text}");
        assert!(text.contains(&format!("Credential=AKIA1/19700101/{scope}/sts/aws4_request, ")), "{text}");
        assert!(text.contains("\r\nX-Teleport-Challenge: a+/b\r\n"), "{text}");
        assert!(!text.contains("hunter2"));
    }
    assert!(!format!("{prepared:?}").contains("hunter2"));
}

#[tokio::test]
async fn fips_hosts_are_chosen_by_the_setting_or_by_aws_own_variable() {
    let set = prepared(true, &[("AWS_REGION", "us-west-2")]).await.unwrap();
    assert_eq!(names(&set), ["sts-fips.us-west-2.amazonaws.com"]);
    let variable = prepared(false, &[("AWS_REGION", "us-west-2"), ("AWS_USE_FIPS_ENDPOINT", "TRUE")]).await.unwrap();
    assert_eq!(names(&variable), names(&set));
    let off = prepared(false, &[("AWS_REGION", "us-west-2"), ("AWS_USE_FIPS_ENDPOINT", "false")]).await.unwrap();
    assert_eq!(names(&off), ["sts.us-west-2.amazonaws.com", "sts.amazonaws.com"]);
}

#[tokio::test]
async fn a_challenge_cannot_put_anything_into_what_we_sign() {
    let prepared = prepared(false, &[("AWS_REGION", "eu-central-1")]).await.unwrap();
    let host = prepared.hosts().first().unwrap();
    let long = "a".repeat(257);
    for challenge in ["", "a\r\nX-Amz-Target: y", "a b", "a\n", "ä", "a,b", long.as_str()] {
        let error = prepared.answer(challenge, SystemTime::UNIX_EPOCH, host).unwrap_err();
        assert_eq!((error.code().as_str(), matches!(error, IamError::Challenge)), ("cluster_failed", true));
    }
}

#[tokio::test]
async fn a_region_that_is_none_is_named_by_its_place() {
    let error = prepared(false, &[("AWS_REGION", "Frankfurt")]).await.unwrap_err();
    assert_eq!(error.to_string(), "AWS_REGION names no AWS region");
}
