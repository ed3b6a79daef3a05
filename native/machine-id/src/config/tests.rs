//! The requests of `contract` as this side reads them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::{
    AcquireRequest, AddressKind, CaSource, ConfigError, DatabaseFormat, DiscardRequest, EngineConfig, HelperConfig,
    HelperContent, IdentityOutput, KeyAlgorithm, KubernetesOutput, OutputKind, Reader, Scope, TokenSource, UserRef,
};
use crate::error::{Code, Error, Fault};
use crate::method::JoinMethod;
use crate::vocabulary::ABI;

macro_rules! contract {
    ($name:literal) => {
        include_bytes!(concat!("../../../../contract/", $name))
    };
}

fn lines(error: &ConfigError) -> Vec<String> {
    error.diagnostics().iter().map(ToString::to_string).collect()
}

#[test]
fn open_is_read_as_the_contract_says() {
    let config = EngineConfig::from_json(contract!("open.request.json")).unwrap();
    assert_eq!(config.root, PathBuf::from("/home/jenkins/agent/machine-id"));
    let helper = "/home/jenkins/agent/machine-id/lib/1f2e3d4c/machine-id".into();
    assert_eq!(config.helper, HelperConfig { path: helper, content: HelperContent::Sha256([0x22; 32]) });
    let [api, minimal, pods, gitlab] = config.identities.as_slice() else { panic!("four identities") };

    assert_eq!((api.id.as_str(), api.cluster.host.as_str(), api.cluster.port), ("api", "teleport.example.com", 443));
    assert_eq!(api.cluster.kind, AddressKind::Proxy);
    assert_eq!(api.cluster.ca_pins.iter().map(|pin| pin.0).collect::<Vec<_>>(), [[0x11; 32]]);
    assert!(matches!(&api.cluster.ca, Some(CaSource::Pem(pem)) if pem.starts_with("-----BEGIN")));
    assert!(api.cluster.use_configured_address && !config.identities[1].cluster.use_configured_address);
    assert_eq!(api.join.method, JoinMethod::Token);
    assert!(
        matches!(&api.join.token, TokenSource::Value(token) if token.expose() == "0123456789abcdef0123456789abcdef")
    );
    assert_eq!(api.roles, ["api-workers"]);
    assert_eq!((api.lifetime.as_secs(), api.max_ttl.as_secs()), (3600, 7200));
    assert_eq!(api.renewal_interval, Some(Duration::from_secs(1200)));
    assert_eq!(api.storage.as_ref().unwrap().path, PathBuf::from("/home/jenkins/agent/machine-id/identities/api"));

    assert_eq!((minimal.cluster.port, minimal.cluster.kind), (3025, AddressKind::AuthOrProxy));
    assert!(matches!(&minimal.join.token, TokenSource::File(path) if path.ends_with("token")));
    assert_eq!((minimal.lifetime.as_secs(), minimal.renewal_interval), (3600, None));
    assert_eq!(minimal.key_algorithm, None);

    assert_eq!(pods.join.settings.path("token_path"), Some(Path::new("/var/run/secrets/tokens/join-sa-token")));
    assert_eq!(pods.key_algorithm, Some(KeyAlgorithm::Ed25519));
    assert_eq!(gitlab.join.settings.text("variable"), Some("TBOT_GITLAB_JWT"));
    assert_eq!((gitlab.cluster.host.as_str(), gitlab.cluster.port), ("2001:db8::1", 3080));
}

fn check_of(join: &str) -> Result<EngineConfig, Vec<String>> {
    let digest = "2".repeat(64);
    let text = format!(
        r#"{{"abi": {ABI}, "root": "/r", "helper": "/h", "helper_sha256": "{digest}",
            "identities": [{{"id": "api", "cluster": {{"address": "c"}}, "join": {join}}}]}}"#
    );
    EngineConfig::check_from_json(text.as_bytes()).map_err(|error| lines(&error))
}

#[test]
fn check_leaves_the_token_out() {
    let config = EngineConfig::check_from_json(contract!("check.request.json")).unwrap();
    assert!(matches!(config.identities[0].join.token, TokenSource::Absent));
}

#[test]
fn check_of_any_join_method_needs_no_token() {
    for method in JoinMethod::ALL {
        let config = check_of(&format!(r#"{{"method": "{}"}}"#, method.as_str())).unwrap();
        assert_eq!(config.identities[0].join.method, *method);
    }
}

#[test]
fn check_refuses_whatever_is_secret() {
    for more in [r#""token": "x""#, r#""token_file": "/etc/token""#, r#""settings": {"variable": "X"}"#] {
        let faults = check_of(&format!(r#"{{"method": "github", {more}}}"#)).unwrap_err();
        assert_eq!(faults, ["identities[0].join: has a token or settings; a check takes neither, leave them out"]);
    }
}

#[test]
fn every_fault_of_open_is_reported_with_its_path() {
    let error = EngineConfig::from_json(contract!("open-invalid.request.json")).unwrap_err();
    assert_eq!(error.code(), Code::ConfigInvalid);
    assert_eq!(
        lines(&error),
        [
            format!("abi: is 1; allowed are {ABI} to {ABI}").as_str(),
            "root: is \"machine-id\"; write an absolute path",
            "helper: is \"/opt/../machine-id\"; write it without '.', '..', doubled or trailing '/'",
            "helper_sha256: is \"2222\"; write 64 hex digits",
            "identities[0].id: is \"../api\"; write up to 64 letters, digits, '-', '_' or '.', a letter or digit first",
            "identities[0].cluster.address: has the scheme \"http\"; write https:// or none",
            "identities[0].cluster.ca_pin: unknown key; did you mean \"ca_pins\"?",
            "identities[0].join.method: isn't a join method; did you mean \"token\"?",
            "identities[0].join.token: is a number; write a text",
        ]
    );
}

#[test]
fn discard_is_read_as_the_contract_says() {
    let request = DiscardRequest::from_json(contract!("discard.request.json")).unwrap();
    assert_eq!(request.root, PathBuf::from("/home/jenkins/agent/machine-id"));
    assert!(request.directory.unwrap().ends_with(format!("machine-id-{}", request.lease)));
    let error =
        DiscardRequest::from_json(br#"{"root":"r","lease":"../x","directory":"/a/../b","token":""}"#).unwrap_err();
    assert_eq!(error.diagnostics().len(), 4, "{error}");
}

#[test]
fn acquire_is_read_as_the_contract_says() {
    let (request, None) = AcquireRequest::from_json(contract!("acquire.request.json")).unwrap() else {
        panic!("an ID token")
    };
    assert_eq!(
        request,
        AcquireRequest {
            lease: "9f0c5a1e2b3d4f60718293a4b5c6d7e8".to_owned(),
            identity: "api".to_owned(),
            roles: vec!["api-workers".to_owned()],
            ttl: Some(Duration::from_secs(1800)),
            directory: "/home/jenkins/agent/workspace/job@tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8".into(),
            standing: false,
            readers: vec![Reader::User(UserRef::Id(1000)), Reader::User(UserRef::Name("ci".to_owned()))],
            scope: Scope::Build,
            deadline: Duration::from_secs(90),
            route_to_cluster: Some("leaf.example.com".to_owned()),
            outputs: vec![
                OutputKind::Identity(IdentityOutput::default()),
                OutputKind::Kubernetes(KubernetesOutput::named(["prod"])),
                OutputKind::Database {
                    service: "pg".to_owned(),
                    username: "app".to_owned(),
                    database: "app".to_owned(),
                    format: Some(DatabaseFormat::Tls),
                },
                OutputKind::Application { app: "grafana".to_owned(), specific_tls_naming: true },
            ],
            tunnels: Vec::new(),
        }
    );
}

/// The outputs of a request, or its faults.
fn outputs(json: &str) -> Result<Vec<OutputKind>, Vec<String>> {
    let text = format!(r#"{{"lease":"{}","identity":"api","directory":"/d","outputs":{json}}}"#, "a".repeat(32));
    AcquireRequest::from_json(text.as_bytes()).map(|(request, _)| request.outputs).map_err(|error| lines(&error))
}

#[test]
fn an_output_names_one_kubernetes_cluster_or_several_in_their_order() {
    let kube = |names: &[&str]| vec![OutputKind::Kubernetes(KubernetesOutput::named(names.iter().copied()))];
    let one = kube(&["prod"]);
    assert_eq!(outputs(r#"[{"type":"kubernetes","kubernetes_cluster":"prod"}]"#).unwrap(), one);
    assert_eq!(outputs(r#"[{"type":"kubernetes","kubernetes_clusters":["prod"]}]"#).unwrap(), one);
    let several = r#"[{"type":"kubernetes","kubernetes_clusters":["prod","../x","a b","arn:aws:eks:eu:1:cluster/b"]}]"#;
    assert_eq!(outputs(several).unwrap(), kube(&["prod", "../x", "a b", "arn:aws:eks:eu:1:cluster/b"]));
}

#[test]
fn several_kubernetes_clusters_are_read_as_the_contract_says() {
    let (request, _) = AcquireRequest::from_json(contract!("acquire-kubernetes.request.json")).unwrap();
    let kube = OutputKind::Kubernetes(KubernetesOutput::named(["prod", "eu/staging 1"]));
    assert_eq!(request.outputs, [OutputKind::Identity(IdentityOutput::default()), kube]);
}

#[test]
fn kubernetes_clusters_that_are_none_too_many_or_there_twice_are_refused() {
    let long = format!(r#"[{{"type":"kubernetes","kubernetes_clusters":["{}"]}}]"#, "x".repeat(300));
    let cases = [
        (
            r#"[{"type":"kubernetes","kubernetes_cluster":"a","kubernetes_clusters":["b"]}]"#,
            "outputs[0]: has both kubernetes_cluster and kubernetes_clusters; write one of them",
        ),
        (
            r#"[{"type":"kubernetes","kubernetes_clusters":[]}]"#,
            "outputs[0].kubernetes_clusters: names no cluster; write the name of at least one",
        ),
        (
            r#"[{"type":"kubernetes","kubernetes_clusters":["a","b","a"]}]"#,
            r#"outputs[0].kubernetes_clusters[2]: is "a", which stands before it; each cluster once"#,
        ),
        (
            r#"[{"type":"kubernetes","kubernetes_clusters":["a b "]}]"#,
            r#"outputs[0].kubernetes_clusters[0]: is "a b "; control characters and outer blanks aren't allowed"#,
        ),
        (
            r#"[{"type":"kubernetes","kubernetes_cluster":"a"},{"type":"kubernetes","kubernetes_clusters":["b","a"]}]"#,
            r#"outputs[1]: names Kubernetes cluster "a" like an output before it; each once"#,
        ),
        (&long, "outputs[0].kubernetes_clusters[0]: is 300 bytes long; at most 255 are allowed"),
    ];
    for (json, fault) in cases {
        assert_eq!(outputs(json).unwrap_err(), [fault], "{json}");
    }
}

#[test]
fn a_minimal_acquire_has_the_defaults_of_the_contract() {
    let (request, _) = AcquireRequest::from_json(contract!("acquire-minimal.request.json")).unwrap();
    assert_eq!(request.outputs, [OutputKind::Identity(IdentityOutput::default())]);
    assert_eq!((request.ttl, request.scope, request.deadline), (None, Scope::Agent, Duration::from_secs(60)));
}

#[test]
fn every_fault_of_acquire_is_reported_with_its_path() {
    let error = AcquireRequest::from_json(contract!("acquire-invalid.request.json")).unwrap_err();
    assert_eq!(error.code(), Code::RequestInvalid);
    assert_eq!(
        lines(&error),
        [
            "lease: is \"9F0C\"; write 32 to 64 lower-case hex digits",
            "directory: is \"workspace/machine-id\"; write an absolute path",
            "ttl_seconds: is a text; write a number from 60 to 604800",
            "outputs[0].kubernetes_cluster: is missing; write its name in Teleport",
            "role: unknown key; did you mean \"roles\"?",
        ]
    );
    assert!(error.to_string().starts_with("5 faults: (1) lease: is"), "{error}");
}

#[test]
fn refusals_read_as_the_contract_says() {
    let open = EngineConfig::from_json(contract!("open-invalid.request.json")).unwrap_err();
    let acquire = AcquireRequest::from_json(contract!("acquire-invalid.request.json")).unwrap_err();
    for (error, reply) in [
        (Error::from(open), &contract!("open-invalid.reply.json")[..]),
        (Error::from(acquire), &contract!("acquire-invalid.reply.json")[..]),
    ] {
        let reply: serde_json::Value = serde_json::from_slice(reply).unwrap();
        let expected = serde_json::json!({"error": {
            "code": error.code().as_str(), "message": error.message(), "hint": error.hint(), "retry": "no",
        }});
        assert_eq!(reply, expected, "{}", serde_json::to_string_pretty(&expected).unwrap());
    }
}

#[test]
fn no_fault_repeats_a_token() {
    for join in [
        r#"{"method": "hunter2hunter2", "token": "x"}"#,
        r#"{"method": "token", "token": ["hunter2hunter2"]}"#,
        r#"{"method": "token", "token": "hunter2hunter2", "token_file": "/x"}"#,
        r#"{"method": "token", "token": "hunter2hunter2" "#,
    ] {
        let text = format!(
            r#"{{"abi":{ABI},"root":"/r","helper":"/h","helper_sha256":"2222222222222222222222222222222222222222222222222222222222222222","identities":[{{"id":"a","cluster":{{"address":"h"}},"join":{join}}}]}}"#
        );
        let error = EngineConfig::from_json(text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn a_join_method_that_is_not_built_is_unsupported_rather_than_invalid() {
    let text = format!(
        r#"{{"abi":{ABI},"root":"/r","helper":"/h","helper_sha256":"2222222222222222222222222222222222222222222222222222222222222222","identities":[
        {{"id":"a","cluster":{{"address":"h"}},"join":{{"method":"tpm","token":"t"}}}}]}}"#
    );
    let error = EngineConfig::from_json(text.as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert_eq!(error.diagnostics().len(), 1);
}

fn settings_of(join: &str) -> Result<EngineConfig, Vec<String>> {
    let digest = "2".repeat(64);
    let text = format!(
        r#"{{"abi": {ABI}, "root": "/r", "helper": "/h", "helper_sha256": "{digest}",
            "identities": [{{"id": "api", "cluster": {{"address": "c"}}, "join": {join}}}]}}"#
    );
    EngineConfig::from_json(text.as_bytes()).map_err(|error| lines(&error))
}

#[test]
fn a_method_takes_its_own_settings_alone() {
    let faults = |settings: &str| {
        settings_of(&format!(r#"{{"method": "gitlab", "token": "t", "settings": {settings}}}"#)).unwrap_err()
    };
    let [fault] = &faults(r#"{"token_path": "/t"}"#)[..] else { panic!("one fault") };
    assert!(fault.starts_with("identities[0].join.settings.token_path: unknown key;"), "{fault}");
    assert_eq!(
        faults(r#"{"variable": "A", "file": "/t"}"#),
        ["identities[0].join.settings: has variable and file; write one of them"]
    );
    assert_eq!(faults(r#"{"file": "t"}"#), ["identities[0].join.settings.file: is \"t\"; write an absolute path"]);
    let [fault] = &settings_of(r#"{"method": "token", "settings": {"variable": "A"}}"#).unwrap_err()[..] else {
        panic!("one fault")
    };
    assert!(fault.starts_with("identities[0].join.settings.variable: unknown key"), "{fault}");
    assert!(settings_of(r#"{"method": "gitlab", "token": "t", "settings": {}}"#).is_ok());
}

#[test]
fn a_joining_uri_in_place_of_a_token_is_taken_apart() {
    let config = settings_of(r#"{"method": "token", "token": "tbot+proxy+gitlab://ci:JWT@C:443"}"#).unwrap();
    let join = &config.identities[0].join;
    assert_eq!((join.method, join.settings.text("variable")), (JoinMethod::Gitlab, Some("JWT")));
    assert!(matches!(&join.token, TokenSource::Value(token) if token.expose() == "ci"));
    let faults = |join: &str| settings_of(join).unwrap_err();
    assert_eq!(
        faults(r#"{"method": "token", "token": "tbot+proxy+token://hunter2@other.example.com:443"}"#),
        [
            "identities[0].cluster.address: isn't that of the joining URI: it is for other.example.com:443, and c:443 is \
          configured; take one of them"
        ]
    );
    assert_eq!(
        faults(r#"{"method": "circleci", "token": "tbot+proxy+gitlab://ci@c"}"#),
        ["identities[0].join.token: is a joining URI for method gitlab; write that join method"]
    );
    let config =
        settings_of(r#"{"method": "token", "token": "tbot+proxy+gitlab://ci@C:443", "settings": {"file": "/t"}}"#);
    assert!(config.unwrap().identities[0].join.settings.has("file"), "the settings are the URI's method's");
    let twice = faults(r#"{"method": "gitlab", "token": "tbot+proxy+gitlab://ci:JWT@c", "settings": {"file": "/t"}}"#);
    assert_eq!(twice, ["identities[0].join.token: is a joining URI that says variable too; leave the setting out"]);
    let [fault] = &faults(r#"{"method": "token", "token": "tbot+proxy+token:hunter2@c"}"#)[..] else { panic!("one") };
    assert!(fault.starts_with("identities[0].join.token: isn't a joining URI") && !fault.contains("hunter2"));
    // An auth server's address is another one than the proxy's.
    assert!(settings_of(r#"{"method": "token", "token": "tbot+auth+token://t@auth.example.com"}"#).is_ok());
}

#[test]
fn a_method_without_a_usual_place_of_its_token_needs_one() {
    let faults = settings_of(r#"{"method": "generic_oidc", "token": "t"}"#).unwrap_err();
    let expected = "has no place of the ID token; method \"generic_oidc\" needs variable or file or command or given";
    assert_eq!(faults, [format!("identities[0].join: {expected}")]);
    let settings = r#"{"timeout": 5}"#;
    let faults = settings_of(&format!(r#"{{"method": "generic_oidc", "token": "t", "settings": {settings}}}"#));
    assert_eq!(faults.unwrap_err(), [format!("identities[0].join: {expected}")]);
    assert!(settings_of(r#"{"method": "generic_oidc", "token": "t", "settings": {"variable": "JWT"}}"#).is_ok());
}

#[test]
fn an_id_may_stand_only_once_whatever_its_case() {
    let text = format!(
        r#"{{"abi":{ABI},"root":"/r","helper":"/h","helper_sha256":"2222222222222222222222222222222222222222222222222222222222222222","identities":[
        {{"id":"a","cluster":{{"address":"h"}},"join":{{"method":"token"}}}},
        {{"id":"A","cluster":{{"address":"h"}},"join":{{"method":"token"}}}}]}}"#
    );
    let error = EngineConfig::from_json(text.as_bytes()).unwrap_err();
    assert_eq!(lines(&error), ["identities[1].id: \"A\" is there twice; each id once"]);
}

#[test]
fn broken_json_is_reported_by_place_only() {
    for (text, expected) in [
        ("", "config: ends too early, at line 1 column 0"),
        ("{\n\"abi\": x", "config: isn't JSON, at line 2 column 8"),
        ("[]", "config: is a list; write a mapping of keys to values"),
    ] {
        assert_eq!(lines(&EngineConfig::from_json(text.as_bytes()).unwrap_err()), [expected]);
    }
    assert!(EngineConfig::from_json(&b"[".repeat(1 << 20)).is_err());
    assert!(EngineConfig::from_json(&vec![b' '; (1 << 20) + 1]).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(EngineConfig::from_json(&bytes).is_err());
        prop_assert!(AcquireRequest::from_json(&bytes).is_err());
    }

    #[test]
    fn any_value_of_a_key_is_read_or_refused(
        key in "abi|root|lease|identity|directory|roles|ttl_seconds|readers|scope|outputs|deadline_ms",
        value in "-?[0-9]{1,25}(\\.[0-9]+)?|\"[^\"\\\\\\p{C}]{0,40}\"|\\[\"[a-z]*\"\\]|\\{\\}|null|true|\\[\\]",
    ) {
        let text = format!("{{\"{key}\": {value}}}");
        let error = AcquireRequest::from_json(text.as_bytes()).unwrap_err();
        prop_assert!(!error.diagnostics().is_empty());
        prop_assert!(error.diagnostics().iter().all(|fault| !fault.message.contains('\n')));
    }
}
