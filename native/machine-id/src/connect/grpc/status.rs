//! gRPC statuses to errors (protocol sections D2, E and J).

use std::error::Error as _;
use std::time::Duration;

use tonic::{Code, Status};

use crate::connect::error::ConnectError;
use crate::connect::limits::quote;

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
    let lower = message.to_lowercase();
    let text = quote(message);
    let failed = |transient| ConnectError::Failed { call: call.name, message: format!("{code:?}, {text}"), transient };
    if lower.contains("lock targeting") {
        return ConnectError::Locked { message: text };
    }
    if lower.contains("generation mismatch") {
        return ConnectError::GenerationMismatch { message: text };
    }
    // The whole call is denied because the caller is nobody any more; not to be taken for a target that isn't there.
    if lower.contains("access denied") && lower.contains("user \"bot-") && lower.contains("not found") {
        return ConnectError::BotDeleted { message: text };
    }
    if lower.contains("client credentials have expired") {
        let message = format!("the end of validity that was asked for has passed there already ({text})");
        return ConnectError::ClockSkew { message };
    }
    match code {
        Code::PermissionDenied | Code::Unauthenticated => denied(call, &lower, text),
        Code::NotFound => match named_role(&lower, message) {
            Some(role) => ConnectError::RoleNotAllowed { roles: vec![role], message: text },
            None => ConnectError::TargetUnknown { message: text },
        },
        Code::InvalidArgument if call.name == ISSUE && lower.contains("must provide") => {
            ConnectError::Incomplete { message: text }
        }
        Code::InvalidArgument if call.name == ISSUE && is_about_target(&lower) => {
            ConnectError::TargetUnknown { message: text }
        }
        Code::InvalidArgument if lower.contains("role request") => {
            ConnectError::RoleNotAllowed { roles: call.roles.to_vec(), message: text }
        }
        Code::InvalidArgument | Code::AlreadyExists | Code::OutOfRange => {
            ConnectError::Refused { call: call.name, message: text }
        }
        Code::ResourceExhausted => ConnectError::RateLimited { retry_in: retry_in(message), message: text },
        Code::FailedPrecondition | Code::Aborted => ConnectError::Conflict { message: text },
        Code::Unimplemented => {
            ConnectError::Unsupported { what: format!("the cluster doesn't know {}: {text}", call.name) }
        }
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => failed(true),
        _ => failed(lower == "eof"),
    }
}

/// Name of the call that issues role certificates.
pub(crate) const ISSUE: &str = "the request for a certificate";

fn denied(call: Call<'_>, lower: &str, text: String) -> ConnectError {
    if lower.contains("role impersonation") || lower.contains("impersonat") {
        let roles = if call.roles.is_empty() { quoted(&text) } else { call.roles.to_vec() };
        return ConnectError::RoleNotAllowed { roles, message: text };
    }
    ConnectError::Refused { call: call.name, message: text }
}

/// Whether a refusal is the bare one that a locked identity gets for everything, Ping included (protocol J).
pub(crate) fn is_bare_denial(status: &Status) -> bool {
    !is_local(status) && status.code() == Code::PermissionDenied && status.message().trim() == "access denied"
}

fn is_about_target(lower: &str) -> bool {
    ["kubernetes cluster", "database", "application", "app ", "cluster"].iter().any(|word| lower.contains(word))
}

/// `role nosuch is not found`.
fn named_role(lower: &str, message: &str) -> Option<String> {
    if !lower.starts_with("role ") || !lower.contains("not found") {
        return None;
    }
    let name = message.split_whitespace().nth(1)?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

/// The names between double quotes in a list such as `for ["access"]`.
fn quoted(text: &str) -> Vec<String> {
    let list = text.split_once('[').map_or("", |(_, rest)| rest);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The delay in `max rate reached: retry-in 1.5s`.
pub(crate) fn retry_in(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("retry-in ")?;
    let text = rest.split_whitespace().next()?;
    go_duration(text).filter(|delay| !delay.is_zero())
}

/// Go's way to write durations: `1h2m3.5s`, `250ms`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0_f64;
    let mut rest = text.trim_end_matches(['.', ',', '"']);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at_checked(letters)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = next;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
