//! Roles of the cluster.

use std::time::Duration;

/// A role of the cluster.
#[derive(Clone, Debug)]
pub struct Role {
    pub(crate) name: String,
    pub(crate) logins: Vec<String>,
    pub(crate) kube_groups: Vec<String>,
    pub(crate) kube_users: Vec<String>,
    /// The clusters it sees; none: all.
    pub(crate) kubes: Option<Vec<String>>,
    /// Users and names of databases that it admits; none: all.
    pub(crate) databases: Option<(Vec<String>, Vec<String>)>,
    pub(crate) max_session_ttl: Duration,
}

impl Role {
    /// A role with login `jenkins`, Kubernetes group `system:masters` and at most 12 hours.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            logins: vec!["jenkins".to_owned()],
            kube_groups: vec!["system:masters".to_owned()],
            kube_users: Vec::new(),
            kubes: None,
            databases: None,
            max_session_ttl: Duration::from_secs(12 * 3600),
        }
    }

    /// The logins it allows, instead of the default ones.
    #[must_use]
    pub fn logins(mut self, logins: &[&str]) -> Self {
        self.logins = owned(logins);
        self
    }

    /// Its Kubernetes groups, instead of the default ones.
    #[must_use]
    pub fn kube_groups(mut self, groups: &[&str]) -> Self {
        self.kube_groups = owned(groups);
        self
    }

    /// Its Kubernetes users; none by default.
    #[must_use]
    pub fn kube_users(mut self, users: &[&str]) -> Self {
        self.kube_users = owned(users);
        self
    }

    /// The only Kubernetes clusters it sees, as by their labels.
    #[must_use]
    pub fn only_kubes(mut self, names: &[&str]) -> Self {
        self.kubes = Some(owned(names));
        self
    }

    /// The only users and names of databases that it admits.
    #[must_use]
    pub fn only_databases(mut self, users: &[&str], names: &[&str]) -> Self {
        self.databases = Some((owned(users), owned(names)));
        self
    }

    pub(crate) fn admits(&self, user: &str, name: &str) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|known| known == wanted);
        self.databases.as_ref().is_none_or(|(users, names)| has(users, user) && has(names, name))
    }

    /// How long a certificate with this role lasts at most.
    #[must_use]
    pub fn max_session_ttl(mut self, ttl: Duration) -> Self {
        self.max_session_ttl = ttl;
        self
    }
}

/// Texts of one's own.
pub(super) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
