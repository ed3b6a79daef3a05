//! A cluster's double on a runtime of its own, so that tests are plain functions.

use std::ops::Deref;

use teleport_double::{Builder, Double, HostileProxy, Role, TokenOptions, Tunnel};
use tempfile::TempDir;

use crate::node::Node;
use crate::secrets::Secrets;
use crate::users;

/// A double with bot `api`, which may take role `api-workers` (login: whoever runs the tests), and what belongs to it.
#[derive(Debug)]
pub struct Cluster {
    double: Double,
    /// The SSH node `node1`, if one was asked for.
    pub node: Option<Node>,
    directory: TempDir,
    pub(crate) secrets: Secrets,
    runtime: tokio::runtime::Runtime,
}

impl Deref for Cluster {
    type Target = Double;

    fn deref(&self) -> &Double {
        &self.double
    }
}

impl Cluster {
    /// A cluster without nodes.
    #[must_use]
    pub fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// A cluster with more in it.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn with(more: impl FnOnce(Builder) -> Builder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let login = users::login();
        let role = Role::new("api-workers").logins(&[&login]);
        let builder = more(Double::builder().cluster("example.test").bot("api", &["api-workers"])).role(role);
        let double = runtime.block_on(builder.start()).unwrap();
        let directory = tempfile::Builder::new().prefix("e2e-cluster-").tempdir().unwrap();
        Self { double, node: None, directory, secrets: Secrets::default(), runtime }
    }

    /// Adds `node1.example.test`, a real sshd that trusts this cluster.
    #[must_use]
    pub fn and_node(mut self) -> Self {
        let node = Node::start(&self.directory.path().join("node1"), &self, &self, "node1.example.test");
        self.double.add_node("node1", &node.address);
        self.node = Some(node);
        self
    }

    /// Adds a node whose host certificate another cluster has signed.
    #[must_use]
    pub fn and_node_certified_by(mut self, other: &Self) -> Self {
        let node = Node::start(&self.directory.path().join("node1"), &self, other, "node1.example.test");
        self.double.add_node("node1", &node.address);
        self.node = Some(node);
        self
    }

    /// A proxy in the middle, in front of this cluster.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn hostile_proxy(&self, tunnel: Tunnel) -> HostileProxy {
        self.runtime.block_on(HostileProxy::start(&self.double, tunnel)).unwrap()
    }

    /// A fresh token for bot `api`, which no program may print from now on.
    pub fn token(&self) -> String {
        self.token_with(TokenOptions::default())
    }

    /// Another kind of token for bot `api`.
    pub fn token_with(&self, options: TokenOptions) -> String {
        // Where something else proves the right to it, a join token's name is no secret.
        let secret = options.is_secret();
        let token = self.double.new_token_with("api", options);
        if secret {
            self.secrets.add(&token);
        }
        token
    }
}
