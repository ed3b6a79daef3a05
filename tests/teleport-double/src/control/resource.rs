//! What the cluster gives access to.

use super::uuid;

/// An SSH node that is dialled directly.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `host:port` of a real SSH server.
    pub(crate) address: String,
    pub(crate) cluster: String,
    pub(crate) labels: Vec<(String, String)>,
    /// Those that are the output of commands.
    pub(crate) command_labels: Vec<(String, String)>,
}

impl Node {
    /// With the label of the recorded one.
    pub(crate) fn new(cluster: &str, name: &str, address: &str) -> Self {
        Self {
            id: uuid(),
            name: name.to_owned(),
            address: address.to_owned(),
            cluster: cluster.to_owned(),
            labels: vec![("group".to_owned(), "api".to_owned())],
            command_labels: Vec::new(),
        }
    }

    pub(crate) fn has(&self, label: &str, value: &str) -> bool {
        let mut all = self.labels.iter().chain(&self.command_labels);
        all.any(|(known, its)| known == label && its == value)
    }
}

/// A Kubernetes cluster.
#[derive(Clone, Debug)]
pub(crate) struct Kube {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
}

impl Kube {
    /// With the label of the recorded one.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), labels: vec![("env".to_owned(), "test".to_owned())] }
    }
}

/// A database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) protocol: String,
    /// `host:port` of a real server; none: it can't be reached.
    pub(crate) address: Option<String>,
}

/// An application.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) public_address: String,
    pub(crate) uri: String,
}
