//! `SubmitHeartbeat` (teleport-17-to-20; versions from 16.2 on).

use teleport_api::machineid::bot_instance_service_client::BotInstanceServiceClient;
use teleport_api::machineid::{BotInstanceStatusHeartbeat, SubmitHeartbeatRequest};

use crate::connect::error::ConnectError;
use crate::connect::grpc::status::Call;

use super::client::{AuthClient, timed};

impl AuthClient {
    /// Says something about the bot's instance that this connection belongs to. Sent once.
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer; neither says anything about the identity.
    pub async fn submit_heartbeat(&self, heartbeat: BotInstanceStatusHeartbeat) -> Result<(), ConnectError> {
        let mut service = BotInstanceServiceClient::with_origin(self.connection.clone(), self.connection.origin());
        let request = SubmitHeartbeatRequest { heartbeat: Some(heartbeat) };
        timed(Call::named("a heartbeat"), &self.connection, service.submit_heartbeat(request)).await.map(|_| ())
    }
}
