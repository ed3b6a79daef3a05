//! The HTTP/1.1 remnants at the auth server: authorities for version 12 and older, the cluster's CA for version 10 and
//! older (protocol D3 and D5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::Full;
use serde::Deserialize;
use teleport_api::types::{CaKeySet, CertAuthoritySpecV2, CertAuthorityV2, Rotation, SshKeyPair, TlsKeyPair};

use crate::connect::error::{ConnectError, Refusal, TransportError};
use crate::connect::net::http as http1;
use crate::connect::route::cluster::Cluster;
use crate::connect::route::connector::Connector;
use crate::connect::tls::names;
use crate::connect::tls::trust::Trust;
use crate::connect::words;

use super::authority::{CaKind, CertAuthority};
use super::client::AuthClient;

/// What is asked for, as it stands in messages.
pub(in crate::connect) const CLUSTER_CA: &str = "the request for its CA";

impl Connector {
    /// The cluster's host CAs, PEM, as anybody may ask for them up to version 10.
    pub(in crate::connect) async fn cluster_ca_by_rest(
        &self,
        cluster: &Cluster,
        trust: Option<&Trust>,
    ) -> Result<String, ConnectError> {
        let (stream, address) = self.to_auth(cluster, names::HTTP1, trust, None).await?;
        let reply = self.http(stream, &address, Request::get("/v2/cacert"), Full::default()).await?;
        if reply.status != 200 {
            let (address, message) = (address.to_string(), http1::error_message(&reply.body));
            return Err(TransportError::HttpFailed { address, what: CLUSTER_CA, status: reply.status, message }.into());
        }
        cluster_ca(&reply.body)
    }
}

#[derive(Deserialize)]
struct ClusterCa {
    tls_ca: String,
}

fn cluster_ca(body: &[u8]) -> Result<String, ConnectError> {
    let bad = |reason: String| ConnectError::Transport(TransportError::BadReply { call: CLUSTER_CA, reason });
    let reply: ClusterCa = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let pem = STANDARD.decode(reply.tls_ca).map_err(|error| bad(error.to_string()))?;
    String::from_utf8(pem).map_err(|error| bad(error.to_string()))
}

impl AuthClient {
    /// A GET with the client's certificate, on a connection of its own.
    pub(in crate::connect) async fn rest(&self, path: &str, what: &'static str) -> Result<Vec<u8>, ConnectError> {
        let (stream, address) =
            self.connector.to_auth(&self.cluster, names::HTTP1, Some(&self.trust), Some(&self.credential)).await?;
        let reply = self.connector.http(stream, &address, Request::get(path), Full::default()).await?;
        match reply.status {
            200 => Ok(reply.body),
            403 if words::locked(&http1::error_message(&reply.body)) => {
                Err(Refusal::Locked { message: http1::error_message(&reply.body) }.into())
            }
            status => {
                let message = http1::error_message(&reply.body);
                Err(TransportError::HttpFailed { address: address.to_string(), what, status, message }.into())
            }
        }
    }
}

#[derive(Deserialize)]
struct Authority {
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    cluster_name: String,
    active_keys: Keys,
    additional_trusted_keys: Keys,
    rotation: Option<Phase>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Keys {
    ssh: Option<Vec<SshPair>>,
    tls: Option<Vec<TlsPair>>,
}

#[derive(Deserialize)]
struct SshPair {
    #[serde(default)]
    public_key: String,
}

#[derive(Deserialize)]
struct TlsPair {
    #[serde(default)]
    cert: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Phase {
    state: String,
    phase: String,
    current_id: String,
}

pub(in crate::connect) fn authority(kind: CaKind, body: &[u8]) -> Result<CertAuthority, ConnectError> {
    read(kind, serde_json::from_slice(body).map_err(bad)?)
}

pub(in crate::connect) fn authorities(kind: CaKind, body: &[u8]) -> Result<Vec<CertAuthority>, ConnectError> {
    let list: Option<Vec<Authority>> = serde_json::from_slice(body).map_err(bad)?;
    list.unwrap_or_default().into_iter().map(|authority| read(kind, authority)).collect()
}

fn read(kind: CaKind, authority: Authority) -> Result<CertAuthority, ConnectError> {
    let spec = authority.spec;
    let message = CertAuthorityV2 {
        spec: Some(CertAuthoritySpecV2 {
            cluster_name: spec.cluster_name,
            active_keys: Some(keys(spec.active_keys)?),
            additional_trusted_keys: Some(keys(spec.additional_trusted_keys)?),
            rotation: spec.rotation.map(|Phase { state, phase, current_id }| Rotation {
                state,
                phase,
                current_id,
                ..Rotation::default()
            }),
            ..CertAuthoritySpecV2::default()
        }),
        ..CertAuthorityV2::default()
    };
    CertAuthority::read(kind, message)
}

fn keys(keys: Keys) -> Result<CaKeySet, ConnectError> {
    let decode = |text: String| STANDARD.decode(text).map_err(bad);
    let ssh =
        keys.ssh.unwrap_or_default().into_iter().map(|pair| Ok(SshKeyPair { public_key: decode(pair.public_key)? }));
    let tls = keys.tls.unwrap_or_default().into_iter().map(|pair| Ok(TlsKeyPair { cert: decode(pair.cert)? }));
    let ssh: Result<_, ConnectError> = ssh.collect();
    let tls: Result<_, ConnectError> = tls.collect();
    Ok(CaKeySet { ssh: ssh?, tls: tls?, ..CaKeySet::default() })
}

fn bad(error: impl std::fmt::Display) -> ConnectError {
    TransportError::BadReply { call: "the request for a certificate authority", reason: error.to_string() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_in_json_has_its_keys_and_its_rotation() {
        let body = r#"{"kind":"cert_authority","sub_kind":"host","version":"v2","metadata":{"name":"c"},"spec":{
            "type":"host","cluster_name":"c","active_keys":{"ssh":[{"public_key":"c3NoLXJzYSBBQUFB","private_key":null}],
            "tls":[{"cert":"LS0tLQ==","key":null}],"jwt":null},"additional_trusted_keys":{},
            "rotation":{"state":"in_progress","phase":"init","current_id":"1","started":"2026-11-21T08:00:00Z"}}}"#;
        let found = authority(CaKind::Host, body.as_bytes()).unwrap();
        assert_eq!((found.cluster.as_str(), found.rotation_phase.as_str()), ("c", "init"));
        assert_eq!(found.ssh_keys(), ["ssh-rsa AAAA"]);
        assert_eq!(found.tls_certs(), ["----"]);
        assert_eq!(authorities(CaKind::Host, b"null").unwrap(), []);
        assert_eq!(authorities(CaKind::Host, format!("[{body}]").as_bytes()).unwrap(), [found]);
    }

    #[test]
    fn the_ca_of_an_old_cluster_is_read_from_json() {
        assert_eq!(cluster_ca(br#"{"tls_ca":"LS0tLQ=="}"#).unwrap(), "----");
        for body in ["", "{}", r#"{"tls_ca":"%"}"#, r#"{"tls_ca":"/w=="}"#] {
            assert!(cluster_ca(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn junk_is_a_bad_reply() {
        for body in ["", "{}", "[1]", r#"{"spec":{"active_keys":{"ssh":[{"public_key":"%"}]}}}"#] {
            assert!(authority(CaKind::Host, body.as_bytes()).is_err(), "{body}");
        }
    }
}
