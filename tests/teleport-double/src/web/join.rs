//! Joining over HTTP, at the proxy and at the auth server (protocol section B).

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use hyper::body::Incoming;
use serde_json::Value;

use super::http::{http_fault, read_body, strike};
use super::peer::Peer;
use super::reply::{self, Reply};
use crate::auth::join::{JoinRequest, SentKeys, join};
use crate::auth::refusal::Refusal;
use crate::control::{Core, Fault, Point};

/// Answers a join. At the auth server the caller may show its `previous` certificate.
pub(crate) async fn over_http(core: &Core, peer: &Peer, request: Request<Incoming>, previous: bool) -> Reply {
    if !core.settings.has_legacy_joins() {
        return reply::not_found();
    }
    let fault = strike(core, peer, Point::Join).await;
    if let Some(fault @ (Fault::Http { .. } | Fault::Grpc { .. } | Fault::Garbage)) = &fault {
        return http_fault(peer, fault, || reply::json(String::new())).await;
    }
    let Some(body) = read_body(request).await else {
        return Refusal::bad_parameter("request: unexpected EOF").http();
    };
    let previous = previous.then(|| peer.identity.clone()).flatten();
    let answer = parse(&body).and_then(|request| join(core, &JoinRequest { previous, ..request }, fault.as_ref()));
    let reply = match answer {
        Ok(issued) => {
            let encode = |text: &String| STANDARD.encode(text);
            let list = |texts: &[String]| Value::from(texts.iter().map(encode).collect::<Vec<_>>()).to_string();
            let (ssh, tls) = (encode(&issued.ssh), encode(&issued.tls));
            let (tls_cas, ssh_cas) = (list(&issued.tls_cas), list(&issued.ssh_cas));
            reply::chunked(format!(
                r#"{{"ssh":"{ssh}","tls":"{tls}","tls_ca_certs":{tls_cas},"ssh_ca_certs":{ssh_cas}}}"#
            ))
        }
        Err(refusal) if core.settings.major() >= 18 => refusal.through_a_proxy().http(),
        Err(refusal) => refusal.http(),
    };
    match &fault {
        Some(fault @ (Fault::Truncated | Fault::DropReply | Fault::StallReply)) => {
            http_fault(peer, fault, || reply).await
        }
        _ => reply,
    }
}

fn parse(body: &[u8]) -> Result<JoinRequest, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Refusal::bad_parameter(not_json(body)))?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bytes = |name: &str| {
        STANDARD.decode(text(name)).map_err(|_| Refusal::bad_parameter("request: illegal base64 data at input byte 0"))
    };
    let expires = match text("expires") {
        empty if empty.is_empty() => None,
        text => Some(instant(&text).ok_or_else(|| Refusal::bad_parameter(format!("request: parsing time {text:?}")))?),
    };
    Ok(JoinRequest {
        host_id: text("hostID"),
        node_name: text("node_name"),
        role: text("role"),
        token: text("token"),
        keys: SentKeys::Text { ssh: bytes("public_ssh_key")?, tls: bytes("public_tls_key")? },
        id_token: text("id_token"),
        expires,
        previous: None,
    })
}

fn instant(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok().or_else(|| {
        // An offset instead of Z: only whole hours and minutes, as RFC 3339 has them.
        let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
        let at = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
        let hours: u64 = offset.get(1..3)?.parse().ok()?;
        let minutes: u64 = offset.get(4..6)?.parse().ok()?;
        let shift = Duration::from_secs(hours * 3600 + minutes * 60);
        if offset.starts_with('-') { at.checked_add(shift) } else { at.checked_sub(shift) }
    })
}

/// The words of Go's parser for the usual mistakes.
fn not_json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start();
    let mut chars = text.chars();
    match (chars.next(), chars.find(|c| !c.is_whitespace())) {
        (None, _) => "request: unexpected end of JSON input".to_owned(),
        (Some('{'), Some(found)) if found != '"' => {
            format!("request: invalid character '{found}' looking for beginning of object key string")
        }
        (Some('{'), _) => "request: unexpected end of JSON input".to_owned(),
        (Some(found), _) => format!("request: invalid character '{found}' looking for beginning of value"),
    }
}
