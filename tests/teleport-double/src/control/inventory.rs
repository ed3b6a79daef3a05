//! What the cluster gives access to, as tests add to it.

use std::sync::Arc;

use ssh_key::certificate::CertType;

use super::double::Double;
use super::resource::{Kube, Node};
use crate::ca::ssh::{self, SshSubject};
use crate::ca::x509::Span;
use crate::error::DoubleError;

impl Double {
    /// Adds an SSH node: its name, and where a real SSH server listens. Returns the node's id.
    pub fn add_node(&self, name: &str, address: &str) -> String {
        self.add_node_in(&self.core().settings.cluster, name, address)
    }

    /// Adds an SSH node of a given cluster, root or leaf.
    pub fn add_node_in(&self, cluster: &str, name: &str, address: &str) -> String {
        self.push_node(Node::new(cluster, name, address))
    }

    /// Adds an SSH node with labels of its own; those whose value begins with `$` are a command's, which gives the rest.
    pub fn add_labelled_node(&self, name: &str, address: &str, labels: &[(&str, &str)]) -> String {
        let mut node = Node { labels: Vec::new(), ..Node::new(&self.core().settings.cluster, name, address) };
        for &(label, value) in labels {
            match value.strip_prefix('$') {
                Some(output) => node.command_labels.push((label.to_owned(), output.to_owned())),
                None => node.labels.push((label.to_owned(), value.to_owned())),
            }
        }
        self.push_node(node)
    }

    fn push_node(&self, node: Node) -> String {
        let id = node.id.clone();
        self.core().state().nodes.push(node);
        id
    }

    /// Adds a Kubernetes cluster.
    pub fn add_kube(&self, name: &str) {
        self.core().state().kubes.push(Kube::new(name));
    }

    /// A host certificate for sshd's `HostCertificate`: one line with a line feed, valid for a year.
    ///
    /// # Errors
    /// When `public_key` is no authorized_keys line.
    pub fn sign_host_certificate(&self, public_key: &str, principals: &[&str]) -> Result<String, DoubleError> {
        let key = ssh::parse_line(public_key.as_bytes())
            .ok_or_else(|| DoubleError::Key("not an authorized_keys line".to_owned()))?;
        let now = self.core().now();
        let day = std::time::Duration::from_secs(24 * 3600);
        let principals: Vec<String> = principals.iter().map(|&name| name.to_owned()).collect();
        let subject = SshSubject {
            kind: CertType::Host,
            key_id: principals.first().map(String::as_str).unwrap_or_default(),
            principals: &principals,
            extensions: std::collections::BTreeMap::new(),
            span: Span { from: now - day, until: now + 365 * day },
        };
        let ca = Arc::clone(&self.core().state().host.active);
        ssh::sign(&ca.ssh, key, &subject)
    }
}
