//! Methods whose issuer's keys the auth server fetches (join-methods 3.9, 5; the same library checks them all).

use e2e::advice::{
    ALGORITHM, AUDIENCE, CLAIM, ENTERPRISE, ISSUER, ISSUER_UNREACHABLE, METHOD, RULES, TIME, UNKNOWN_KEY,
};
use e2e::join::BY_VARIABLE;
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{BadParameter, Denied, Plain};

use super::row::{self, PROOF, Told, cluster, id_token, no_id_token, rejected, row, set_token, show, tell};

const KEYS: &[Told] = &[
    ("an unknown key", Plain, &["failed to verify signature: failed to verify id token signature"], UNKNOWN_KEY),
    ("another audience", Plain, &["oidc: expected audience \"example.test\" got [\"other\"]"], AUDIENCE),
    ("another audience, 9 to 15", Plain, &["audience is not valid"], AUDIENCE),
    ("too old", Plain, &["oidc: token is expired (Token Expiry: 2026-11-28 06:43:29 +0000 UTC)"], TIME),
    ("too old, 9 to 15", Plain, &["oidc: expiration has passed"], TIME),
    ("too early", Denied, &["token not before in future"], TIME),
    (
        "another issuer",
        Plain,
        &["oidc: id token issued by a different provider, expected \"https://a.test\" got \"https://a.test/\""],
        ISSUER,
    ),
    (
        "an issuer with another name",
        Plain,
        &[
            "oidc: issuer did not match the issuer returned by provider, expected \"https://a.test\" got \"https://b.test\"",
        ],
        ISSUER,
    ),
    (
        "an algorithm that isn't taken",
        Plain,
        &["oidc: id token signed with unsupported algorithm, expected [\"RS256\"] got \"ES256\""],
        ALGORITHM,
    ),
    (
        "a claim of another type",
        Plain,
        &["json: cannot unmarshal number into Go struct field IDTokenClaims.project_id of type string"],
        CLAIM,
    ),
    (
        "an issuer that can't be reached",
        Plain,
        &["Get \"https://a.test/.well-known/openid-configuration\": dial tcp: lookup a.test: no such host"],
        ISSUER_UNREACHABLE,
    ),
];

const ALLOWED: &[Told] =
    &[("nobody whom a rule allows", Denied, &["id token claims did not match any allow rules"], RULES)];

/// Each method with the first version that is tested.
fn methods() -> impl Iterator<Item = (&'static str, &'static str)> {
    let by_variable = BY_VARIABLE.iter().map(|(method, _, since)| (*method, *since));
    by_variable.chain([("github", "11.3.0"), ("azure_devops", "17.5.0")])
}

/// A machine with an ID token where the method's platform has it.
pub(super) fn machine(cluster: &Cluster, method: &str) -> Machine {
    let mut machine = row::machine(cluster, method, "");
    let (url, bearer, field, path) = match method {
        "github" => (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "value",
            "GET /?audience=teleport.cluster",
        ),
        "azure_devops" => ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "oidcToken", "POST /?api-version=7.1 "),
        other => {
            let (_, variable, _) = BY_VARIABLE.iter().find(|(method, ..)| *method == other).unwrap();
            machine.set(variable, PROOF);
            return machine;
        }
    };
    let reply = serde_json::json!({ field: PROOF }).to_string();
    let address = machine.serve(move |head| {
        let known = head.iter().any(|line| line.to_lowercase() == "authorization: bearer of-the-job");
        (known && head[0].starts_with(path)).then(|| reply.clone())
    });
    machine.set(url, &format!("http://{address}/"));
    machine.set(bearer, "of-the-job");
    machine
}

#[test]
fn each_check_of_the_first_version() {
    for (method, since) in methods() {
        tell(method, since, KEYS, |cluster| machine(cluster, method));
    }
}

#[test]
fn no_rule_that_allows_it() {
    for (method, since) in methods() {
        for version in [since, "18.0.0", "18.8.0", "20.0.0"].into_iter().filter(|version| *version >= since) {
            tell(method, version, ALLOWED, |cluster| machine(cluster, method));
        }
    }
}

#[test]
fn what_needs_another_edition() {
    for (method, version, told) in [
        ("spacelift", "15.4.0", "spacelift joining: this feature requires Teleport Enterprise"),
        ("spacelift", "18.8.0", "spacelift joining: this feature requires Teleport Enterprise"),
        ("terraform_cloud", "16.4.0", "terraform cloud joining: this feature requires Teleport Enterprise"),
        ("github", "15.4.0", "github enterprise server joining: this feature requires Teleport Enterprise"),
    ] {
        let texts: &'static [&'static str] = vec![told].leak();
        tell(method, version, &[("open-source", Denied, texts, ENTERPRISE)], |cluster| machine(cluster, method));
    }
}

#[test]
fn a_cluster_that_is_too_old() {
    let needs =
        |method: &str, since: &str| format!("method {method} needs Teleport {since} or newer; choose another one");
    for (method, version, since) in [
        ("github", "10.3.16", "11"),
        ("circleci", "10.3.16", "11"),
        ("gitlab", "12.1.0", "12.2"),
        ("spacelift", "14.3.0", "15"),
    ] {
        let advice: &'static str = needs(method, since).leak();
        let text: &'static str = format!("unsupported join method {method:?} for bot").leak();
        let texts: &'static [&'static str] = vec![text].leak();
        tell(method, version, &[("an unknown method", BadParameter, texts, advice)], |cluster| {
            machine(cluster, method)
        });
    }
    let too_old = row(
        "azure_devops is unknown",
        &["17.4.0"],
        |version| ready(version, "azure_devops"),
        rejected("azure_devops", "unsupported join method \"azure_devops\" for bot", &needs("azure_devops", "17.5")),
    );
    show([
        too_old,
        row(
            "env0, before there was the new service",
            &["17.7.0", "18.1.0"],
            |version| ready(version, "env0"),
            "join method env0 needs a newer cluster than one of version {version}; upgrade the cluster to 18.4 or newer, or \
             choose another join method [unsupported]"
                .to_owned(),
        ),
        row(
            "env0, before the new service had it",
            &["18.2.0", "18.3.0"],
            |version| ready(version, "env0"),
            rejected("env0", "unknown join method \"env0\"", &needs("env0", "18.4")),
        ),
        row(
            "env0, and the new service is switched off",
            &["18.5.0", "19.0.0"],
            |version| {
                let cluster = Cluster::with(|builder| builder.version(version).join_stream(false));
                set_token(&cluster, id_token("env0", None));
                let machine = machine(&cluster, "env0");
                (cluster, machine)
            },
            "the cluster doesn't know the join: unknown service teleport.join.v1.JoinService; method env0 needs Teleport 18.4 or newer, with its join service switched on; choose another join method there [unsupported]".to_owned(),
        ),
    ]);
}

fn ready(version: &str, method: &str) -> (Cluster, Machine) {
    let cluster = cluster(version);
    set_token(&cluster, id_token(method, None));
    let machine = machine(&cluster, method);
    (cluster, machine)
}

#[test]
fn a_token_of_another_method() {
    for (method, _) in methods() {
        let said = format!("client requested join method {method}, provision token only supports method gcp");
        let cluster = cluster("20.0.0");
        set_token(&cluster, id_token("gcp", None));
        row::refused(method, &machine(&cluster, method), &rejected(method, &said, METHOD));
    }
}

#[test]
fn no_id_token_on_the_machine() {
    for (method, variable, _) in BY_VARIABLE {
        let cluster = cluster("18.8.0");
        let line = no_id_token(method, &format!("the environment variable {variable}"), "it isn't set");
        row::refused(method, &row::machine(&cluster, method, ""), &line);
    }
    for (method, variables, service) in [
        ("github", ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"], "GitHub's ID token service"),
        ("azure_devops", ["SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI"], "Azure DevOps"),
    ] {
        let cluster = cluster("18.8.0");
        let mut machine = row::machine(&cluster, method, "");
        for name in variables {
            let place = format!("the environment variable {name}");
            row::refused(method, &machine, &no_id_token(method, &place, "it isn't set"));
            machine.set(name, "x");
        }
        let mut machine = self::machine(&cluster, method);
        machine.set(if method == "github" { variables[1] } else { variables[0] }, "of-another-job");
        row::refused(method, &machine, &no_id_token(method, service, "it answers with HTTP 404"));
    }
}
