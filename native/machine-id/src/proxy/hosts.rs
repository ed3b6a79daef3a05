//! The hosts that a role certificate sees, and by what each is reached.

use crate::connect::{ClientCredential, Cluster, ConnectError, Connector, Host};
use crate::error::{Code, Fault};

use super::labels::Labels;

/// The most names that a message lists.
const LISTED: usize = 5;
/// The longest name that DNS allows.
const LONGEST: usize = 253;

/// Labels that don't lead to the one host that is wanted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostsError {
    /// No host has them.
    #[error("no host that the roles see in cluster {cluster} has {labels}")]
    NoneHas {
        /// The labels.
        labels: Labels,
        /// Name of the cluster.
        cluster: String,
    },
    /// More hosts than one have them.
    #[error("{count} hosts have {labels}: {names}")]
    Several {
        /// The labels.
        labels: Labels,
        /// How many hosts.
        count: usize,
        /// The first of their names.
        names: String,
    },
}

impl Fault for HostsError {
    fn code(&self) -> Code {
        Code::TargetUnknown
    }

    fn hint(&self) -> String {
        let hint = match self {
            Self::NoneHas { .. } => {
                "`machine-id hosts` lists the hosts that the roles see; ssh writes what it is given in lower case"
            }
            Self::Several { .. } => "name one of them, add a label, or take `machine-id hosts` in a loop",
        };
        hint.to_owned()
    }
}

/// The hosts of `cluster` that have all of `labels`, as far as the roles of `credential`, a role certificate, see them.
///
/// # Errors
/// When the auth server can't be reached or refuses.
pub async fn hosts(
    connector: &Connector,
    cluster: &Cluster,
    host_cas: &[String],
    credential: &ClientCredential,
    labels: &Labels,
) -> Result<Vec<Host>, ConnectError> {
    connector.auth(cluster, host_cas, credential).await?.hosts(labels.as_map()).await
}

/// The one host among `hosts`, which have all of `labels`.
///
/// # Errors
/// When it isn't one.
pub fn only(hosts: Vec<Host>, labels: &Labels, cluster: &str) -> Result<Host, HostsError> {
    let labels = labels.clone();
    match <[Host; 1]>::try_from(hosts) {
        Ok([host]) => Ok(host),
        Err(hosts) if hosts.is_empty() => Err(HostsError::NoneHas { labels, cluster: cluster.to_owned() }),
        Err(hosts) => {
            let names = hosts.iter().filter_map(|host| address(host, &hosts, cluster)).take(LISTED);
            let more = if hosts.len() > LISTED { ", …" } else { "" };
            let names = names.collect::<Vec<_>>().join(", ") + more;
            Err(HostsError::Several { labels, count: hosts.len(), names })
        }
    }
}

/// By what `host` is reached in `cluster`: its name, or its UUID where others among `all` have the same name or a name
/// isn't what `ssh` and a shell take for one. None: not even its UUID is.
#[must_use]
pub fn address(host: &Host, all: &[Host], cluster: &str) -> Option<String> {
    let shared = all.iter().any(|other| other.id != host.id && other.name.eq_ignore_ascii_case(&host.name));
    let name = if shared || !is_plain(&host.name) { &host.id } else { &host.name };
    is_plain(name).then(|| format!("{name}.{cluster}"))
}

/// Whether a name can stand in a command line: whoever adds hosts to a cluster must not add options to `ssh`.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= LONGEST && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host(id: &str, name: &str) -> Host {
        Host { id: id.to_owned(), name: name.to_owned(), labels: std::collections::BTreeMap::new() }
    }

    #[test]
    fn a_host_is_reached_by_its_name_unless_another_has_it_too() {
        let all = [host("1", "web"), host("2", "db"), host("3", "DB")];
        let reached: Vec<_> = all.iter().filter_map(|host| address(host, &all, "example.test")).collect();
        assert_eq!(reached, ["web.example.test", "2.example.test", "3.example.test"]);
    }

    #[test]
    fn a_name_that_would_be_an_option_or_several_words_is_never_shown() {
        for name in ["-oProxyCommand=id", "a b", "a\nb", "$(id)", "a;b", "a*", "é", "", ".", &"a".repeat(254)] {
            let odd = host("6f1c", name);
            assert_eq!(address(&odd, std::slice::from_ref(&odd), "c").as_deref(), Some("6f1c.c"), "{name:?}");
            let odder = host(name, name);
            assert_eq!(address(&odder, std::slice::from_ref(&odder), "c"), None, "{name:?}");
        }
    }

    #[test]
    fn one_host_is_taken_and_several_are_named() {
        let labels = Labels::parse(["env=prod"]).unwrap();
        let some = |count: usize| (0..count).map(|n| host(&n.to_string(), &format!("n{n}"))).collect::<Vec<_>>();
        assert_eq!(only(some(1), &labels, "c").unwrap().id, "0");
        assert_eq!(
            only(some(0), &labels, "c").unwrap_err().to_string(),
            "no host that the roles see in cluster c has env=prod"
        );
        assert_eq!(only(some(2), &labels, "c").unwrap_err().to_string(), "2 hosts have env=prod: n0.c, n1.c");
        let many = only(some(7), &labels, "c").unwrap_err().to_string();
        assert_eq!(many, "7 hosts have env=prod: n0.c, n1.c, n2.c, n3.c, n4.c, …");
        assert!(!only(some(5), &labels, "c").unwrap_err().to_string().contains('…'));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_one_word_and_no_option(id in ".*", name in ".*") {
            let host = host(&id, &name);
            if let Some(shown) = address(&host, &[], "example.test") {
                prop_assert!(!shown.starts_with('-'));
                prop_assert!(shown.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
            }
        }
    }
}
