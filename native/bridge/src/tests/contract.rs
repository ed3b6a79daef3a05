//! What our types write has the shape of the replies that the Java tests read.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use machine_id::config::AddressKind;
use machine_id::engine::{
    Acquired, CertificateHistory, CertificateNote, Checked, Dropped, Failure, IdentityReport, IdentityState,
    IdentityStatus, LeaseStatus, OpenTunnel, Origin, Released, Renewed, Server, Status, Trust,
};
use machine_id::error::{Code, Error, Fault, Retry};
use machine_id::lease::Fate;
use machine_id::metrics::Counts;
use serde::Serialize;
use serde_json::{Value, json};

use crate::calls::{self, Call};
use crate::reply::{self, Closed, Opened};

macro_rules! reply_file {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../../contract/", $name, ".reply.json"))).unwrap()
    };
}

/// 2026-11-21T20:37:33Z, the time in the files.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_293_453)
}

/// The reply as it is written.
fn written(outcome: impl Serialize) -> Value {
    serde_json::from_slice(&reply::of(Ok::<_, Error>(outcome))).unwrap()
}

/// Keys and types, without values; a list counts by its first entry, a nullable value by itself.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(list) => list.first().map_or(json!([]), |first| json!([shape(first)])),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("bool"),
        Value::Null => Value::Null,
    }
}

#[test]
fn the_short_replies_are_the_files() {
    assert_eq!(written(Opened { engine: 7 }), reply_file!("open"));
    let left = Released {
        released: false,
        directory: Fate::NotOurs,
        failures: Vec::new(),
        history: CertificateHistory::default(),
    };
    assert_eq!(written(left), reply_file!("discard"));
    assert_eq!(written(Closed {}), reply_file!("close"));
    assert_eq!(written(Dropped { dropped: true }), reply_file!("drop"));
    assert_eq!(written(Renewed { expires_at: then(), generation: Some(3) }), reply_file!("renew"));
}

fn history() -> CertificateHistory {
    let certificate = CertificateNote {
        kind: "ssh".to_owned(),
        output: "identity".to_owned(),
        target: String::new(),
        key_id: "bot-api".to_owned(),
        serial: "0".to_owned(),
        fingerprint: "SHA256:".to_owned(),
        roles: vec!["api-workers".to_owned()],
        principals: vec!["jenkins".to_owned()],
        valid_from: then(),
        valid_until: then(),
    };
    let mut history = CertificateHistory::default();
    history.add(&[certificate]);
    history
}

#[test]
fn an_acquired_lease_has_the_keys_of_its_file() {
    let acquired = Acquired {
        lease: "9f0c".to_owned(),
        directory: "/lease".into(),
        expires_at: then(),
        origin: Origin::Joined,
        method: "token",
        environment: BTreeMap::from([("MACHINE_ID_DIR".to_owned(), "/lease".to_owned())]),
        history: history(),
        tunnels: vec![OpenTunnel { protocol: "postgres".to_owned(), port: 0, kept: false }],
    };
    assert_eq!(shape(&written(acquired)), shape(&reply_file!("acquire")));
}

#[test]
fn a_released_lease_has_the_keys_of_its_file() {
    let released = Released { released: true, directory: Fate::Removed, failures: Vec::new(), history: history() };
    assert_eq!(shape(&written(released)), shape(&reply_file!("release")));
}

#[test]
fn a_check_has_the_keys_of_its_file() {
    let checked = Checked {
        cluster: "example.test".to_owned(),
        server_version: "15.0.0".to_owned(),
        address_kind: AddressKind::Proxy,
        trust: Trust::System,
        ca_pins: vec!["sha256:".to_owned()],
        clock_difference_seconds: Some(-2),
        identity: IdentityState::New,
        notes: Vec::new(),
    };
    assert_eq!(shape(&written(checked)), shape(&reply_file!("check")));
}

#[test]
fn a_status_has_the_keys_of_its_file() {
    let identity = IdentityStatus {
        id: "api".to_owned(),
        state: IdentityState::Ready,
        cluster: "example.test".to_owned(),
        bot: "bot-api".to_owned(),
        expires_at: Some(then()),
        generation: Some(2),
        renewable: true,
        reason: String::new(),
    };
    let lease = LeaseStatus {
        lease: "9f0c".to_owned(),
        identity: "api".to_owned(),
        directory: "/lease".into(),
        expires_at: then(),
        standing: false,
        usable: true,
        late: false,
        problem: String::new(),
        failures: vec![String::new()],
        history: history(),
    };
    let (message, hint) = (String::new(), String::new());
    let failure = Failure { code: Code::ClusterUnreachable, message, hint, since: then(), last: then() };
    let server = Server {
        cluster: "example.test".to_owned(),
        version: "18.9.1".to_owned(),
        address: "teleport.example.com:443".to_owned(),
        kind: AddressKind::Proxy,
        upgraded: false,
        clock_difference_seconds: Some(-2),
        ca_pins: vec!["sha256:".to_owned()],
        ca_expires_at: Some(then()),
        seen_at: then(),
    };
    let identity = IdentityReport {
        status: identity,
        method: "token",
        given: false,
        origin: Some(Origin::Renewed),
        renews_at: Some(then()),
        connected: false,
        role_subset: false,
        failure: Some(failure),
        server: Some(server),
        counts: Counts {
            joins: [("ok", 1)].into(),
            renewals: [("cluster_unreachable", 2), ("ok", 1)].into(),
            issuances: [("ok", 12)].into(),
        },
    };
    let status = Status { version: "0.1.0", opened_at: then(), identities: vec![identity], leases: vec![lease] };
    assert_eq!(shape(&written(status)), shape(&reply_file!("status")));
}

#[derive(Debug)]
struct Told(Code, &'static str, Retry);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }
}

impl std::error::Error for Told {}

impl Fault for Told {
    fn code(&self) -> Code {
        self.0
    }

    fn hint(&self) -> String {
        String::new()
    }

    fn retry(&self) -> Retry {
        self.2
    }
}

fn refused(told: Told) -> Value {
    serde_json::from_slice(&reply::of::<()>(Err(told.into()))).unwrap()
}

#[test]
fn errors_are_the_files() {
    let unreachable = "teleport.example.com:443 can't be reached: connection refused";
    assert_eq!(
        refused(Told(Code::ClusterUnreachable, unreachable, Retry::Later)),
        reply_file!("error-cluster-unreachable")
    );
    let slow = "teleport.example.com:443 asks to slow down";
    let after = Retry::After(Duration::from_millis(29_001));
    assert_eq!(refused(Told(Code::RateLimited, slow, after)), reply_file!("error-rate-limited"), "rounded up");
    let rejected = reply_file!("error-join-rejected");
    assert_eq!(refused(Told(Code::JoinRejected, "", Retry::No))["error"]["retry"], rejected["error"]["retry"]);
}

#[test]
fn invalid_requests_are_answered_as_the_files_say() {
    let _others = super::with_others();
    let open = calls::wait(Call::Open, 0, include_bytes!("../../../../contract/open-invalid.request.json"));
    assert_eq!(super::parse(&open), reply_file!("open-invalid"));
    let root = tempfile::tempdir().unwrap();
    let engine = super::opened(&super::config(root.path(), "127.0.0.1:1"));
    let acquire =
        calls::wait(Call::Acquire, engine, include_bytes!("../../../../contract/acquire-invalid.request.json"));
    assert_eq!(super::parse(&acquire), reply_file!("acquire-invalid"));
    super::ok(&calls::wait(Call::Close, engine, b""));
}
