//! What a role certificate gives access to: Kubernetes clusters, databases, applications; and which roles there are.
//!
//! Lists are shown to output identities; to the bot's own identity they are empty without an error (trap 11).

use teleport_api::auth::{CreateAppSessionRequest, ListResourcesRequest};
use tonic::codegen::http::uri::PathAndQuery;

use super::auth_client::AuthClient;
use super::error::ConnectError;
use super::limits;
use super::status::Call;

/// Resources asked for at once, and the most pages we read.
const PAGE: i32 = 500;
const PAGES: usize = 200;

/// A database service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its name in Teleport.
    pub name: String,
    /// Its protocol, such as `postgres`.
    pub protocol: String,
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

/// The parts of Teleport's messages that are read here. Numbers: protocol D3, and Teleport's `types.proto`.
mod wire {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Metadata {
        #[prost(string, tag = "1")]
        pub(super) name: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Named {
        #[prost(message, optional, tag = "4")]
        pub(super) metadata: Option<Metadata>,
        #[prost(message, optional, tag = "5")]
        pub(super) spec: Option<Spec>,
    }

    /// The specification of a database or an application.
    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Spec {
        /// `Protocol` of a database, `URI` of an application.
        #[prost(string, tag = "1")]
        pub(super) first: String,
        /// `URI` of a database, `PublicAddr` of an application.
        #[prost(string, tag = "2")]
        pub(super) second: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct KubernetesServer {
        #[prost(message, optional, tag = "5")]
        pub(super) spec: Option<KubernetesServerSpec>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct KubernetesServerSpec {
        #[prost(message, optional, tag = "5")]
        pub(super) cluster: Option<KubernetesCluster>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct KubernetesCluster {
        #[prost(message, optional, tag = "4")]
        pub(super) metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct DatabaseServer {
        #[prost(message, optional, tag = "5")]
        pub(super) spec: Option<DatabaseServerSpec>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct DatabaseServerSpec {
        #[prost(message, optional, tag = "12")]
        pub(super) database: Option<Named>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct AppServer {
        #[prost(message, optional, tag = "5")]
        pub(super) spec: Option<AppServerSpec>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct AppServerSpec {
        #[prost(message, optional, tag = "5")]
        pub(super) app: Option<Named>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Resource {
        #[prost(message, optional, tag = "1")]
        pub(super) database: Option<DatabaseServer>,
        #[prost(message, optional, tag = "2")]
        pub(super) app: Option<AppServer>,
        #[prost(message, optional, tag = "7")]
        pub(super) kubernetes: Option<KubernetesServer>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Resources {
        #[prost(message, repeated, tag = "1")]
        pub(super) resources: Vec<Resource>,
        #[prost(string, tag = "2")]
        pub(super) next_key: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct AppSession {
        #[prost(message, optional, tag = "1")]
        pub(super) session: Option<Session>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Session {
        #[prost(message, optional, tag = "4")]
        pub(super) metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct GetRole {
        #[prost(string, tag = "1")]
        pub(super) name: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Role {
        #[prost(message, optional, tag = "5")]
        pub(super) spec: Option<RoleSpec>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct RoleSpec {
        #[prost(message, optional, tag = "2")]
        pub(super) allow: Option<Conditions>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Conditions {
        #[prost(message, optional, tag = "14")]
        pub(super) impersonate: Option<Impersonate>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Impersonate {
        #[prost(string, repeated, tag = "2")]
        pub(super) roles: Vec<String>,
    }
}

impl AuthClient {
    /// Names of the Kubernetes clusters.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn kube_clusters(&self) -> Result<Vec<String>, ConnectError> {
        let resources = self.list("kube_server").await?;
        let name = |resource: wire::Resource| resource.kubernetes?.spec?.cluster?.metadata.map(|data| data.name);
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
        let resources = self.list("db_server").await?;
        let read = |resource: wire::Resource| {
            let database = resource.database?.spec?.database?;
            Some(Database { name: database.metadata?.name, protocol: database.spec.unwrap_or_default().first })
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
        let resources = self.list("app_server").await?;
        let read = |resource: wire::Resource| {
            let app = resource.app?.spec?.app?;
            let spec = app.spec.unwrap_or_default();
            Some(Application { name: app.metadata?.name, public_addr: spec.second, uri: spec.first })
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
        let call = Call::named("the request for the bot's own role");
        let request = wire::GetRole { name: name.to_owned() };
        let role: wire::Role = self.raw(call, "/proto.AuthService/GetRole", request).await?;
        let allow = role.spec.and_then(|spec| spec.allow).and_then(|allow| allow.impersonate).unwrap_or_default();
        Ok(allow.roles)
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
        let reply: wire::AppSession = self.raw(call, "/proto.AuthService/CreateAppSession", request).await?;
        let name = reply.session.and_then(|session| session.metadata).map(|metadata| metadata.name);
        name.filter(|name| !name.is_empty())
            .ok_or_else(|| ConnectError::BadReply { call: call.name, reason: "the session has no id".to_owned() })
    }

    async fn list(&self, kind: &str) -> Result<Vec<wire::Resource>, ConnectError> {
        let call = Call::named("the request for a list of resources");
        let mut resources = Vec::new();
        let mut start_key = String::new();
        for _ in 0..PAGES {
            let request = ListResourcesRequest {
                resource_type: kind.to_owned(),
                namespace: "default".to_owned(),
                limit: PAGE,
                start_key: start_key.clone(),
                ..ListResourcesRequest::default()
            };
            let page: wire::Resources = self.raw(call, "/proto.AuthService/ListResources", request).await?;
            resources.extend(page.resources);
            if page.next_key.is_empty() || page.next_key == start_key {
                return Ok(resources);
            }
            start_key = page.next_key;
        }
        tracing::warn!(kind, pages = PAGES, "the cluster lists more resources than are read");
        Ok(resources)
    }

    async fn raw<Q, R>(&self, call: Call<'_>, path: &'static str, request: Q) -> Result<R, ConnectError>
    where
        Q: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        let mut grpc = tonic::client::Grpc::with_origin(self.connection.clone(), self.connection.origin())
            .max_decoding_message_size(limits::GRPC_MESSAGE);
        let codec = tonic_prost::ProstCodec::<Q, R>::default();
        let sent = async {
            grpc.ready().await.map_err(|error| tonic::Status::from_error(Box::new(error)))?;
            grpc.unary(tonic::Request::new(request), PathAndQuery::from_static(path), codec).await
        };
        self.call(call, sent).await
    }
}

#[cfg(test)]
mod tests {
    use super::wire;
    use prost::Message;

    #[test]
    fn the_recorded_kubernetes_server_has_the_name_of_its_cluster() {
        let recorded = include_bytes!("../../../../tests/fixtures/teleport-15/grpc/list_resources_kube_server.pb");
        let page = wire::Resources::decode(recorded.as_slice()).unwrap();
        let cluster = page.resources[0].kubernetes.clone().unwrap().spec.unwrap().cluster.unwrap();
        assert_eq!(cluster.metadata.unwrap().name, "kube1");
    }
}
