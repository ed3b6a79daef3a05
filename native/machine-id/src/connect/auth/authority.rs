//! The cluster's certificate authorities (protocol D3 and J).

use teleport_api::types::{CaKeySet, CertAuthorityV2};

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::grpc::status::Call;

/// The kinds of authority a bot works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaKind {
    /// Signs servers: auth, proxy, SSH hosts.
    Host,
    /// Signs clients.
    User,
    /// Signs database servers.
    Database,
    /// Signs clients of databases; split from [`CaKind::Database`] in 15 and 16.
    DatabaseClient,
}

impl CaKind {
    /// Teleport's name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::User => "user",
            Self::Database => "db",
            Self::DatabaseClient => "db_client",
        }
    }

    /// Every cluster has it; otherwise it may be unknown to a server.
    pub(in crate::connect) const fn always_there(self) -> bool {
        matches!(self, Self::Host | Self::User)
    }
}

/// Public keys of an authority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// SSH keys, `ssh-rsa AAAA…`, no line feed.
    pub ssh: Vec<String>,
    /// X.509 certificates, PEM.
    pub tls: Vec<String>,
}

/// An authority: what signs now, and what is trusted beside it during a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertAuthority {
    /// Its kind.
    pub kind: CaKind,
    /// The cluster it belongs to.
    pub cluster: String,
    /// Keys that sign.
    pub active: KeySet,
    /// Keys that are trusted too: the new one before `update_clients`, the old one after.
    pub additional: KeySet,
    /// State of a rotation: empty, `standby` or `in_progress`.
    pub rotation_state: String,
    /// Phase of a rotation: empty, `standby`, `init`, `update_clients`, `update_servers` or `rollback`.
    pub rotation_phase: String,
    /// Id of the rotation, may be empty.
    pub rotation_id: String,
}

impl CertAuthority {
    /// All trusted SSH keys, those that sign first.
    #[must_use]
    pub fn ssh_keys(&self) -> Vec<String> {
        self.active.ssh.iter().chain(&self.additional.ssh).cloned().collect()
    }

    /// All trusted X.509 certificates, those that sign first.
    #[must_use]
    pub fn tls_certs(&self) -> Vec<String> {
        self.active.tls.iter().chain(&self.additional.tls).cloned().collect()
    }

    /// From the message of a server.
    ///
    /// # Errors
    /// [`TransportError::BadReply`] when it holds no specification or keys that aren't text.
    pub fn read(kind: CaKind, message: CertAuthorityV2) -> Result<Self, ConnectError> {
        let bad = |reason: &str| {
            ConnectError::Transport(TransportError::BadReply { call: CALL.name, reason: reason.to_owned() })
        };
        let spec = message.spec.ok_or_else(|| bad("it has no specification"))?;
        let set = |keys: Option<CaKeySet>| key_set(keys.unwrap_or_default()).ok_or_else(|| bad("a key isn't text"));
        let rotation = spec.rotation.unwrap_or_default();
        Ok(Self {
            kind,
            cluster: spec.cluster_name,
            active: set(spec.active_keys)?,
            additional: set(spec.additional_trusted_keys)?,
            rotation_state: rotation.state,
            rotation_phase: rotation.phase,
            rotation_id: rotation.current_id,
        })
    }
}

pub(in crate::connect) const CALL: Call<'static> = Call::named("the request for a certificate authority");

fn key_set(keys: CaKeySet) -> Option<KeySet> {
    let line = |bytes: Vec<u8>| String::from_utf8(bytes).ok().map(|text| text.trim_end().to_owned());
    Some(KeySet {
        ssh: keys.ssh.into_iter().map(|pair| line(pair.public_key)).collect::<Option<_>>()?,
        tls: keys.tls.into_iter().map(|pair| String::from_utf8(pair.cert).ok()).collect::<Option<_>>()?,
    })
}
