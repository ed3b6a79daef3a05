//! gRPC statuses to errors (protocol sections D2, E and J).

use std::error::Error as _;

use tonic::{Code, Status};

use crate::connect::error::{ConnectError, Refusal, TransportError};
use crate::connect::limits::quote;
use crate::connect::words;

use super::connection::GrpcConnection;

/// What is asked, for the wording and for telling a missing role from a missing target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// As it stands in messages.
    pub(crate) name: &'static str,
    /// Roles asked for.
    pub(crate) roles: &'a [String],
}

impl Call<'static> {
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, roles: &[] }
    }
}

/// Whether the status was made here because the connection failed, rather than sent by the peer.
pub(crate) fn is_local(status: &Status) -> bool {
    status.source().is_some()
}

/// Whether the peer says that there is too much to do.
pub(crate) fn asks_to_slow_down(status: &Status) -> bool {
    !is_local(status) && status.code() == Code::ResourceExhausted && words::about_a_rate(status.message())
}

/// The error for `status`.
pub(crate) fn explain(call: Call<'_>, connection: &GrpcConnection, status: &Status) -> ConnectError {
    if is_local(status) {
        let mut reason = status.message().to_owned();
        let mut cause = status.source();
        while let Some(error) = cause {
            reason = error.to_string();
            cause = error.source();
        }
        return connection.failure(&reason);
    }
    answered(call, status.code(), status.message())
}

/// The error for an answer of the server.
pub(crate) fn answered(call: Call<'_>, code: Code, message: &str) -> ConnectError {
    match refusal(call, code, message) {
        Some(refusal) => refusal.into(),
        None => {
            let transient = match code {
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => true,
                _ => words::end_of_stream(message),
            };
            let message = format!("{code:?}, {}", quote(message));
            TransportError::Failed { call: call.name, message, transient }.into()
        }
    }
}

/// What the answer refuses; none where it leaves open what was done.
fn refusal(call: Call<'_>, code: Code, message: &str) -> Option<Refusal> {
    let text = quote(message);
    if words::locked(message) {
        return Some(Refusal::Locked { message: text });
    }
    if words::generation_mismatch(message) {
        return Some(Refusal::GenerationMismatch { message: text });
    }
    if words::bot_deleted(message) {
        return Some(Refusal::BotDeleted { message: text });
    }
    if words::validity_passed(message) {
        let message = format!("the end of validity that was asked for has passed there already ({text})");
        return Some(Refusal::ClockSkew { message });
    }
    Some(match code {
        Code::PermissionDenied | Code::Unauthenticated if words::impersonation(message) => {
            let roles = if call.roles.is_empty() { words::listed(&text) } else { call.roles.to_vec() };
            Refusal::RoleNotAllowed { roles, message: text }
        }
        Code::NotFound => match words::missing_role(message) {
            Some(role) => Refusal::RoleNotAllowed { roles: vec![role], message: text },
            None => Refusal::TargetUnknown { message: text },
        },
        Code::InvalidArgument if call.name == ISSUE && words::must_provide(message) => {
            Refusal::Incomplete { message: text }
        }
        Code::InvalidArgument if call.name == ISSUE && words::about_a_target(message) => {
            Refusal::TargetUnknown { message: text }
        }
        Code::InvalidArgument if words::role_request(message) => {
            Refusal::RoleNotAllowed { roles: call.roles.to_vec(), message: text }
        }
        Code::PermissionDenied
        | Code::Unauthenticated
        | Code::InvalidArgument
        | Code::AlreadyExists
        | Code::OutOfRange => Refusal::Other { call: call.name, message: text },
        Code::ResourceExhausted => Refusal::RateLimited { retry_in: words::retry_in(message), message: text },
        Code::FailedPrecondition | Code::Aborted => Refusal::Conflict { message: text },
        Code::Unimplemented => Refusal::Unsupported { what: format!("the cluster doesn't know {}: {text}", call.name) },
        _ => return None,
    })
}

/// Name of the call that issues role certificates.
pub(crate) const ISSUE: &str = "the request for a certificate";

/// Whether a refusal is the bare one that a locked identity gets for everything.
pub(crate) fn is_bare_denial(status: &Status) -> bool {
    !is_local(status) && status.code() == Code::PermissionDenied && words::bare_denial(status.message())
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
