//! What is left of REST at the auth server (protocol sections B2, D3, D5). Up to version 12 authorities are read by it,
//! up to version 10 the cluster's CA too; joins up to version 17.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use hyper::body::Incoming;

use super::refusal::Refusal;
use super::trust;
use crate::ca::AuthorityKind;
use crate::ca::authority::{Authority, CaKeys, Phase};
use crate::control::{Core, Point};
use crate::web::http::planned;
use crate::web::peer::Peer;
use crate::web::reply::{self, Reply};

/// Answers HTTP/1.1.
pub(crate) async fn rest(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    if peer.intermediates {
        return Refusal::denied("access denied: intermediaries are not supported").http();
    }
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/v1/").or_else(|| path.strip_prefix("/v2/")) else {
        return reply::not_found();
    };
    match (request.method(), path) {
        (&Method::POST, "tokens/register") if core.settings.major() <= 17 => {
            crate::web::join::over_http(&core, &peer, request, true).await
        }
        (&Method::GET, "remoteclusters") if core.settings.major() <= 15 => {
            planned(&core, &peer, Point::RemoteClusters, || remote_clusters(&core, &peer)).await
        }
        (&Method::GET, "cacert") if core.settings.major() <= 10 => {
            planned(&core, &peer, Point::CaCert, || cluster_ca(&core)).await
        }
        (&Method::GET, path) if path.starts_with("authorities/") && core.settings.major() <= 12 => {
            let path = path.trim_start_matches("authorities/").to_owned();
            planned(&core, &peer, Point::CertAuthority, || authorities(&core, &peer, &path)).await
        }
        _ => reply::not_found(),
    }
}

/// Open to anybody.
fn cluster_ca(core: &Core) -> Reply {
    let pem: String = core.state().host.trusted().map(|keys| keys.pem.as_str()).collect();
    reply::json(serde_json::json!({ "tls_ca": STANDARD.encode(pem) }).to_string())
}

/// `<type>` or `<type>/<domain>`.
fn authorities(core: &Core, peer: &Peer, path: &str) -> Reply {
    let Some(caller) = peer.identity.as_deref() else {
        return Refusal::denied("access denied to perform action \"readnosecrets\" on \"cert_authority\"").http();
    };
    if core.state().lock_on(caller).is_some() {
        return Refusal::access_denied().http();
    }
    let (kind, domain) = path.split_once('/').map_or((path, None), |(kind, domain)| (kind, Some(domain)));
    if let Err(refusal) = trust::readable(kind, false) {
        return refusal.http();
    }
    let state = core.state();
    let mut found: Vec<_> = trust::all(&state, kind)
        .into_iter()
        .filter(|(authority, _)| domain.is_none_or(|domain| authority.cluster == domain))
        .map(|(authority, kind)| authority_json(authority, kind))
        .collect();
    match domain {
        None => reply::chunked(serde_json::Value::from(found).to_string()),
        Some(domain) => found.pop().map_or_else(
            || Refusal::not_found(format!("key /authorities/{kind}/{domain} is not found")).http(),
            |json| reply::chunked(json.to_string()),
        ),
    }
}

fn authority_json(authority: &Authority, kind: AuthorityKind) -> serde_json::Value {
    let set = |keys: &mut dyn Iterator<Item = &CaKeys>| {
        let keys: Vec<_> = keys.collect();
        let line = |keys: &&CaKeys| serde_json::json!({ "public_key": STANDARD.encode(&keys.ssh_line) });
        let ssh: Vec<_> = keys.iter().filter(|_| kind != AuthorityKind::Database).map(line).collect();
        let tls: Vec<_> = keys.iter().map(|keys| serde_json::json!({ "cert": STANDARD.encode(&keys.pem) })).collect();
        serde_json::json!({ "ssh": ssh, "tls": tls })
    };
    let phase = authority.phase.unwrap_or(Phase::Standby);
    let state = if phase == Phase::Standby { "standby" } else { "in_progress" };
    let rotation = authority.phase.map(
        |phase| serde_json::json!({ "state": state, "phase": phase.as_str(), "current_id": authority.rotation_id }),
    );
    serde_json::json!({
        "kind": "cert_authority",
        "sub_kind": kind.as_str(),
        "version": "v2",
        "metadata": { "name": authority.cluster },
        "spec": {
            "type": kind.as_str(),
            "cluster_name": authority.cluster,
            "active_keys": set(&mut std::iter::once(&*authority.active)),
            "additional_trusted_keys": set(&mut authority.additional.iter().map(|keys| &**keys)),
            "rotation": rotation,
        },
    })
}

fn remote_clusters(core: &Core, peer: &Peer) -> Reply {
    let locked = |identity| core.state().lock_on(identity).is_some();
    if peer.identity.as_deref().is_none_or(locked) {
        return Refusal::access_denied().http();
    }
    let leaves: Vec<_> = core
        .settings
        .leaf
        .iter()
        .map(|leaf| {
            serde_json::json!({
                "kind": "remote_cluster",
                "version": "v3",
                "metadata": { "name": leaf },
                "status": {
                    "connection": "online",
                    "last_heartbeat": humantime::format_rfc3339_seconds(core.now()).to_string(),
                },
            })
        })
        .collect();
    reply::json(serde_json::Value::from(leaves).to_string())
}
