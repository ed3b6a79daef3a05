//! The old join service, `proto.JoinService` (protocol B2): one call for what needs one request.

use teleport_api::auth::join_service_client::JoinServiceClient;

use crate::connect::{IssuedCerts, JoinDoor, answer};

use super::{Failure, Outcome};
use crate::join::refusal::{self, CALL};
use crate::join::request::JoinRequest;

/// Joins by the old service.
pub(super) async fn send(door: &JoinDoor<'_>, request: &JoinRequest<'_>) -> Result<Outcome, Failure> {
    let connection = door.grpc().await.map_err(|error| Failure::Final(error.into()))?;
    let mut client = JoinServiceClient::with_origin(connection.clone(), connection.origin());
    let reply = answer(&connection, client.register_using_token(request.message())).await;
    let certs = reply.map_err(|error| refusal::of_call(error, request))?.into_inner();
    let certs = IssuedCerts::read(certs, CALL).map_err(|error| Failure::Final(error.into()))?;
    Ok(Outcome { certs, date: None })
}
