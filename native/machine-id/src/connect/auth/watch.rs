//! Hearing of changes of the certificate authorities (protocol D3 and J).

use std::fmt;

use teleport_api::auth::event::Resource;
use teleport_api::auth::{Event, Operation, Watch, WatchKind};
use tokio::time::timeout;
use tonic::Streaming;

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::grpc::connection::GrpcConnection;
use crate::connect::grpc::status::{self, Call};
use crate::connect::limits;

use super::client::AuthClient;

const CALL: Call<'static> = Call::named("the watch for certificate authorities");

/// A stream of changes. It ends with the connection; dropping it ends the watch.
pub struct AuthorityWatch {
    events: Streaming<Event>,
    connection: GrpcConnection,
}

impl AuthClient {
    /// Watches all certificate authorities, those of leaf clusters too; their keys aren't in the events that matter
    /// here, so a change is only a reason to read them again.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn watch_authorities(&self) -> Result<AuthorityWatch, ConnectError> {
        let kind = WatchKind { kind: "cert_authority".to_owned(), load_secrets: false, ..WatchKind::default() };
        let request = Watch { kinds: vec![kind], ..Watch::default() };
        let mut service = self.service();
        let events = self.call(CALL, service.watch_events(request)).await?;
        let mut watch = AuthorityWatch { events, connection: self.connection.clone() };
        // The first event only says that the watch has begun.
        match timeout(limits::CALL, watch.next()).await {
            Ok(first) => first?,
            Err(_) => {
                let address = watch.connection.address().to_owned();
                return Err(TransportError::TimedOut { address, step: "first event", after: limits::CALL }.into());
            }
        };
        Ok(watch)
    }

    /// Whether the connection is known to have ended: calls on it can only fail.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }
}

impl AuthorityWatch {
    /// Waits for the next change of an authority; gives the phase of its rotation, which may be empty.
    ///
    /// # Errors
    /// Why the watch has ended.
    pub async fn changed(&mut self) -> Result<String, ConnectError> {
        loop {
            let event = self.next().await?;
            if event.r#type() == Operation::Init {
                continue;
            }
            return Ok(match event.resource {
                Some(Resource::CertAuthority(authority)) => {
                    authority.spec.and_then(|spec| spec.rotation).map(|rotation| rotation.phase).unwrap_or_default()
                }
                _ => String::new(),
            });
        }
    }

    async fn next(&mut self) -> Result<Event, ConnectError> {
        match self.events.message().await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err(self.connection.failure("the watch was ended")),
            Err(status) => Err(status::explain(CALL, &self.connection, &status)),
        }
    }
}

impl fmt::Debug for AuthorityWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityWatch({})", self.connection.address())
    }
}
