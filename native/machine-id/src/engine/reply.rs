//! What the engine tells its callers: public facts only, the JSON of `contract/`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;

use super::observed::{Failure, Origin, Server};
use super::timestamp::{optional_rfc3339, rfc3339, timestamp};
use crate::config::AddressKind;
use crate::error::Error;
use crate::identity::{RenewalState, Store};
use crate::lease::{CertificateHistory, Ended, Fate};
use crate::metrics::Counts;
use crate::tunnel::{Begins, Reached};
use crate::vocabulary::words;

/// A lease that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Acquired {
    /// The lease's id.
    pub lease: String,
    /// Its main directory.
    pub directory: PathBuf,
    /// When the first of its certificates expires; it is refreshed before.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: SystemTime,
    /// How its identity was come by, for this lease: kept is what was there before it was asked for.
    pub origin: Origin,
    /// The identity's join method.
    pub method: &'static str,
    /// Environment variables for whatever uses it; not in the reply, from which nobody is to take any.
    #[serde(skip)]
    pub environment: BTreeMap<String, String>,
    /// Every certificate that it has held since it was taken, these ones included.
    #[serde(flatten)]
    pub history: CertificateHistory,
    /// Its tunnels, in the order of the request.
    pub tunnels: Vec<OpenTunnel>,
}

/// A tunnel as whoever asked for it is told: all else can be derived from what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTunnel {
    /// What is spoken there, as a database's resource says, or `http` or `tcp` for an application.
    pub protocol: String,
    /// The TCP port of 127.0.0.1; 0: it is a Unix socket.
    pub port: u16,
    /// Whether it was open before, and so may be its connections.
    pub kept: bool,
}

impl OpenTunnel {
    /// One that can be reached so.
    #[must_use]
    pub fn new(reached: &Reached, kept: bool) -> Self {
        let port = match &reached.begins {
            Begins::Tcp(address) => address.port(),
            Begins::Unix(_) => 0,
        };
        Self { protocol: reached.protocol.clone(), port, kept }
    }
}

/// A lease that was ended, if there was one.
#[derive(Clone, Debug, Serialize)]
pub struct Released {
    /// Whether the lease table knew it.
    pub released: bool,
    /// What became of its directory.
    pub directory: Fate,
    /// Why connections of its tunnels failed, each cause once.
    pub failures: Vec<String>,
    /// Every certificate that it has held.
    #[serde(flatten)]
    pub history: CertificateHistory,
}

impl From<Ended> for Released {
    fn from(ended: Ended) -> Self {
        let released = ended.record.is_some();
        let history = ended.record.map(|record| record.history).unwrap_or_default();
        Self { released, directory: ended.directory, failures: Vec::new(), history }
    }
}

/// A renewal that was made.
#[derive(Clone, Debug, Serialize)]
pub struct Renewed {
    /// When the bot's identity expires now.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: SystemTime,
    /// Its generation.
    pub generation: Option<u64>,
}

/// An identity that was dropped.
#[derive(Clone, Debug, Serialize)]
pub struct Dropped {
    /// Whether there was one.
    pub dropped: bool,
}

words! {
    /// What the trust in a connection rests on.
    pub enum Trust {
        /// The system's own roots.
        System = "system",
        /// The CA that is configured for the cluster.
        Ca = "ca",
        /// The cluster's own CA, by its pin.
        Pin = "pin",
    }
}

words! {
    /// Whether a bot's identity can be used.
    pub enum IdentityState {
        /// It has never joined.
        New = "new",
        /// It can.
        Ready = "ready",
        /// It can't be renewed any more, and serves until it expires: a fresh token is needed.
        NeedsRejoin = "needs_rejoin",
        /// The cluster refuses it: a lock, or the bot is gone.
        Locked = "locked",
        /// Its certificates have expired.
        Expired = "expired",
    }
}

/// What `check` found out.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Name of the cluster.
    pub cluster: String,
    /// Its version.
    pub server_version: String,
    /// What was found at the address.
    pub address_kind: AddressKind,
    /// What the connection's trust rests on.
    pub trust: Trust,
    /// Pins of the cluster's host CA, to be configured or compared.
    pub ca_pins: Vec<String>,
    /// The cluster's clock minus this machine's, if it was told.
    pub clock_difference_seconds: Option<i64>,
    /// State of the stored identity, as in [`IdentityStatus::state`].
    pub identity: IdentityState,
    /// Further remarks, one sentence each.
    pub notes: Vec<String>,
}

/// The engine as it is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Version of this library.
    pub version: &'static str,
    /// When the engine was opened: its counts begin there.
    #[serde(serialize_with = "rfc3339")]
    pub opened_at: SystemTime,
    /// Identities in the order of their ids.
    pub identities: Vec<IdentityReport>,
    /// Leases.
    pub leases: Vec<LeaseStatus>,
}

/// How an identity and what it keeps stand.
#[derive(Clone, Debug)]
pub struct Health {
    /// What keeps the identity from working as it should.
    pub trouble: Option<Error>,
    /// Why it can't be renewed any more, if it can't: it serves until it expires.
    pub stuck: Option<String>,
    /// Whether it joins anew by itself when it expires; otherwise somebody has to bring a fresh token.
    pub recovers: bool,
    /// Whether half of what was left of the identity's life is gone since it should have been renewed.
    pub identity_late: bool,
    /// What it keeps fresh.
    pub leases: Vec<LeaseStatus>,
}

/// A bot identity as it is.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityStatus {
    /// Its id.
    pub id: String,
    /// Whether it can be used.
    pub state: IdentityState,
    /// The cluster's name; empty before the first join.
    pub cluster: String,
    /// The bot's user; empty before the first join.
    pub bot: String,
    /// When it expires.
    #[serde(serialize_with = "optional_rfc3339")]
    pub expires_at: Option<SystemTime>,
    /// Its generation.
    pub generation: Option<u64>,
    /// Whether it can be renewed with itself.
    pub renewable: bool,
    /// Why it isn't `ready`, or why it waits for its end with joining anew.
    pub reason: String,
}

impl IdentityStatus {
    /// Before the first join.
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: IdentityState::New,
            cluster: String::new(),
            bot: String::new(),
            expires_at: None,
            generation: None,
            renewable: false,
            reason: String::new(),
        }
    }

    /// What a store says; whether the bot `recovers`, the method says ([`crate::join::recovers`]).
    pub(super) fn stored(id: &str, store: &Store, recovers: bool, now: SystemTime) -> Result<Self, Error> {
        let mut status = Self::new(id);
        let Some(state) = store.peek()? else {
            if store.tbots_token_hash().is_some() {
                status.reason = "the storage holds an identity of tbot, which the next start takes over once tbot is \
                                 stopped"
                    .to_owned();
            }
            return Ok(status);
        };
        let facts = state.identity.facts()?;
        status.cluster.clone_from(&state.identity.cluster);
        status.bot = facts.user;
        status.expires_at = Some(facts.valid_until);
        status.generation = facts.generation;
        status.renewable = facts.renewable;
        (status.state, status.reason) = match &state.renewal {
            _ if facts.valid_until <= now => (IdentityState::Expired, "its certificates have expired".to_owned()),
            RenewalState::Ready => (IdentityState::Ready, String::new()),
            RenewalState::Pending { since, .. } => {
                (IdentityState::NeedsRejoin, format!("a renewal begun at {} has an unknown outcome", timestamp(*since)))
            }
            RenewalState::NeedsRejoin { reason } => (IdentityState::NeedsRejoin, reason.clone()),
        };
        if recovers && status.state == IdentityState::NeedsRejoin {
            status.state = IdentityState::Ready;
            status.reason = format!("{}; it serves until it expires, then the bot joins anew", status.reason);
        }
        Ok(status)
    }
}

/// A bot identity as it is, and what this process has seen of it.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityReport {
    /// How it is.
    #[serde(flatten)]
    pub status: IdentityStatus,
    /// Its join method.
    pub method: &'static str,
    /// Whether each lease joins by itself, with what its holder brings: there is no identity beside the leases' own.
    pub given: bool,
    /// How the identity at hand was come by; none where this process hasn't used it yet.
    pub origin: Option<Origin>,
    /// When it is renewed next; none where it isn't at hand, or can't be renewed.
    #[serde(serialize_with = "optional_rfc3339")]
    pub renews_at: Option<SystemTime>,
    /// Whether it is connected to the auth server, as far as is known.
    pub connected: bool,
    /// Whether roles were asked for that aren't all that the bot may take: what Teleport 20 ends.
    pub role_subset: bool,
    /// What goes wrong, until a success.
    pub failure: Option<Failure>,
    /// The cluster as it was last seen.
    pub server: Option<Server>,
    /// What was tried with it since the engine was opened, by what came of that.
    pub counts: Counts,
}

/// A lease as it is.
#[derive(Clone, Debug, Serialize)]
pub struct LeaseStatus {
    /// Its id.
    pub lease: String,
    /// The identity it uses.
    pub identity: String,
    /// Its main directory.
    pub directory: PathBuf,
    /// When the first of its certificates expires.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: SystemTime,
    /// Whether it is a standing destination.
    pub standing: bool,
    /// Whether its certificates can be used: not expired, and nothing in force that stops them, as far as is known.
    pub usable: bool,
    /// What is wrong: why the last refresh failed, a lock, an expiry; empty if nothing is.
    pub problem: String,
    /// Whether half of what was left of its life is gone since it should have been refreshed.
    #[serde(skip)]
    pub late: bool,
    /// Why connections of its tunnels failed, each cause once.
    pub failures: Vec<String>,
    /// Every certificate that it has held since it was taken.
    #[serde(flatten)]
    pub history: CertificateHistory,
}
