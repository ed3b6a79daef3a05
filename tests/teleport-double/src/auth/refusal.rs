//! Requests the cluster refuses, in the words of both protocols (protocol sections B1, D2).

use tonic::{Code, Status};

use crate::error::DoubleError;
use crate::web::reply::{self, Reply};

/// Teleport's kinds of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Denied,
    NotFound,
    BadParameter,
    NotImplemented,
    Plain,
}

/// A refusal with its text.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self { kind: Kind::Denied, message: message.into() }
    }

    /// What a locked, deleted or anonymous caller sees.
    pub(crate) fn access_denied() -> Self {
        Self::denied("access denied")
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { kind: Kind::NotFound, message: message.into() }
    }

    pub(crate) fn bad_parameter(message: impl Into<String>) -> Self {
        Self { kind: Kind::BadParameter, message: message.into() }
    }

    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self { kind: Kind::NotImplemented, message: message.into() }
    }

    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self { kind: Kind::Plain, message: message.into() }
    }

    pub(crate) fn http(&self) -> Reply {
        let status = match self.kind {
            Kind::Denied => 403,
            Kind::NotFound => 404,
            Kind::BadParameter => 400,
            Kind::NotImplemented => 501,
            Kind::Plain => 500,
        };
        reply::error(status, &self.message)
    }

    pub(crate) fn status(&self) -> Status {
        let code = match self.kind {
            Kind::Denied => Code::PermissionDenied,
            Kind::NotFound => Code::NotFound,
            Kind::BadParameter => Code::InvalidArgument,
            Kind::NotImplemented => Code::Unimplemented,
            Kind::Plain => Code::Unknown,
        };
        Status::new(code, self.message.clone())
    }
}

impl From<DoubleError> for Refusal {
    fn from(error: DoubleError) -> Self {
        Self::plain(error.to_string())
    }
}
