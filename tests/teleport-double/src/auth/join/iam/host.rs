//! Which STS endpoints a server of a version takes (join-methods 3.2).

use crate::auth::refusal::Refusal;
use crate::control::Settings;

const GLOBAL: &str = "sts.amazonaws.com";

/// Regions of the fixed list of 11 to 17.
const REGIONS: [&str; 33] = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];
/// Regions that 18 knows besides.
const NEWER: [&str; 6] =
    ["ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-east-2", "mx-central-1", "eu-isoe-west-1"];
/// Regions with an endpoint of their own for FIPS.
const FIPS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-1", "us-west-2"];

/// The region that a host is of; the global one counts as `us-east-1`.
pub(super) fn region(host: &str) -> Option<&str> {
    if host == GLOBAL {
        return Some("us-east-1");
    }
    let (kind, rest) = host.split_once('.')?;
    let (region, suffix) = rest.split_once('.')?;
    let due = match region {
        "cn-north-1" | "cn-northwest-1" => "amazonaws.com.cn",
        "eu-isoe-west-1" => "cloud.adc-e.uk",
        _ => "amazonaws.com",
    };
    let named = kind == "sts" || (kind == "sts-fips" && FIPS.contains(&region));
    (named && suffix == due).then_some(region)
}

fn is_fips(host: &str) -> bool {
    host.starts_with("sts-fips.") || host.starts_with("sts.us-gov-")
}

pub(super) fn check(settings: &Settings, host: &str) -> Result<(), Refusal> {
    let listed = |region: &str| REGIONS.contains(&region);
    match settings.major() {
        ..=10 if host != GLOBAL => {
            return Err(Refusal::denied(format!("sts identity request is for unknown host {host:?}")));
        }
        11..=17 if !region(host).is_some_and(listed) => {
            let known: Vec<_> = REGIONS.iter().map(|region| format!("sts.{region}.amazonaws.com")).collect();
            return Err(Refusal::denied(format!(
                "IAM join request uses unknown STS host {host:?}, known ones are {GLOBAL} {}",
                known.join(" ")
            )));
        }
        18.. if !region(host).is_some_and(|region| listed(region) || NEWER.contains(&region)) => {
            return Err(Refusal::denied(format!("rejecting IAM join request using STS host {host:?}")));
        }
        _ => {}
    }
    if settings.fips && !is_fips(host) {
        return Err(Refusal::denied(format!("node selected non-FIPS STS endpoint ({host}) for the IAM join method")));
    }
    Ok(())
}
