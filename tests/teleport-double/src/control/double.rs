//! A running double.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::builder::Builder;
use super::core::Core;
use super::counters::Snapshot;
use super::fault::Faults;
use super::lock::LockTarget;
use super::resource::{App, Database};
use super::role::Role;
use super::state::Bot;
use super::token::{Token, TokenOptions};
use super::uuid;
use crate::ca::AuthorityKind;
use crate::ca::authority::Phase;
use crate::ca::name::{CN, NameBuilder};
use crate::ca::x509::{self, Purpose, Span};
use crate::error::DoubleError;
use crate::web::listener::{self, Port};

/// A running double of a cluster. Stops when dropped.
#[derive(Debug)]
pub struct Double {
    core: Arc<Core>,
    web_ca: PathBuf,
    directory: PathBuf,
    temporary: bool,
    proxy_open: watch::Sender<bool>,
    auth_open: watch::Sender<bool>,
}

impl Double {
    pub(crate) const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// What a double is to be.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn start(core: Arc<Core>, proxy: SocketAddr, auth: SocketAddr) -> Result<Self, DoubleError> {
        let temporary = core.settings.directory.is_none();
        let directory = core
            .settings
            .directory
            .clone()
            .unwrap_or_else(|| std::env::temp_dir().join(format!("teleport-double-{}", uuid())));
        let web_ca = directory.join("web-ca.pem");
        std::fs::create_dir_all(&directory).map_err(|source| unwritable(&directory, source))?;
        write(&web_ca, &core.keys.web_ca_pem)?;
        let (proxy_open, proxy_gate) = watch::channel(true);
        let (auth_open, auth_gate) = watch::channel(true);
        for (port, address, gate) in [(Port::Proxy, proxy, proxy_gate), (Port::Auth, auth, auth_gate)] {
            let listener = listener::bind(address).await?;
            let bound =
                listener.local_addr().map_err(|source| DoubleError::Listen { address: address.to_string(), source })?;
            let slot = if port == Port::Proxy { &core.proxy } else { &core.auth };
            let _ = slot.set(bound);
            tokio::spawn(listener::run(Arc::clone(&core), port, listener, gate));
        }
        Ok(Self { core, web_ca, directory, temporary, proxy_open, auth_open })
    }

    /// The proxy's public address, `host:port`: what a client is configured with.
    #[must_use]
    pub fn proxy_address(&self) -> String {
        self.core.public_address()
    }

    /// The auth server's address, `127.0.0.1:port`.
    #[must_use]
    pub fn auth_address(&self) -> String {
        self.core.auth.get().map(SocketAddr::to_string).unwrap_or_default()
    }

    /// The cluster's name.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.core.settings.cluster
    }

    /// The version that it says it has.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.core.settings.version
    }

    /// The TLS server name that selects the Kubernetes API.
    #[must_use]
    pub fn kube_server_name(&self) -> String {
        self.core.settings.kube_name()
    }

    /// The CA of the proxy's web certificate, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn web_ca_pem(&self) -> &Path {
        &self.web_ca
    }

    /// `sha256:…` of the active host CA.
    #[must_use]
    pub fn ca_pin(&self) -> String {
        self.core.state().host.active.pin()
    }

    /// `sha256:…` of all host CAs now trusted, active first.
    #[must_use]
    pub fn ca_pins(&self) -> Vec<String> {
        self.core.state().host.trusted().map(|keys| keys.pin()).collect()
    }

    /// The active host CA as PEM.
    #[must_use]
    pub fn host_ca_pem(&self) -> String {
        self.core.state().host.active.pem.clone()
    }

    /// All user CA keys now trusted, one authorized_keys line each: what sshd's `TrustedUserCAKeys` file holds.
    #[must_use]
    pub fn user_ca_ssh_line(&self) -> String {
        self.core.state().user.trusted().map(|keys| format!("{}\n", keys.ssh_line)).collect()
    }

    /// The active host CA key as an authorized_keys line without line feed.
    #[must_use]
    pub fn host_ca_ssh_line(&self) -> String {
        self.core.state().host.active.ssh_line.clone()
    }

    /// A fresh token for `bot`, valid for one join.
    #[must_use]
    pub fn new_token(&self, bot: &str) -> String {
        self.new_token_with(bot, TokenOptions::default())
    }

    /// A token made otherwise: expired, for another role, for a bot that doesn't exist, or of another method.
    #[must_use]
    pub fn new_token_with(&self, bot: &str, options: TokenOptions) -> String {
        let name = if options.name.is_empty() { uuid().replace('-', "") } else { options.name.clone() };
        let now = self.core.now();
        let method = options.method();
        let role = if options.role.is_empty() { "Bot".to_owned() } else { options.role };
        let (bot, expires) = (bot.to_owned(), options.expired.then_some(now));
        let token = Token { role, bot, method, expires, refusal: options.refusal };
        self.core.state().tokens.insert(name.clone(), token);
        name
    }

    /// Whether a token is still there.
    #[must_use]
    pub fn token_exists(&self, name: &str) -> bool {
        self.core.state().tokens.contains_key(name)
    }

    /// Adds a bot.
    pub fn add_bot(&self, name: &str, roles: &[&str]) {
        let bot = Bot::new(name, roles.iter().map(|&role| role.to_owned()).collect());
        let mut state = self.core.state();
        for role in bot.roles.iter().chain([&bot.user()]) {
            state.roles.entry(role.clone()).or_insert_with(|| Role::new(role));
        }
        state.bots.insert(bot.user(), bot);
    }

    /// Deletes a bot: what it holds is refused from now on, and it can be added anew.
    pub fn delete_bot(&self, name: &str) {
        self.core.state().bots.remove(&format!("bot-{name}"));
    }

    /// Adds or replaces a role.
    pub fn set_role(&self, role: Role) {
        self.core.state().roles.insert(role.name.clone(), role);
    }

    /// The generation stored for a bot; of its newest instance from version 16.2 on. `None` before its first join.
    #[must_use]
    pub fn generation(&self, bot: &str) -> Option<u64> {
        let state = self.core.state();
        let bot = state.bots.get(&format!("bot-{bot}"))?;
        bot.generation.or_else(|| bot.instances.values().max().copied())
    }

    /// Adds a database that is really there: `host:port` of it.
    ///
    /// # Panics
    /// Never in practice.
    pub fn add_database(&self, name: &str, protocol: &str, address: &str) {
        let (name, protocol) = (name.to_owned(), protocol.to_owned());
        let address = Some(address.to_owned());
        self.core.state().databases.push(Database { name, protocol, address });
    }

    /// Adds an application; connections to it go to the host and port of `uri`.
    pub fn add_app(&self, name: &str, uri: &str) {
        let public_address = format!("{name}.{}", self.core.settings.public_host);
        self.core.state().apps.push(App { name: name.to_owned(), public_address, uri: uri.to_owned() });
    }

    /// The CA of databases, PEM: what a database takes clients from.
    #[must_use]
    pub fn database_ca_pem(&self) -> String {
        self.core.state().database.active.pem.clone()
    }

    /// A server certificate of the database CA for the key `spki` (DER) at `localhost`, PEM, as `tctl auth sign
    /// --format=db` makes one.
    ///
    /// # Errors
    /// When the key can't be read.
    pub fn certify_database(&self, spki: &[u8]) -> Result<String, DoubleError> {
        let (now, ca) = (self.core.now(), Arc::clone(&self.core.state().database.active));
        let span = Span { from: now - Duration::from_secs(3600), until: now + Duration::from_secs(24 * 3600) };
        let subject = NameBuilder::default().one(CN, "localhost")?.build();
        let dns = ["localhost".to_owned()];
        let purpose = Purpose::Server { dns: &dns, addresses: &[] };
        let key = SubjectPublicKeyInfoOwned::from_der(spki)?;
        x509::pem(&x509::issue(&ca.issuer(), subject, key, span, x509::random_serial(), &purpose)?)
    }

    /// Locks a user, for example `bot-api`.
    pub fn lock_user(&self, user: &str, message: &str) {
        self.core.state().lock(LockTarget::User(user.to_owned()), message);
    }

    /// Locks a role.
    pub fn lock_role(&self, role: &str, message: &str) {
        self.core.state().lock(LockTarget::Role(role.to_owned()), message);
    }

    /// Lifts all locks, those the double made by itself too.
    pub fn unlock_all(&self) {
        self.core.state().locks.clear();
    }

    /// Enters a phase of the rotation of the host and user CAs.
    ///
    /// # Errors
    /// When new keys can't be made.
    pub fn rotate(&self, phase: Phase) -> Result<(), DoubleError> {
        self.rotate_authority(AuthorityKind::Host, phase)?;
        self.rotate_authority(AuthorityKind::User, phase)
    }

    /// Enters a phase of the rotation of one CA.
    ///
    /// # Errors
    /// When new keys can't be made.
    pub fn rotate_authority(&self, kind: AuthorityKind, phase: Phase) -> Result<(), DoubleError> {
        let now = self.core.now();
        let changed = {
            let mut state = self.core.state();
            let authority = state.authority_mut(kind);
            authority.rotate(phase, now)?;
            authority.clone()
        };
        // Nobody may be watching.
        let _ = self.core.rotations.send((kind, changed));
        Ok(())
    }

    /// Where faults are planned.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// What was seen so far.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.core.counters.snapshot()
    }

    /// Moves the cluster's clock: `seconds` off the machine's.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.core.clock.set_offset(seconds);
    }

    /// Closes or reopens the proxy's port: while closed, connections are refused.
    pub fn open_proxy(&self, open: bool) {
        self.proxy_open.send_replace(open);
    }

    /// Cuts all connections to the proxy that are open, as the end of its process does.
    pub fn cut_proxy(&self) {
        self.core.proxy_cut.send_replace(());
    }

    /// Closes or reopens the auth server's port.
    pub fn open_auth(&self, open: bool) {
        self.auth_open.send_replace(open);
    }

    /// Cuts every connection. With both ports closed this is how a restart looks from outside; what the cluster knows
    /// is kept, as it would be in its database.
    pub fn cut_connections(&self) {
        self.core.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Closes both ports and all connections.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.core.stopping.send_replace(true);
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

fn unwritable(path: &Path, source: std::io::Error) -> DoubleError {
    DoubleError::Write { path: path.display().to_string(), source }
}

#[expect(clippy::disallowed_methods, reason = "a test double's own directory, not a destination")]
pub(crate) fn write(path: &Path, text: &str) -> Result<(), DoubleError> {
    std::fs::write(path, text).map_err(|source| unwritable(path, source))
}
