//! The pair of certificates a bot gets: SSH and X.509 with the same content (protocol section F).

use std::collections::BTreeMap;

use ssh_key::certificate::CertType;
use ssh_key::public::KeyData;
use x509_cert::name::RdnSequence;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::authority::CaKeys;
use super::name::{self, NameBuilder};
use super::ssh::{self, SshSubject};
use super::x509::{self, Purpose, Span};
use crate::error::DoubleError;

/// Everything the two certificates say about their holder.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserSubject {
    pub(crate) user: String,
    pub(crate) roles: Vec<String>,
    pub(crate) principals: Vec<String>,
    pub(crate) usage: Option<String>,
    pub(crate) cluster: String,
    pub(crate) route_to_cluster: String,
    pub(crate) kube_cluster: String,
    pub(crate) kube_groups: Vec<String>,
    pub(crate) kube_users: Vec<String>,
    /// In the order service, protocol, user, name.
    pub(crate) database: [String; 4],
    /// In the order session, cluster, public address, name.
    pub(crate) app: [String; 4],
    pub(crate) impersonator: String,
    pub(crate) disallow_reissue: bool,
    pub(crate) renewable: bool,
    pub(crate) generation: u64,
    pub(crate) bot_name: String,
    pub(crate) bot_instance: String,
}

const TRAITS: &str = r#"{"logins":null}"#;

impl UserSubject {
    /// The subject of the X.509 certificate.
    pub(crate) fn name(&self) -> Result<RdnSequence, DoubleError> {
        let flag = |on: bool| if on { "true" } else { "" };
        let number = if self.generation == 0 { String::new() } else { self.generation.to_string() };
        let [app_session, app_cluster, app_address, app_name] = &self.app;
        let [db_service, db_protocol, db_user, db_name] = &self.database;
        Ok(NameBuilder::default()
            .multi(name::LOCALITY, &self.principals)?
            .one(name::STREET, &self.route_to_cluster)?
            .one(name::POSTAL_CODE, TRAITS)?
            .multi(name::ORGANIZATION, &self.roles)?
            .one(name::UNIT, self.usage.as_deref().unwrap_or_default())?
            .one(name::CN, &self.user)?
            .each(name::KUBE_USER, &self.kube_users)?
            .each(name::KUBE_GROUP, &self.kube_groups)?
            .one(name::KUBE_CLUSTER, &self.kube_cluster)?
            .one(name::APP_SESSION, app_session)?
            .one(name::APP_ADDRESS, app_address)?
            .one(name::APP_CLUSTER, app_cluster)?
            .one(name::APP_NAME, app_name)?
            .one(name::RENEWABLE, flag(self.renewable))?
            .one(name::TELEPORT_CLUSTER, &self.cluster)?
            .one(name::DB_SERVICE, db_service)?
            .one(name::DB_PROTOCOL, db_protocol)?
            .one(name::DB_USER, db_user)?
            .one(name::DB_NAME, db_name)?
            .one(name::IMPERSONATOR, &self.impersonator)?
            .one(name::DISALLOW_REISSUE, flag(self.disallow_reissue))?
            .one(name::GENERATION, &number)?
            .one(name::KEY_POLICY, "none")?
            .one(name::BOT_NAME, &self.bot_name)?
            .one(name::BOT_INSTANCE, &self.bot_instance)?
            .build())
    }

    /// The extensions of the SSH certificate.
    pub(crate) fn extensions(&self) -> BTreeMap<String, String> {
        let roles = serde_json::json!({ "version": "v1", "roles": self.roles });
        // Field order as in the recorded certificates; serde_json sorts keys.
        let roles = format!(r#"{{"version":"v1","roles":{}}}"#, roles["roles"]);
        let mut map: BTreeMap<String, String> = [
            ("permit-port-forwarding", String::new()),
            ("permit-pty", String::new()),
            ("private-key-policy", "none".to_owned()),
            ("teleport-roles", roles),
            ("teleport-traits", TRAITS.to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let mut set = |name: &str, value: &str| {
            if !value.is_empty() {
                map.insert(name.to_owned(), value.to_owned());
            }
        };
        set("teleport-route-to-cluster", &self.route_to_cluster);
        set("impersonator", &self.impersonator);
        set("bot-name@goteleport.com", &self.bot_name);
        set("bot-instance-id@goteleport.com", &self.bot_instance);
        if self.generation > 0 {
            set("generation", &self.generation.to_string());
        }
        for (name, on) in [("renewable", self.renewable), ("disallow-reissue", self.disallow_reissue)] {
            if on {
                map.insert(name.to_owned(), String::new());
            }
        }
        map
    }

    /// The SSH certificate for `key`, as a line.
    pub(crate) fn sign_ssh(&self, ca: &CaKeys, key: KeyData, span: Span) -> Result<String, DoubleError> {
        let subject = SshSubject {
            kind: CertType::User,
            key_id: &self.user,
            principals: &self.principals,
            extensions: self.extensions(),
            span,
        };
        ssh::sign(&ca.ssh, key, &subject)
    }

    /// The X.509 certificate for `key`, as PEM.
    pub(crate) fn sign_tls(
        &self,
        ca: &CaKeys,
        key: SubjectPublicKeyInfoOwned,
        span: Span,
    ) -> Result<String, DoubleError> {
        let serial = x509::random_serial();
        let certificate = x509::issue(&ca.issuer(), self.name()?, key, span, serial, &Purpose::Client)?;
        x509::pem(&certificate)
    }
}
