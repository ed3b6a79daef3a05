//! What a caller sees when something fails: a stable code, one sentence, the next step.
//!
//! Each room has an error enum of its own that carries the facts. At the edge of the library it becomes an
//! [`Error`]: log-safe, flat, the same for the CLI and for Java.

use std::fmt;
use std::time::Duration;

use crate::vocabulary::words;

words! {
    /// Stable name of a kind of failure. Listed with cause and next step in `docs/errors.md`, in this order.
    #[non_exhaustive]
    pub enum Code {
        /// The configuration has faults; all of them are listed.
        ConfigInvalid = "config_invalid",
        /// The configuration, a CA file or a token file can't be read.
        ConfigUnreadable = "config_unreadable",
        /// Known to tbot or Teleport, not built here.
        Unsupported = "unsupported",
        /// A request to the library is malformed.
        RequestInvalid = "request_invalid",
        /// No connection: name not found, refused, timed out, cut.
        ClusterUnreachable = "cluster_unreachable",
        /// Something answers, but it isn't a Teleport cluster, or it speaks another protocol.
        NotTeleport = "not_teleport",
        /// The server's certificate isn't signed by a CA we trust.
        TlsUntrusted = "tls_untrusted",
        /// The server's certificate is for another name.
        TlsNameMismatch = "tls_name_mismatch",
        /// TLS failed for another reason.
        TlsFailed = "tls_failed",
        /// The cluster's CA isn't the pinned one.
        CaPinMismatch = "ca_pin_mismatch",
        /// This machine's clock and the cluster's differ too much.
        ClockSkew = "clock_skew",
        /// The cluster asks to slow down.
        RateLimited = "rate_limited",
        /// The cluster answers with a failure of its own.
        ClusterFailed = "cluster_failed",
        /// The join token or proof is wrong, expired or already used.
        JoinRejected = "join_rejected",
        /// The token is for something else than a bot.
        JoinWrongRole = "join_wrong_role",
        /// What the join method needs as proof isn't on this machine.
        JoinProofMissing = "join_proof_missing",
        /// The bot already has a renewable identity somewhere else.
        BotAlreadyJoined = "bot_already_joined",
        /// The bot, its role, or its identity is locked or deleted.
        BotLocked = "bot_locked",
        /// The identity can no longer be renewed; a fresh token is needed.
        IdentityNeedsRejoin = "identity_needs_rejoin",
        /// The stored identity can't be read as one.
        IdentityCorrupt = "identity_corrupt",
        /// Another process holds the identity store.
        IdentityBusy = "identity_busy",
        /// The stored identity was made on another machine.
        IdentityForeign = "identity_foreign",
        /// The role may not be taken by this bot, or doesn't exist.
        RoleNotAllowed = "role_not_allowed",
        /// The Kubernetes cluster, database, application or leaf cluster isn't known to the bot.
        TargetUnknown = "target_unknown",
        /// The certificate that came back isn't the one asked for.
        CertificateInvalid = "certificate_invalid",
        /// A directory or file isn't safe to use: symlink, foreign owner, too open.
        DestinationUnsafe = "destination_unsafe",
        /// Permission denied on a directory or file.
        DestinationDenied = "destination_denied",
        /// No space or quota left.
        DiskFull = "disk_full",
        /// Another failure of the file system.
        DiskFailed = "disk_failed",
        /// The file system has no POSIX ACLs.
        AclUnsupported = "acl_unsupported",
        /// The target host isn't known to the cluster, or can't be reached by it.
        HostUnreachable = "host_unreachable",
        /// The lease id is in use or unknown.
        LeaseConflict = "lease_conflict",
        /// The caller took the request back.
        Cancelled = "cancelled",
        /// The caller's deadline passed.
        DeadlineExceeded = "deadline_exceeded",
        /// The engine handle is stale or was never valid.
        HandleInvalid = "handle_invalid",
        /// The process that does the library's work for a caller has ended, or doesn't answer. The caller's side says so.
        BridgeEnded = "bridge_ended",
        /// A defect of ours.
        Internal = "internal",
    }
}

/// Whether the same call can succeed later without anybody changing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Somebody has to act first.
    No,
    /// Yes, after a delay of the caller's choice.
    Later,
    /// Yes, and the server said when.
    After(Duration),
}

/// An error of one room, on its way out.
///
/// `Display` says what failed and why, in lower case, without full stop and without secrets.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The stable code.
    fn code(&self) -> Code;
    /// What the reader can do next, as a sentence part; empty where nothing helps.
    fn hint(&self) -> String;
    /// Whether trying again can help.
    fn retry(&self) -> Retry {
        Retry::No
    }
}

/// The library's error: everything a caller may show or log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
    hint: String,
    retry: Retry,
}

impl Error {
    /// An error made at the edge itself.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: one_line(&message.into()), hint: one_line(&hint.into()), retry: Retry::No }
    }

    /// The same about something at `place`, such as a line of a file.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self { message: one_line(&format!("{place}: {}", self.message)), ..self }
    }

    /// The same failure in other words: whether trying again can help stays.
    #[must_use]
    pub fn in_words(self, message: &str, hint: &str) -> Self {
        Self { message: one_line(message), hint: one_line(hint), ..self }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What failed and why, one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, one line, may be empty.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.retry
    }
}

impl<F: Fault> From<F> for Error {
    fn from(fault: F) -> Self {
        Self {
            code: fault.code(),
            message: one_line(&fault.to_string()),
            hint: one_line(&fault.hint()),
            retry: fault.retry(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        write!(f, " [{}]", self.code)
    }
}

impl std::error::Error for Error {}

/// Replies of a server can hold anything; a log line is one line of printable text.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_lower_case_words() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert!(code.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        }
    }

    #[test]
    fn an_error_is_one_line_however_the_server_wrote_it() {
        let error = Error::new(Code::HostUnreachable, "failed to dial\n\tdirect dialing\x07", "check the name");
        assert_eq!(error.to_string(), "failed to dial direct dialing; check the name [host_unreachable]");
    }
}
