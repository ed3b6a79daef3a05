//! What a scenario needs of a cluster, whichever it is.

use std::path::Path;

pub use teleport_double::{Flaw, IamOptions, Phase};

use crate::secrets::Secrets;

mod double;
mod version;

pub use version::Version;

/// A cluster `example.test` with role `api-workers` (login: whoever runs the tests) and host `node1`, labelled
/// `group=api`: a double, or a real Teleport.
pub trait Stage {
    /// The version that its servers say they have.
    fn version(&self) -> Version;

    /// `host:port` of the proxy.
    fn proxy_address(&self) -> String;

    /// `host:port` of the auth server.
    fn auth_address(&self) -> String;

    /// `sha256:…` of the active host CA.
    fn ca_pin(&self) -> String;

    /// The CA of the proxy's web certificate, a file for `SSL_CERT_FILE`.
    fn web_ca(&self) -> &Path;

    /// The tokens that it has given out.
    fn secrets(&self) -> Secrets;

    /// A fresh bot that may take role `api-workers`.
    fn add_bot(&self) -> String;

    /// Deletes a bot.
    fn remove_bot(&self, bot: &str);

    /// A fresh token of join method `token`.
    fn issue(&self, bot: &str, kind: Kind) -> String;

    /// A fresh token of a join method with ID tokens, and an ID token for it, with something the matter or not; `None`:
    /// this version doesn't have the method in this form.
    fn vouch(&self, bot: &str, method: Method, flaw: Option<Flaw>) -> Option<Vouched>;

    /// A fresh token of join method `iam` for what AWS knows of the owner of these keys; its name is no secret.
    fn admit_aws(&self, bot: &str, options: IamOptions) -> String;

    /// Whether a token is still there.
    fn token_exists(&self, token: &str) -> bool;

    /// The newest generation that the cluster has recorded for a bot.
    fn generation(&self, bot: &str) -> Option<u64>;

    /// Locks a bot, with a message for whom it meets; the lock is in force when this returns.
    fn lock_bot(&self, bot: &str, message: &str);

    /// Lifts all locks. A moment may pass until that has effect.
    fn unlock_all(&self);

    /// Enters a phase of the rotation of host and user CA, and waits until all servers have followed.
    fn rotate(&self, phase: Phase);

    /// Whether `node1` gets new certificates in a rotation: a double's sshd keeps its own.
    fn hosts_follow_rotations(&self) -> bool;

    /// Says that this cluster can't show what the scenario is about.
    fn skip(&self, why: &str);
}

/// A kind of token of join method `token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For one join of the bot.
    Usual,
    /// Its time is over.
    Expired,
    /// For an SSH node, not for a bot.
    ForNode,
}

/// A join method with ID tokens, in a form that needs no cloud but keys of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `kubernetes` with `static_jwks`.
    Kubernetes,
    /// `github` with `static_jwks`.
    Github,
    /// `gitlab` with `static_jwks`.
    Gitlab,
    /// `gitlab` with a `domain`, whose keys the auth server fetches.
    GitlabDomain,
    /// `gcp`, whose keys the auth server fetches.
    Gcp,
}

impl Method {
    /// Its name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Github => "github",
            Self::Gitlab | Self::GitlabDomain => "gitlab",
            Self::Gcp => "gcp",
        }
    }

    /// Whether the token resource lists the keys.
    #[must_use]
    pub fn has_given_keys(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Github | Self::Gitlab)
    }
}

/// A join token and what proves the right to use it.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// Name of the join token: no secret.
    pub token: String,
    /// The ID token.
    pub proof: String,
}
