//! What a role certificate gives access to: SSH hosts, Kubernetes clusters, databases, applications; and which roles
//! there are.
//!
//! Lists are shown to output identities; to the bot's own identity they are empty without an error (trap 11).

use std::collections::{BTreeMap, BTreeSet};

use teleport_api::auth::paginated_resource::Resource;
use teleport_api::auth::{CreateAppSessionRequest, GetRoleRequest, ListResourcesRequest};
use teleport_api::types::RoleSpecV6;

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::grpc::status::Call;

use super::client::AuthClient;

/// Resources asked for at once, and the most pages we read.
const PAGE: i32 = 500;
const PAGES: usize = 200;

/// An SSH host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its UUID.
    pub id: String,
    /// Its name, whatever its owner has put there: not necessarily one that `ssh` takes, nor the only one.
    pub name: String,
    /// Its labels, fixed ones and those that commands give.
    pub labels: BTreeMap<String, String>,
}

/// A database service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its name in Teleport.
    pub name: String,
    /// Its protocol, such as `postgres`.
    pub protocol: String,
}

/// Whom a role lets into databases, as it says so: patterns and variables are in it as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseRules {
    /// Users of databases.
    pub users: Vec<String>,
    /// Names of databases.
    pub names: Vec<String>,
    /// Whether users are made when somebody connects: then the list of users isn't looked at.
    pub makes_users: bool,
}

/// A web application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its name in Teleport.
    pub name: String,
    /// The host name it is reached by.
    pub public_addr: String,
    /// Where the application itself is.
    pub uri: String,
}

impl AuthClient {
    /// The SSH hosts that have all of `labels`, by name; each UUID once.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn hosts(&self, labels: &BTreeMap<String, String>) -> Result<Vec<Host>, ConnectError> {
        let resources = self.list("node", labels).await?;
        let mut hosts: Vec<Host> = resources.into_iter().filter_map(host).collect();
        hosts.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let mut seen = BTreeSet::new();
        hosts.retain(|host| seen.insert(host.id.clone()));
        Ok(hosts)
    }

    /// Names of the Kubernetes clusters that have all of `labels`.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn kube_clusters(&self, labels: &BTreeMap<String, String>) -> Result<Vec<String>, ConnectError> {
        let resources = self.list("kube_server", labels).await?;
        let name = |resource: Resource| match resource {
            Resource::KubernetesServer(server) => Some(server.spec?.cluster?.metadata?.name),
            _ => None,
        };
        let mut names: Vec<String> = resources.into_iter().filter_map(name).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The databases, one entry for each name.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn databases(&self) -> Result<Vec<Database>, ConnectError> {
        let resources = self.list("db_server", &BTreeMap::new()).await?;
        let read = |resource: Resource| {
            let Resource::DatabaseServer(server) = resource else { return None };
            let database = server.spec?.database?;
            Some(Database { name: database.metadata?.name, protocol: database.spec.unwrap_or_default().protocol })
        };
        let mut databases: Vec<Database> = resources.into_iter().filter_map(read).collect();
        databases.sort_by(|a, b| a.name.cmp(&b.name));
        databases.dedup_by(|a, b| a.name == b.name);
        Ok(databases)
    }

    /// The applications, one entry for each name.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn applications(&self) -> Result<Vec<Application>, ConnectError> {
        let resources = self.list("app_server", &BTreeMap::new()).await?;
        let read = |resource: Resource| {
            let Resource::AppServer(server) = resource else { return None };
            let app = server.spec?.app?;
            let spec = app.spec.unwrap_or_default();
            Some(Application { name: app.metadata?.name, public_addr: spec.public_addr, uri: spec.uri })
        };
        let mut applications: Vec<Application> = resources.into_iter().filter_map(read).collect();
        applications.sort_by(|a, b| a.name.cmp(&b.name));
        applications.dedup_by(|a, b| a.name == b.name);
        Ok(applications)
    }

    /// The roles that the role `name` lets its holder take: what a bot gets when it asks for no role in particular.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn impersonated_roles(&self, name: &str) -> Result<Vec<String>, ConnectError> {
        let role = self.role(Call::named("the request for the bot's own role"), name).await?;
        Ok(role.allow.unwrap_or_default().impersonate.unwrap_or_default().roles)
    }

    /// What the role `name` says of databases, to somebody who holds it.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn database_rules(&self, name: &str) -> Result<DatabaseRules, ConnectError> {
        /// The mode that makes none.
        const OFF: i32 = 1;
        let role = self.role(Call::named("the request for a role"), name).await?;
        let (allow, options) = (role.allow.unwrap_or_default(), role.options.unwrap_or_default());
        let makes_users =
            options.create_database_user.is_some_and(|made| made.value) || options.create_database_user_mode > OFF;
        Ok(DatabaseRules { users: allow.database_users, names: allow.database_names, makes_users })
    }

    async fn role(&self, call: Call<'static>, name: &str) -> Result<RoleSpecV6, ConnectError> {
        let request = GetRoleRequest { name: name.to_owned() };
        let role = self.call(call, self.service().get_role(request)).await?;
        Ok(role.spec.unwrap_or_default())
    }

    /// Makes an application session and gives its id; up to version 15 a certificate for an application needs one.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn create_app_session(&self, user: &str, addr: &str, cluster: &str) -> Result<String, ConnectError> {
        let call = Call::named("the request for an application session");
        let request = CreateAppSessionRequest {
            username: user.to_owned(),
            public_addr: addr.to_owned(),
            cluster_name: cluster.to_owned(),
            ..CreateAppSessionRequest::default()
        };
        let reply = self.call(call, self.service().create_app_session(request)).await?;
        let name = reply.session.and_then(|session| session.metadata).map(|metadata| metadata.name);
        name.filter(|name| !name.is_empty()).ok_or_else(|| {
            ConnectError::Transport(TransportError::BadReply {
                call: call.name,
                reason: "the session has no id".to_owned(),
            })
        })
    }

    async fn list(&self, kind: &str, labels: &BTreeMap<String, String>) -> Result<Vec<Resource>, ConnectError> {
        let call = Call::named("the request for a list of resources");
        let mut resources = Vec::new();
        let mut start_key = String::new();
        for _ in 0..PAGES {
            let request = ListResourcesRequest {
                resource_type: kind.to_owned(),
                namespace: "default".to_owned(),
                limit: PAGE,
                start_key: start_key.clone(),
                labels: labels.iter().map(|(label, value)| (label.clone(), value.clone())).collect(),
                ..ListResourcesRequest::default()
            };
            let page = self.call(call, self.service().list_resources(request)).await?;
            resources.extend(page.resources.into_iter().filter_map(|found| found.resource));
            if page.next_key.is_empty() || page.next_key == start_key {
                return Ok(resources);
            }
            start_key = page.next_key;
        }
        tracing::warn!(kind, pages = PAGES, "the cluster lists more resources than are read");
        Ok(resources)
    }
}

fn host(resource: Resource) -> Option<Host> {
    let Resource::Node(server) = resource else { return None };
    let (metadata, spec) = (server.metadata?, server.spec?);
    let mut labels = metadata.labels;
    labels.extend(spec.cmd_labels.into_iter().map(|(label, command)| (label, command.result)));
    Some(Host { id: metadata.name, name: spec.hostname, labels })
}
