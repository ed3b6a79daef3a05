//! What a client certificate says about its holder.

use std::time::SystemTime;

use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::name::{self, values};

/// The caller of an authenticated request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) user: String,
    pub(crate) roles: Vec<String>,
    pub(crate) usage: Vec<String>,
    pub(crate) route_to_cluster: String,
    pub(crate) kube_cluster: String,
    pub(crate) kube_groups: Vec<String>,
    pub(crate) kube_users: Vec<String>,
    /// In the order service, protocol, user, name.
    pub(crate) database: [String; 4],
    /// Its name.
    pub(crate) app: String,
    pub(crate) impersonator: String,
    pub(crate) generation: u64,
    pub(crate) renewable: bool,
    pub(crate) disallow_reissue: bool,
    pub(crate) bot_instance: String,
    pub(crate) expires: Option<SystemTime>,
}

impl Identity {
    /// Reads the subject (protocol section F2); `None` when `der` is no certificate.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let subject = &certificate.tbs_certificate.subject;
        let first = |oid: &str| values(subject, oid).into_iter().next().unwrap_or_default();
        Some(Self {
            user: first(name::CN),
            roles: values(subject, name::ORGANIZATION),
            usage: values(subject, name::UNIT),
            route_to_cluster: first(name::STREET),
            kube_cluster: first(name::KUBE_CLUSTER),
            kube_groups: values(subject, name::KUBE_GROUP),
            kube_users: values(subject, name::KUBE_USER),
            database: [name::DB_SERVICE, name::DB_PROTOCOL, name::DB_USER, name::DB_NAME].map(first),
            app: first(name::APP_NAME),
            impersonator: first(name::IMPERSONATOR),
            generation: first(name::GENERATION).parse().unwrap_or(0),
            renewable: first(name::RENEWABLE) == "true",
            disallow_reissue: first(name::DISALLOW_REISSUE) == "true",
            bot_instance: first(name::BOT_INSTANCE),
            expires: Some(certificate.tbs_certificate.validity.not_after.to_system_time()),
        })
    }
}
