//! From the name that OpenSSH has to the one that the cluster knows (protocol H3).

use crate::connect::SshTarget;
use crate::error::{Code, Fault};

/// The port that OpenSSH shows for hosts whose own port it doesn't know.
const DEFAULT_PORT: u16 = 3022;

/// What ssh wants to reach, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// `%h`.
    pub host: &'a str,
    /// `%p`.
    pub port: u16,
    /// The cluster the host is in, or is taken to be in.
    pub cluster: &'a str,
    /// Public host name of the proxy; may be empty.
    pub proxy_host: &'a str,
}

/// A host name that can't be asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing is left of the name.
    #[error("{host:?} names no host in cluster {cluster:?}")]
    NoHost {
        /// As given.
        host: String,
        /// The cluster.
        cluster: String,
    },
    /// No cluster was given.
    #[error("no cluster is given for host {host:?}")]
    NoCluster {
        /// As given.
        host: String,
    },
    /// A word that should be a label and its value.
    #[error("{word:?} is no label with a value")]
    NoLabel {
        /// As given.
        word: String,
    },
    /// A label with two values, which no host has.
    #[error("label {label:?} is given two values")]
    TwoValues {
        /// The label.
        label: String,
    },
}

impl Fault for TargetError {
    fn code(&self) -> Code {
        Code::RequestInvalid
    }

    fn hint(&self) -> String {
        let hint = match self {
            Self::NoLabel { .. } | Self::TwoValues { .. } => "write LABEL=VALUE, each label once",
            _ => "name the host as `tsh ls` shows it, followed by a dot and the cluster's name",
        };
        hint.to_owned()
    }
}

/// The target to ask the proxy for: `.<proxy host>`, then `.<cluster>` are stripped, which the server doesn't do; the
/// default port becomes 0, since a node that is dialled directly must be asked for with its own port or none.
///
/// # Errors
/// When no host or no cluster is left.
pub fn resolve(wanted: &Destination<'_>) -> Result<SshTarget, TargetError> {
    let Destination { host, port, cluster, .. } = *wanted;
    if cluster.is_empty() {
        return Err(TargetError::NoCluster { host: host.to_owned() });
    }
    let name = name_of(wanted);
    if name.is_empty() {
        return Err(TargetError::NoHost { host: host.to_owned(), cluster: cluster.to_owned() });
    }
    let port = if port == DEFAULT_PORT { 0 } else { port };
    let host_port = if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") };
    Ok(SshTarget { host_port, cluster: cluster.to_owned() })
}

/// The host as the cluster knows it.
pub(super) fn name_of<'a>(wanted: &Destination<'a>) -> &'a str {
    strip(strip(wanted.host, wanted.proxy_host), wanted.cluster)
}

/// `name` without `.suffix`, whatever its case.
fn strip<'a>(name: &'a str, suffix: &str) -> &'a str {
    if suffix.is_empty() {
        return name;
    }
    let Some(at) = name.len().checked_sub(suffix.len() + 1) else { return name };
    match (name.get(..at), name.get(at..at + 1), name.get(at + 1..)) {
        (Some(head), Some("."), Some(tail)) if tail.eq_ignore_ascii_case(suffix) => head,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolved(host: &str, port: u16) -> String {
        let wanted = Destination { host, port, cluster: "example.test", proxy_host: "proxy.example.com" };
        resolve(&wanted).unwrap().host_port
    }

    #[test]
    fn suffixes_of_cluster_and_proxy_are_stripped_and_the_default_port_is_any() {
        for (host, port, expected) in [
            ("node1.example.test", 3022, "node1:0"),
            ("node1.example.test", 13022, "node1:13022"),
            ("node1.example.test.proxy.example.com", 3022, "node1:0"),
            ("node1.proxy.example.com", 22, "node1:22"),
            ("NODE1.Example.TEST", 3022, "NODE1:0"),
            ("node1", 3022, "node1:0"),
            ("a.b.example.test", 3022, "a.b:0"),
            ("node1.example.testing", 3022, "node1.example.testing:0"),
            ("2001:db8::1", 22, "[2001:db8::1]:22"),
        ] {
            assert_eq!(resolved(host, port), expected, "{host}");
        }
    }

    #[test]
    fn a_name_of_which_nothing_is_left_is_refused() {
        let wanted = Destination { host: ".example.test", port: 1, cluster: "example.test", proxy_host: "" };
        assert!(matches!(resolve(&wanted), Err(TargetError::NoHost { .. })));
        let wanted = Destination { host: "node1", port: 1, cluster: "", proxy_host: "" };
        assert!(matches!(resolve(&wanted), Err(TargetError::NoCluster { .. })));
    }

    proptest! {
        #[test]
        fn no_name_panics(host in ".*", cluster in ".*", proxy_host in ".*") {
            let _ = resolve(&Destination { host: &host, port: 1, cluster: &cluster, proxy_host: &proxy_host });
        }
    }
}
