//! Setting up a double.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::clock::DoubleClock;
use super::core::Core;
use super::double::Double;
use super::resource::{App, Database, Kube};
use super::role::{Role, owned};
use super::settings::Settings;
use super::state::{Bot, State};
use crate::ca::KeyKind;
use crate::error::DoubleError;

/// Collects what a double is to be.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(super) settings: Settings,
    bots: Vec<Bot>,
    roles: Vec<Role>,
    nodes: Vec<(String, String)>,
    kubes: Vec<Kube>,
    databases: Vec<Database>,
    apps: Vec<App>,
    clock_offset: i64,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings {
                cluster: "example.test".to_owned(),
                public_host: "localhost".to_owned(),
                listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
                proxy_port: 0,
                auth_port: 0,
                version: "15.0.0-dev".to_owned(),
                key_kind: KeyKind::default(),
                l7_balancer: false,
                tls_routing: true,
                leaf: None,
                streams: 1000,
                directory: None,
                join_stream: None,
                legacy_joins: None,
                fips: false,
                min_client: None,
                all_roles: false,
                suite: None,
                joined_keys: None,
                stream_limit: Duration::from_secs(60),
            },
            bots: Vec::new(),
            roles: Vec::new(),
            nodes: Vec::new(),
            kubes: Vec::new(),
            databases: Vec::new(),
            apps: Vec::new(),
            clock_offset: 0,
        }
    }
}

impl Builder {
    /// The cluster's name; `example.test` by default.
    #[must_use]
    pub fn cluster(mut self, name: &str) -> Self {
        self.settings.cluster = name.to_owned();
        self
    }

    /// The host part of the proxy's public address; `localhost` by default.
    #[must_use]
    pub fn public_host(mut self, host: &str) -> Self {
        self.settings.public_host = host.to_owned();
        self
    }

    /// The proxy's port; any free one by default.
    #[must_use]
    pub fn proxy_port(mut self, port: u16) -> Self {
        self.settings.proxy_port = port;
        self
    }

    /// The auth server's port; any free one by default.
    #[must_use]
    pub fn auth_port(mut self, port: u16) -> Self {
        self.settings.auth_port = port;
        self
    }

    /// The version it says it has; `15.0.0-dev` by default. From 16.2 on there are bot instances and heartbeats, from 17
    /// on `RegisterUsingToken` and separate SSH and TLS keys, from 18 on no join by REST at the auth server, from 18.2 on
    /// `teleport.join.v1`, and from 20 on nothing else.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.settings.version = version.to_owned();
        self
    }

    /// The algorithm of the CA keys; RSA-2048 by default.
    #[must_use]
    pub fn ca_keys(mut self, kind: KeyKind) -> Self {
        self.settings.key_kind = kind;
        self
    }

    /// How many streams a connection of HTTP/2 may have at once; 1,000 by default, as Teleport's
    /// (`defaults.GRPCMaxConcurrentStreams`).
    #[must_use]
    pub fn streams(mut self, most: u32) -> Self {
        self.settings.streams = most;
        self
    }

    /// Behaves like a proxy behind a balancer that ends TLS: Teleport's protocols work only inside an upgrade.
    #[must_use]
    pub fn behind_balancer(mut self) -> Self {
        self.settings.l7_balancer = true;
        self
    }

    /// Says that the proxy's services have ports of their own. They are one port here all the same; the real web port
    /// passes connections to auth on in that mode too.
    #[must_use]
    pub fn separate_ports(mut self) -> Self {
        self.settings.tls_routing = false;
        self
    }

    /// Adds a leaf cluster with a host CA of its own.
    #[must_use]
    pub fn leaf(mut self, name: &str) -> Self {
        self.settings.leaf = Some(name.to_owned());
        self
    }

    /// Adds a bot that may take `roles`; roles not set up otherwise are made with [`Role::new`].
    #[must_use]
    pub fn bot(mut self, name: &str, roles: &[&str]) -> Self {
        self.bots.push(Bot::new(name, owned(roles)));
        self
    }

    /// Sets up a role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Adds an SSH node: its name, and where a real SSH server listens.
    #[must_use]
    pub fn node(mut self, name: &str, address: &str) -> Self {
        self.nodes.push((name.to_owned(), address.to_owned()));
        self
    }

    /// Adds a Kubernetes cluster.
    #[must_use]
    pub fn kube(mut self, name: &str) -> Self {
        self.kubes.push(Kube::new(name));
        self
    }

    /// Adds a Kubernetes cluster with labels of its own.
    #[must_use]
    pub fn labelled_kube(mut self, name: &str, labels: &[(&str, &str)]) -> Self {
        let labels = labels.iter().map(|&(label, value)| (label.to_owned(), value.to_owned())).collect();
        self.kubes.push(Kube { name: name.to_owned(), labels });
        self
    }

    /// Adds a database.
    #[must_use]
    pub fn database(mut self, name: &str, protocol: &str) -> Self {
        self.databases.push(Database { name: name.to_owned(), protocol: protocol.to_owned(), address: None });
        self
    }

    /// Adds an application.
    #[must_use]
    pub fn app(mut self, name: &str, public_address: &str, uri: &str) -> Self {
        let (name, public_address, uri) = (name.to_owned(), public_address.to_owned(), uri.to_owned());
        self.apps.push(App { name, public_address, uri });
        self
    }

    /// How far the cluster's clock is off, in seconds.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds;
        self
    }

    /// Where the web CA and the like are written; a fresh directory under the system's temporary one by default.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.settings.directory = Some(directory.into());
        self
    }

    /// Opens both ports and starts to serve on the current tokio runtime.
    ///
    /// # Errors
    /// When a port can't be opened, or keys or files can't be made.
    pub async fn start(self) -> Result<Double, DoubleError> {
        let clock = Arc::new(DoubleClock::default());
        clock.set_offset(self.clock_offset);
        let mut state = State::new(&self.settings, clock.now())?;
        let predefined = ["access", "editor", "auditor"].map(Role::new);
        for role in predefined.into_iter().chain(self.roles) {
            state.roles.insert(role.name.clone(), role);
        }
        for bot in self.bots {
            for name in bot.roles.iter().chain([&bot.user()]) {
                state.roles.entry(name.clone()).or_insert_with(|| Role::new(name));
            }
            state.bots.insert(bot.user(), bot);
        }
        state.kubes = self.kubes;
        state.databases = self.databases;
        state.apps = self.apps;
        let address = |port| SocketAddr::new(self.settings.listen, port);
        let (proxy, auth) = (address(self.settings.proxy_port), address(self.settings.auth_port));
        let core = Arc::new(Core::new(self.settings, state, clock)?);
        let double = Double::start(core, proxy, auth).await?;
        for (name, address) in &self.nodes {
            double.add_node(name, address);
        }
        Ok(double)
    }
}
