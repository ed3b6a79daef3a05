//! Machines that join by other methods than `token`.

use std::time::{Duration, SystemTime};

use crate::{Machine, Stage};

/// Methods whose ID token a variable holds: the variable, and the first version that tests join.
pub const BY_VARIABLE: &[(&str, &str, &str)] = &[
    ("gitlab", "TBOT_GITLAB_JWT", "12.4.0"),
    ("circleci", "CIRCLE_OIDC_TOKEN", "11.3.0"),
    ("spacelift", "SPACELIFT_OIDC_TOKEN", "15.4.0"),
    ("terraform_cloud", "TFC_WORKLOAD_IDENTITY_TOKEN", "16.4.0"),
    ("bitbucket", "BITBUCKET_STEP_OIDC_TOKEN", "17.0.0"),
    ("env0", "ENV0_OIDC_TOKEN", "18.4.0"),
];

/// A machine whose bot joins by `method` with `token`. `settings` are more lines of `onboarding`, `more` those of the
/// whole; each ends with a line feed.
#[must_use]
pub fn machine(cluster: &dyn Stage, token: &str, method: &str, settings: &str, more: &str) -> Machine {
    let machine = Machine::new(cluster);
    configure(&machine, cluster, token, method, settings, more);
    machine
}

/// Writes the configuration of such a machine.
pub fn configure(machine: &Machine, cluster: &dyn Stage, token: &str, method: &str, settings: &str, more: &str) {
    machine.configure(cluster, token, more);
    let join = format!("join_method: {method}\n{settings}");
    machine.write_config(&machine.read("tbot.yaml").replace("join_method: token\n", &join));
}

/// Lines by which a machine renews a second after each join.
pub const OFTEN: &str = "certificate_ttl: 1m\nrenewal_interval: 1s\n";

/// Waits until a renewal by [`OFTEN`] is due.
#[expect(clippy::disallowed_methods, reason = "a renewal is due a second later, and nothing tells when that is over")]
pub fn due() {
    std::thread::sleep(Duration::from_millis(2100));
}

/// A moment that has come.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the double compares it with its own clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Gives a machine AWS credentials, and nothing else that AWS' metadata service could say.
pub fn with_aws_keys(machine: &mut Machine, access_key_id: &str, secret: &str, region: &str) {
    machine.keep_secret([secret.to_owned()]);
    machine.set("AWS_ACCESS_KEY_ID", access_key_id);
    machine.set("AWS_SECRET_ACCESS_KEY", secret);
    machine.set("AWS_REGION", region);
    machine.set("AWS_EC2_METADATA_DISABLED", "true");
}
