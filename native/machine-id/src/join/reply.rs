//! The answer to a join: certificates, or a refusal (protocol B1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use teleport_api::auth::Certs;

use crate::connect::{ConnectError, HttpReply, IssuedCerts, Refusal, TransportError, error_message, words};
use crate::error::{Fault, Retry};

use super::error::JoinError;
use super::request::JoinRequest;

const CALL: &str = "the join";

/// Certificates and CAs of a join.
pub(super) type JoinCerts = IssuedCerts;

#[derive(Deserialize)]
struct Body {
    ssh: String,
    tls: String,
    #[serde(default)]
    tls_ca_certs: Option<Vec<String>>,
    #[serde(default)]
    ssh_ca_certs: Option<Vec<String>>,
}

/// Reads an HTTP reply.
pub(super) fn read(reply: &HttpReply, request: &JoinRequest<'_>) -> Result<JoinCerts, JoinError> {
    if reply.status != 200 {
        let message = request.without_secrets(&error_message(&reply.body));
        return Err(refused(reply.status, message, request));
    }
    let bad = |reason: String| {
        let reason = request.without_secrets(&reason);
        JoinError::from(ConnectError::Transport(TransportError::BadReply { call: CALL, reason }))
    };
    let body: Body = serde_json::from_slice(&reply.body).map_err(|error| bad(error.to_string()))?;
    let decode = |text: &String| STANDARD.decode(text).map_err(|error| bad(error.to_string()));
    let list = |texts: Option<Vec<String>>| texts.unwrap_or_default().iter().map(decode).collect::<Result<Vec<_>, _>>();
    of_message(Certs {
        ssh: decode(&body.ssh)?,
        tls: decode(&body.tls)?,
        tlsca_certs: list(body.tls_ca_certs)?,
        sshca_certs: list(body.ssh_ca_certs)?,
    })
}

/// Reads a gRPC reply.
pub(super) fn of_message(certs: Certs) -> Result<JoinCerts, JoinError> {
    Ok(IssuedCerts::read(certs, CALL)?)
}

/// A refusal by gRPC: the same words as by HTTP, other envelope.
pub(super) fn refused_call(error: ConnectError, request: &JoinRequest<'_>) -> JoinError {
    let status = match &error {
        ConnectError::Refused(Refusal::Other { .. } | Refusal::RoleNotAllowed { .. }) => 403,
        ConnectError::Refused(Refusal::TargetUnknown { .. }) => 404,
        _ => return unrepeated(error, request).into(),
    };
    match error {
        ConnectError::Refused(
            Refusal::Other { message, .. }
            | Refusal::RoleNotAllowed { message, .. }
            | Refusal::TargetUnknown { message },
        ) => refused(status, request.without_secrets(&message), request),
        other => other.into(),
    }
}

/// Any other answer: where it repeats a secret, only its words without that are kept.
fn unrepeated(error: ConnectError, request: &JoinRequest<'_>) -> ConnectError {
    let text = error.to_string();
    let message = request.without_secrets(&text);
    if message == text {
        return error;
    }
    TransportError::Failed { call: CALL, message, transient: error.retry() != Retry::No }.into()
}

fn refused(status: u16, message: String, request: &JoinRequest<'_>) -> JoinError {
    let method = request.method;
    if words::locked(&message) {
        return JoinError::Locked { message };
    }
    if status == 429 || words::rate_reached(&message) {
        return JoinError::RateLimited { retry_in: words::retry_in(&message), message };
    }
    if words::token_of_another_role(&message) {
        return JoinError::WrongRole { message };
    }
    if let Some(bot) = words::already_joined(&message) {
        return JoinError::AlreadyJoined { bot, message };
    }
    if matches!(status, 400 | 401 | 403 | 404) && !words::page_not_found(&message) {
        return JoinError::Rejected { method, message };
    }
    JoinError::Failed { status, message }
}
