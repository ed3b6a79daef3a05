//! Asking for a role certificate: `GenerateUserCerts` with role impersonation (protocol D3 and D4).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use teleport_api::auth::user_certs_request::CertUsage;
use teleport_api::auth::{RouteToApp, RouteToDatabase, UserCertsRequest};

use super::certificate::{RoleCertificate, Target};
use super::error::IssueError;
use super::roles;
use super::seen::Seen;
use crate::clock::Clock;
use crate::connect::{Application, AuthClient, ClientCredential, ConnectError, Database};
use crate::error::{Code, Fault};
use crate::identity::{Certificates, KeyPair};
use crate::version::Version;

/// How long a certificate lives that is only used to look a target up.
const LOOKUP: Duration = Duration::from_secs(10 * 60);

/// A wished certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueRequest {
    /// Roles to take; at least one.
    pub roles: Vec<String>,
    /// Wished lifetime; the cluster may shorten it.
    pub ttl: Duration,
    /// What it is for.
    pub target: Target,
    /// Leaf cluster; none: the root cluster.
    pub route_to_cluster: Option<String>,
}

/// Asks for a certificate for `key` as bot user `user`, over a connection of the bot's own identity.
///
/// A database's protocol and an application's address are looked up first, with a short-lived certificate of the same
/// roles: the bot's own identity sees no resources (trap 11). Whether a Kubernetes cluster is seen is looked up after. Both are
/// looked up in `seen`, which certificates of the same roles that are asked for together share.
///
/// # Errors
/// The cluster's refusal, an unknown target, or why there is no usable answer.
pub async fn issue(
    client: &AuthClient,
    user: &str,
    root_cluster: &str,
    request: &IssueRequest,
    key: Arc<KeyPair>,
    seen: &Seen,
    clock: &dyn Clock,
) -> Result<RoleCertificate, IssueError> {
    if request.roles.is_empty() {
        return Err(IssueError::NoRoles);
    }
    let route = request.route_to_cluster.as_deref().unwrap_or(root_cluster);
    let version = &client.cluster().server_version;
    let plain = |ttl: Duration| user_certs_request(user, &request.roles, route, &key, version, clock.now() + ttl);
    let mut wanted = plain(request.ttl);
    match &request.target {
        Target::None => {}
        Target::Reissuable => wanted.reissuable_role_impersonation = true,
        Target::Kubernetes { cluster } => wanted.kubernetes_cluster.clone_from(cluster),
        Target::Database { service, username, database } => {
            let protocol = if route == root_cluster {
                let client = seen.by(seer(client, plain(LOOKUP.min(request.ttl)), &key)).await?;
                protocol(seen.databases(client).await?, service, route)?
            } else {
                // A leaf's databases aren't listed by the root cluster: then the protocol is left to the server.
                String::new()
            };
            wanted.route_to_database = Some(RouteToDatabase {
                service_name: service.clone(),
                protocol,
                username: username.clone(),
                database: database.clone(),
                ..RouteToDatabase::default()
            });
        }
        Target::Application { app } => {
            let client = seen.by(seer(client, plain(LOOKUP.min(request.ttl)), &key)).await?;
            let applications = seen.applications(client).await?;
            wanted.route_to_app = Some(route_to_app(client, applications, user, app, route, version).await?);
        }
    }
    let issued = client.user_certs(wanted).await;
    let kube = match &request.target {
        Target::Kubernetes { cluster } if route == root_cluster => Some(cluster.as_str()),
        _ => None,
    };
    let issued = match (issued, kube) {
        (Err(error), Some(cluster)) if error.code() == Code::TargetUnknown => return Err(unseen(cluster, route)),
        (issued, _) => issued?,
    };
    let certificates = Certificates::new(&issued.ssh, &issued.tls)?;
    let certificate =
        RoleCertificate::new(Arc::clone(&key), certificates, request.target.clone(), route.to_owned(), clock.now())?;
    roles::compare(&request.roles, &certificate.facts)?;
    if let Some(cluster) = kube
        && !seen.has(client, &key, &issued.tls, cluster).await
    {
        return Err(unseen(cluster, route));
    }
    Ok(certificate)
}

/// The request without a target.
fn user_certs_request(
    user: &str,
    roles: &[String],
    route: &str,
    key: &KeyPair,
    version: &Version,
    expires: SystemTime,
) -> UserCertsRequest {
    let mut request = UserCertsRequest {
        username: user.to_owned(),
        expires: Some(expires.into()),
        format: "standard".to_owned(),
        route_to_cluster: route.to_owned(),
        role_requests: roles.to_vec(),
        // Without it an empty list would make this a renewal (trap 5).
        use_role_requests: true,
        usage: CertUsage::All.into(),
        ..UserCertsRequest::default()
    };
    let line = format!("{}\n", key.ssh_public_line()).into_bytes();
    if version.takes_separate_keys() {
        request.ssh_public_key = line;
        request.tls_public_key = key.public_pem().as_bytes().to_vec();
    } else {
        request.public_key = line;
    }
    request
}

/// A connection that sees what the roles see.
async fn seer(client: &AuthClient, request: UserCertsRequest, key: &KeyPair) -> Result<AuthClient, IssueError> {
    let asked = request.role_requests.clone();
    let issued = client.user_certs(request).await?;
    roles::compare(&asked, &Certificates::new(&issued.ssh, &issued.tls)?.facts()?)?;
    let credential = ClientCredential::new(&key.pkcs8_der(), &issued.tls)?;
    Ok(client.connect_as(&credential).await?)
}

fn unseen(cluster: &str, route: &str) -> IssueError {
    IssueError::TargetUnknown { kind: "Kubernetes cluster", name: cluster.to_owned(), cluster: route.to_owned() }
}

fn protocol(databases: &[Database], service: &str, route: &str) -> Result<String, IssueError> {
    let unknown =
        || IssueError::TargetUnknown { kind: "database", name: service.to_owned(), cluster: route.to_owned() };
    databases.iter().find(|found| found.name == service).map(|found| found.protocol.clone()).ok_or_else(unknown)
}

async fn route_to_app(
    seer: &AuthClient,
    applications: &[Application],
    user: &str,
    app: &str,
    route: &str,
    version: &Version,
) -> Result<RouteToApp, IssueError> {
    let unknown = || IssueError::TargetUnknown { kind: "application", name: app.to_owned(), cluster: route.to_owned() };
    let found = applications.iter().find(|found| found.name == app).cloned().ok_or_else(unknown)?;
    let mut wanted = RouteToApp {
        name: found.name,
        public_addr: found.public_addr,
        cluster_name: route.to_owned(),
        ..RouteToApp::default()
    };
    if version.starts_app_sessions_itself() {
        wanted.uri = found.uri;
    } else {
        wanted.session_id = seer.create_app_session(user, &wanted.public_addr, route).await?;
    }
    Ok(wanted)
}

impl From<ConnectError> for IssueError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
