//! What the cluster gives access to.

/// An SSH node that is dialled directly.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `host:port` of a real SSH server.
    pub(crate) address: String,
    pub(crate) cluster: String,
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
}

/// An application.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) public_address: String,
    pub(crate) uri: String,
}
