//! Requests the cluster refuses, in the words of both protocols (protocol sections B1, D2; join-methods 5).

use tonic::{Code, Status};

use crate::error::DoubleError;
use crate::web::reply::{self, Reply};

/// Teleport's kinds of error, each with its HTTP status and its gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 403, `PermissionDenied`.
    Denied,
    /// 404, `NotFound`.
    NotFound,
    /// 400, `InvalidArgument`.
    BadParameter,
    /// 412, `FailedPrecondition`.
    CompareFailed,
    /// 429, `ResourceExhausted`.
    LimitExceeded,
    /// 501, `Unimplemented`.
    NotImplemented,
    /// 408, `Unavailable`.
    ConnectionProblem,
    /// 500, `Unknown`: what has no kind, a proof that fails verification above all.
    Plain,
}

/// A refusal with its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its kind.
    pub kind: RefusalKind,
    /// The innermost text: `error.message` of HTTP, and the whole text of gRPC.
    pub message: String,
    /// The texts around it, the nearest first: `messages` of HTTP.
    pub wraps: Vec<String>,
}

impl Refusal {
    /// A refusal without texts around it.
    #[must_use]
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), wraps: Vec::new() }
    }

    /// The same within these texts, the nearest first.
    #[must_use]
    pub fn within(mut self, wraps: &[&str]) -> Self {
        self.wraps = wraps.iter().map(|&wrap| wrap.to_owned()).collect();
        self
    }

    /// The same with its texts in one, the outermost first, as 18 tells them (seen on 18.0.0-dev).
    pub(crate) fn in_one_text(mut self) -> Self {
        let texts: Vec<String> = self.wraps.drain(..).rev().chain([self.message]).collect();
        let mut joined = String::new();
        for (depth, text) in texts.iter().enumerate() {
            if depth > 0 {
                joined.push('\n');
            }
            joined.push_str(&"\t".repeat(depth));
            joined.push_str(text);
        }
        self.message = joined;
        self
    }

    /// The same as a proxy hands it on that has asked its auth server by gRPC.
    pub(crate) fn through_a_proxy(mut self) -> Self {
        if self.kind == RefusalKind::Plain {
            self.message = format!("rpc error: code = Unknown desc = {}", self.message);
        }
        self
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Denied, message)
    }

    /// What a locked, deleted or anonymous caller sees.
    pub(crate) fn access_denied() -> Self {
        Self::denied("access denied")
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotFound, message)
    }

    pub(crate) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::BadParameter, message)
    }

    pub(crate) fn compare_failed(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::CompareFailed, message)
    }

    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotImplemented, message)
    }

    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Plain, message)
    }

    pub(crate) fn http(&self) -> Reply {
        let status = match self.kind {
            RefusalKind::Denied => 403,
            RefusalKind::NotFound => 404,
            RefusalKind::BadParameter => 400,
            RefusalKind::CompareFailed => 412,
            RefusalKind::LimitExceeded => 429,
            RefusalKind::NotImplemented => 501,
            RefusalKind::ConnectionProblem => 408,
            RefusalKind::Plain => 500,
        };
        reply::error_within(status, &self.message, &self.wraps)
    }

    pub(crate) fn status(&self) -> Status {
        let code = match self.kind {
            RefusalKind::Denied => Code::PermissionDenied,
            RefusalKind::NotFound => Code::NotFound,
            RefusalKind::BadParameter => Code::InvalidArgument,
            RefusalKind::CompareFailed => Code::FailedPrecondition,
            RefusalKind::LimitExceeded => Code::ResourceExhausted,
            RefusalKind::NotImplemented => Code::Unimplemented,
            RefusalKind::ConnectionProblem => Code::Unavailable,
            RefusalKind::Plain => Code::Unknown,
        };
        Status::new(code, self.message.clone())
    }
}

impl From<DoubleError> for Refusal {
    fn from(error: DoubleError) -> Self {
        Self::plain(error.to_string())
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        refusal.status()
    }
}
