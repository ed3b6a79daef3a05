//! A join as a JSON body over HTTPS (protocol B1): `POST /v1/webapi/host/credentials` at the proxy, or
//! `POST /v1/tokens/register` at an auth server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use teleport_api::auth::Certs;
use zeroize::Zeroizing;

use crate::connect::{HttpReply, IssuedCerts, JoinDoor, TransportError, error_messages, words};
use crate::secret::Secret;

use super::{Failure, Outcome};
use crate::join::error::JoinError;
use crate::join::refusal::{self, CALL, Envelope};
use crate::join::request::{JoinRequest, ROLE};

/// Sends the join.
pub(super) async fn send(door: &JoinDoor<'_>, request: &JoinRequest<'_>) -> Result<Outcome, Failure> {
    let body = body(request).map_err(Failure::Final)?;
    let reply = door.http(body).await.map_err(|error| Failure::Final(error.into()))?;
    // Answered by the router alone: there is no such call here (any more).
    if matches!(reply.status, 404 | 405 | 501) && is_unknown_call(&reply) {
        let message = format!("joining over HTTPS is answered with HTTP {}", reply.status);
        return Err(Failure::NotTaken(JoinError::UnknownWay { method: request.method, message }));
    }
    let date = reply.date;
    let certs = read(&reply, request).map_err(Failure::Final)?;
    Ok(Outcome { certs, date, bound: None })
}

/// A refusal of the token is a 404, too, in some versions; it says what wasn't found.
fn is_unknown_call(reply: &HttpReply) -> bool {
    words::says_no_call(&error_messages(&reply.body).join(" "))
}

#[derive(Serialize)]
struct Body<'a> {
    token: &'a str,
    role: &'a str,
    public_ssh_key: String,
    public_tls_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    expires: String,
}

/// One key for both certificates: up to 15 a second one is ignored (trap 9).
pub(super) fn body(request: &JoinRequest<'_>) -> Result<Zeroizing<Vec<u8>>, JoinError> {
    let body = Body {
        token: request.token.expose(),
        role: ROLE,
        public_ssh_key: STANDARD.encode(request.ssh_line()),
        public_tls_key: STANDARD.encode(request.key.public_pem()),
        id_token: request.id_token.map(Secret::expose),
        expires: humantime::format_rfc3339_seconds(request.expires).to_string(),
    };
    // Large enough never to be moved: a move would leave a copy of the token behind.
    let secrets = request.token.expose().len() + request.id_token.map_or(0, |token| token.expose().len());
    let mut text = Zeroizing::new(Vec::with_capacity(2 * secrets + 8192));
    serde_json::to_writer(&mut *text, &body).map_err(|error| JoinError::Internal { reason: error.to_string() })?;
    Ok(text)
}

#[derive(Deserialize)]
struct Reply {
    ssh: String,
    tls: String,
    #[serde(default)]
    tls_ca_certs: Option<Vec<String>>,
    #[serde(default)]
    ssh_ca_certs: Option<Vec<String>>,
}

/// Reads the answer: certificates, or a refusal.
pub(in crate::join) fn read(reply: &HttpReply, request: &JoinRequest<'_>) -> Result<IssuedCerts, JoinError> {
    if reply.status != 200 {
        return Err(refusal::of(Envelope::Http(reply.status), &error_messages(&reply.body), request));
    }
    let bad = |reason: String| {
        let reason = request.without_secrets(&reason);
        JoinError::Connect(TransportError::BadReply { call: CALL, reason }.into())
    };
    let body: Reply = serde_json::from_slice(&reply.body).map_err(|error| bad(error.to_string()))?;
    let decode = |text: &String| STANDARD.decode(text).map_err(|error| bad(error.to_string()));
    let list = |texts: Option<Vec<String>>| texts.unwrap_or_default().iter().map(decode).collect::<Result<Vec<_>, _>>();
    let certs = Certs {
        ssh: decode(&body.ssh)?,
        tls: decode(&body.tls)?,
        tlsca_certs: list(body.tls_ca_certs)?,
        sshca_certs: list(body.ssh_ca_certs)?,
    };
    Ok(IssuedCerts::read(certs, CALL)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::KeyPair;
    use crate::join::bound_keypair::Init;
    use crate::method::JoinMethod;
    use crate::version::Version;

    #[test]
    fn what_only_a_router_says_is_no_refusal() {
        let reply = |body: &str| HttpReply { status: 404, date: None, body: body.as_bytes().to_vec() };
        for body in
            ["404 page not found\n", "", r#"{"error":{"message":"not found"}}"#, r#"{"message":"page not found"}"#]
        {
            assert!(is_unknown_call(&reply(body)), "{body}");
        }
        for body in [
            r#"{"error":{"message":"token expired or not found"}}"#,
            r#"{"error":{"message":"user \"bot-x\" not found"}}"#,
        ] {
            assert!(!is_unknown_call(&reply(body)), "{body}");
        }
    }

    #[test]
    fn the_body_has_the_keys_of_the_recorded_request() {
        let recorded: serde_json::Value = serde_json::from_str(include_str!(
            "../../../../../tests/fixtures/teleport-15/http/join_ok_ecdsa.request.json"
        ))
        .unwrap();
        let pem = include_str!("../../../../../tests/fixtures/teleport-15/keys/ecdsa.key");
        let (key, token) =
            (KeyPair::from_pem(pem).unwrap(), Secret::new(recorded["token"].as_str().unwrap().to_owned()));
        let expires = humantime::parse_rfc3339("2026-11-21T09:00:00Z").unwrap();
        let version = Version::default();
        let request = JoinRequest {
            method: JoinMethod::Token,
            token: &token,
            id_token: None,
            secrets: Vec::new(),
            bound: &Init::default(),
            key: &key,
            expires,
            version: &version,
        };
        let body = body(&request).unwrap();
        let ours: serde_json::Value = serde_json::from_slice(&body).unwrap();
        for name in ["token", "role", "public_tls_key"] {
            assert_eq!(ours[name], recorded[name], "{name}");
        }
        assert_eq!(ours["expires"], "2026-11-21T09:00:00Z");
        assert!(ours.get("id_token").is_none());
        let line = |value: &serde_json::Value| {
            let bytes =
                base64::Engine::decode(&base64::engine::general_purpose::STANDARD, value.as_str().unwrap()).unwrap();
            String::from_utf8(bytes).unwrap().trim().to_owned()
        };
        assert_eq!(line(&ours["public_ssh_key"]), line(&recorded["public_ssh_key"]));
    }
}
