//! What a Teleport 15 cluster sent and accepted is what the generated types say.
//!
//! Every recording goes through its generated type and is then compared with the JSON rendering
//! recorded beside it. Recordings of messages that `proto/` describes in full must also come out
//! byte for byte; the others list each field that is unknown here.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use prost_types::Timestamp;
use teleport_api::auth::paginated_resource::Resource;
use teleport_api::auth::user_certs_request::CertUsage;
use teleport_api::{auth, types};

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const PROTO_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/teleport-15/grpc");

/// A recorded message.
struct Recording {
    /// File name without its extension.
    name: &'static str,
    /// Full name of the protobuf message.
    message: &'static str,
    /// Decodes and encodes again through the generated type.
    through_generated: fn(&[u8]) -> TestResult<Vec<u8>>,
    /// Fields that `proto/` leaves out.
    unknown: &'static [Unknown],
}

/// A field that `proto/` leaves out: JSON pointer of its message, its number and its JSON name.
type Unknown = (&'static str, u32, &'static str);

const NOTHING: &[Unknown] = &[];
const DESKTOP_ROUTE: &[Unknown] = &[("", 13, "RouteToWindowsDesktop")];
const FURTHER_FEATURES: &[Unknown] = &[
    ("/ServerFeatures", 10, "Desktop"),
    ("/ServerFeatures", 18, "Assist"),
    ("/ServerFeatures", 19, "DeviceTrust"),
    ("/ServerFeatures", 21, "AccessRequests"),
];
const KUBE_CLUSTER: &str = "/Resources/0/KubernetesServer/Spec/Cluster";
const KUBE_CLUSTER_REST: &[Unknown] =
    &[(KUBE_CLUSTER, 1, "Kind"), (KUBE_CLUSTER, 3, "Version"), (KUBE_CLUSTER, 5, "Spec")];

fn recordings() -> Vec<Recording> {
    let mut all = vec![
        recording::<auth::PingResponse>("ping", "proto.PingResponse", FURTHER_FEATURES),
        recording::<auth::GetClusterCaCertResponse>("get_cluster_ca_cert", "proto.GetClusterCACertResponse", NOTHING),
    ];
    all.extend(
        ["get_cert_authority_host", "get_cert_authority_user"]
            .map(|name| recording::<types::CertAuthorityV2>(name, "types.CertAuthorityV2", NOTHING)),
    );
    all.extend(
        ["renew.response", "impersonate.response", "kube_usage.response"]
            .map(|name| recording::<auth::Certs>(name, "proto.Certs", NOTHING)),
    );
    all.extend(
        [
            "impersonate.request",
            "impersonate_badrole.request",
            "impersonate_forbidden.request",
            "impersonate_locked.request",
            "kube_usage.request",
            "noexp.request",
            "renew.request",
            "renew_locked.request",
            "renew_stale_generation.request",
            "userother.request",
        ]
        .map(|name| recording::<auth::UserCertsRequest>(name, "proto.UserCertsRequest", DESKTOP_ROUTE)),
    );
    all.extend(
        [
            ("list_resources_app_server", NOTHING),
            ("list_resources_db_server", NOTHING),
            ("list_resources_kube_server", KUBE_CLUSTER_REST),
            ("list_resources_node", NOTHING),
        ]
        .map(|(name, unknown)| recording::<auth::ListResourcesResponse>(name, "proto.ListResourcesResponse", unknown)),
    );
    all
}

fn recording<M: Message + Default>(
    name: &'static str,
    message: &'static str,
    unknown: &'static [Unknown],
) -> Recording {
    Recording { name, message, through_generated: |bytes| Ok(M::decode(bytes)?.encode_to_vec()), unknown }
}

#[test]
fn every_recording_is_tested() -> TestResult {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(RECORDINGS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pb") {
            files.insert(path.file_stem().ok_or("no file name")?.to_string_lossy().into_owned());
        }
    }
    let tested: BTreeSet<String> = recordings().iter().map(|recording| recording.name.to_owned()).collect();
    assert_eq!(files, tested);
    Ok(())
}

#[test]
fn fully_described_messages_come_out_byte_for_byte() -> TestResult {
    for recording in recordings().iter().filter(|recording| recording.unknown.is_empty()) {
        let bytes = fs::read(file(recording.name, "pb"))?;
        let again = (recording.through_generated)(&bytes)?;
        assert!(again == bytes, "{} changed when encoded again", recording.name);
    }
    Ok(())
}

#[test]
fn unknown_fields_are_the_listed_ones() -> TestResult {
    let pool = descriptors()?;
    for recording in recordings() {
        let bytes = fs::read(file(recording.name, "pb"))?;
        let listed: Vec<(String, u32)> =
            recording.unknown.iter().map(|(message, number, _)| ((*message).to_owned(), *number)).collect();
        let mut found = Vec::new();
        collect_unknown("", &decode(&pool, recording.message, &bytes)?, &mut found);
        assert_eq!(found, listed, "{}", recording.name);
    }
    Ok(())
}

#[test]
fn values_equal_the_json_rendering() -> TestResult {
    let pool = descriptors()?;
    for recording in recordings() {
        let bytes = (recording.through_generated)(&fs::read(file(recording.name, "pb"))?)?;
        let actual = serde_json::to_value(decode(&pool, recording.message, &bytes)?)?;

        let mut expected: serde_json::Value = serde_json::from_str(&fs::read_to_string(file(recording.name, "json"))?)?;
        for (message, _, field) in recording.unknown {
            expected
                .pointer_mut(message)
                .and_then(|value| value.as_object_mut())
                .and_then(|object| object.remove(*field))
                .ok_or_else(|| format!("{}: no {field} in {message:?}", recording.name))?;
        }
        assert_eq!(actual, expected, "{}", recording.name);
    }
    Ok(())
}

#[test]
fn ping_names_cluster_and_version() -> TestResult {
    let ping: auth::PingResponse = read("ping")?;
    assert_eq!(ping.cluster_name, "example.test");
    assert_eq!(ping.server_version, "15.0.0-dev");
    assert_eq!(ping.server_features, Some(auth::Features { kubernetes: true, app: true, db: true }));
    assert_eq!(ping.proxy_public_addr, "localhost:13080");
    assert!(!ping.is_boring);
    assert!(!ping.load_all_c_as);
    Ok(())
}

#[test]
fn cluster_ca_cert_is_the_certificate_of_the_host_ca() -> TestResult {
    let cluster: auth::GetClusterCaCertResponse = read("get_cluster_ca_cert")?;
    let host: types::CertAuthorityV2 = read("get_cert_authority_host")?;
    let keys = host.spec.and_then(|spec| spec.active_keys).ok_or("no active keys")?;
    assert_eq!(keys.tls, [types::TlsKeyPair { cert: cluster.tlsca }]);
    Ok(())
}

#[test]
fn authorities_hold_the_keys_of_their_type() -> TestResult {
    let renewal: auth::Certs = read("renew.response")?;
    for (index, kind) in ["user", "host"].into_iter().enumerate() {
        let authority: types::CertAuthorityV2 = read(&format!("get_cert_authority_{kind}"))?;
        assert_eq!(authority.kind, "cert_authority");
        assert_eq!(authority.sub_kind, kind);
        assert_eq!(authority.metadata.ok_or("no metadata")?.name, "example.test");

        let spec = authority.spec.ok_or("no spec")?;
        assert_eq!(spec.r#type, kind);
        assert_eq!(spec.cluster_name, "example.test");
        assert_eq!(spec.rotation, None);
        assert_eq!(spec.additional_trusted_keys, Some(types::CaKeySet::default()));

        let keys = spec.active_keys.ok_or("no active keys")?;
        let certs: Vec<&Vec<u8>> = keys.tls.iter().map(|pair| &pair.cert).collect();
        assert_eq!(certs, [&renewal.tlsca_certs[index]]);
        let lines: Vec<&[u8]> = keys.ssh.iter().map(|pair| pair.public_key.trim_ascii_end()).collect();
        assert_eq!(lines, [renewal.sshca_certs[index].trim_ascii_end()]);
        assert_eq!(keys.jwt, []);
    }
    Ok(())
}

#[test]
fn renewal_answers_with_two_authorities_and_impersonation_with_one() -> TestResult {
    for (name, authorities) in [("renew.response", 2), ("impersonate.response", 1), ("kube_usage.response", 1)] {
        let certs: auth::Certs = read(name)?;
        assert!(certs.ssh.starts_with(b"ecdsa-sha2-nistp256-cert-v01@openssh.com "), "{name}");
        assert!(certs.tls.starts_with(b"-----BEGIN CERTIFICATE-----\n"), "{name}");
        assert_eq!(certs.tlsca_certs.len(), authorities, "{name}");
        assert_eq!(certs.sshca_certs.len(), authorities, "{name}");
    }
    Ok(())
}

#[test]
fn certificate_requests_are_those_recorded() -> TestResult {
    let renewal = auth::UserCertsRequest {
        public_key: fs::read(Path::new(RECORDINGS).join("../keys/ecdsa.ssh.pub"))?,
        username: "bot-fx1".to_owned(),
        expires: Some(Timestamp { seconds: 1_795_293_097, nanos: 0 }),
        format: "standard".to_owned(),
        // Sent empty by the recording client.
        route_to_database: Some(auth::RouteToDatabase::default()),
        route_to_app: Some(auth::RouteToApp::default()),
        ..Default::default()
    };
    assert_eq!(read::<auth::UserCertsRequest>("renew.request")?, renewal);

    let impersonation = auth::UserCertsRequest {
        route_to_cluster: "example.test".to_owned(),
        role_requests: vec!["api-workers".to_owned()],
        use_role_requests: true,
        ..renewal
    };
    assert_eq!(read::<auth::UserCertsRequest>("impersonate.request")?, impersonation);

    let mut kubernetes = auth::UserCertsRequest { kubernetes_cluster: "kube1".to_owned(), ..impersonation };
    kubernetes.set_usage(CertUsage::Kubernetes);
    assert_eq!(read::<auth::UserCertsRequest>("kube_usage.request")?, kubernetes);
    Ok(())
}

#[test]
fn resources_are_of_the_kind_listed() -> TestResult {
    let kubes: auth::ListResourcesResponse = read("list_resources_kube_server")?;
    assert_eq!(kubes.next_key, "");
    let [auth::PaginatedResource { resource: Some(Resource::KubernetesServer(server)) }] = kubes.resources.as_slice()
    else {
        return Err("not one Kubernetes server".into());
    };
    let cluster = server.spec.as_ref().and_then(|spec| spec.cluster.as_ref()).ok_or("no cluster")?;
    let metadata = cluster.metadata.as_ref().ok_or("no metadata")?;
    assert_eq!(metadata.name, "kube1");
    assert_eq!(metadata.labels, BTreeMap::from([("env".to_owned(), "t".to_owned())]));

    let nodes: auth::ListResourcesResponse = read("list_resources_node")?;
    let [auth::PaginatedResource { resource: Some(Resource::Node(node)) }] = nodes.resources.as_slice() else {
        return Err("not one node".into());
    };
    let metadata = node.metadata.as_ref().ok_or("no metadata")?;
    assert_eq!(metadata.name, "cf2bcb0d-3896-4c6c-8ae1-e307b4b0a761");
    assert_eq!(metadata.labels, BTreeMap::from([("group".to_owned(), "api".to_owned())]));
    assert_eq!(node.spec.as_ref().ok_or("no spec")?.hostname, "node1");

    for empty in ["list_resources_app_server", "list_resources_db_server"] {
        assert_eq!(read::<auth::ListResourcesResponse>(empty)?, auth::ListResourcesResponse::default());
    }
    Ok(())
}

fn read<M: Message + Default>(name: &str) -> TestResult<M> {
    Ok(M::decode(fs::read(file(name, "pb"))?.as_slice())?)
}

fn file(name: &str, extension: &str) -> PathBuf {
    Path::new(RECORDINGS).join(format!("{name}.{extension}"))
}

fn descriptors() -> TestResult<DescriptorPool> {
    Ok(DescriptorPool::from_file_descriptor_set(protox::compile(["auth.proto", "trust.proto"], [PROTO_DIR])?)?)
}

fn decode(pool: &DescriptorPool, message: &str, bytes: &[u8]) -> TestResult<DynamicMessage> {
    let descriptor = pool.get_message_by_name(message).ok_or_else(|| format!("no message {message}"))?;
    Ok(DynamicMessage::decode(descriptor, bytes)?)
}

/// Adds the JSON pointer of every message with unknown fields, and their numbers.
fn collect_unknown(path: &str, message: &DynamicMessage, found: &mut Vec<(String, u32)>) {
    found.extend(message.unknown_fields().map(|field| (path.to_owned(), field.number())));
    for (field, value) in message.fields() {
        let path = format!("{path}/{}", field.json_name());
        match value {
            Value::Message(inner) => collect_unknown(&path, inner, found),
            Value::List(items) => {
                for (index, inner) in items.iter().enumerate().filter_map(|(i, item)| Some((i, item.as_message()?))) {
                    collect_unknown(&format!("{path}/{index}"), inner, found);
                }
            }
            _ => {}
        }
    }
}
